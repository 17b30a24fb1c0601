/** What tables and domains compute with functions in SQL and types that go: refused, or taken along by CASCADE. */
import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import type { ObjectId } from '../../../../sql/catalog.ts';
import { SqlError } from '../../../../sql/error.ts';
import { pinnedOids } from '../../../../sql/parse/pinned-names.ts';
import { commitCatalog } from '../../../catalog/commit.ts';
import { type CatalogObject, type DomainObject, describeObject } from '../../../catalog/objects.ts';
import {
  type StoredExpression,
  expressionReaders,
  storedExpressions,
} from '../../../catalog/stored-expressions.ts';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';
import { callsSequence } from '../../names/sequence-defaults.ts';
import { commitDomain } from '../../domain/alter-domain.ts';
import { takeOut } from './actions.ts';
import { carryOut } from './carry-out.ts';
import { TableDraft } from './draft.ts';

/** An expression as messages name it. */
function described(system: System, owner: CatalogObject, { kind, name }: StoredExpression): string {
  const of = describeObject(owner, system.catalog);
  if (owner.kind === 'type') return kind === 'default' ? of : `constraint ${name}`;
  if (kind === 'check') return `constraint ${name} on ${of}`;
  return kind === 'generated' ? `column ${name} of ${of}` : `default value for column ${name} of ${of}`;
}

/** The expressions that name an object, as lines of an error's detail; those of what goes too are left out. */
export function expressionsNaming(
  system: System,
  id: ObjectId,
  dropped: readonly { readonly id: ObjectId }[],
): string[] {
  const named = describeObject(system.catalog.object(id), system.catalog);
  return expressionReaders(system.catalog, new Set([id]))
    .filter((owner) => !dropped.some((other) => other.id === owner.id))
    .flatMap((owner) =>
      storedExpressions(owner)
        .filter(({ text }) => pinnedOids(text).includes(id))
        .map((expression) => `${described(system, owner, expression)} depends on ${named}`),
    );
}

/** 2BP01 where an expression that stays names what goes. */
export function refuseNamedInExpressions(system: System, dropped: readonly CatalogObject[]): void {
  const named = dropped.filter(({ kind }) => kind === 'function' || kind === 'type');
  const lines = named.flatMap(({ id }) => expressionsNaming(system, id, dropped));
  if (lines.length === 0) return;
  const only = named.length === 1 ? describeObject(named[0]!, system.catalog) : null;
  throw new SqlError({
    sqlstate: '2BP01',
    message: `cannot drop ${only ?? 'desired object(s)'} because other objects depend on ${only === null ? 'them' : 'it'}`,
    detail: lines.join('\n'),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

/** Commits that the expressions that name these go; generated columns go with theirs. Gives what went, as notices say it. */
export async function dropExpressionsNaming(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  ids: ReadonlySet<ObjectId>,
): Promise<string[]> {
  const cascaded: string[] = [];
  const context = { system, session, parsed, cascaded };
  const objects = system.catalog.dropOrder([...ids], true);
  const gone = new Set(objects.map(({ id }) => id));
  const sequences = objects.filter(({ kind }) => kind === 'sequence');
  const names = ({ kind, text }: StoredExpression): boolean =>
    pinnedOids(text).some((oid) => ids.has(oid)) ||
    (kind === 'default' && sequences.some((sequence) => callsSequence(text, sequence)));
  for (const owner of [...system.catalog.objects()]) {
    if (gone.has(owner.id)) continue;
    const going = storedExpressions(owner).filter(names);
    if (going.length === 0) continue;
    if (owner.kind === 'table') {
      const draft = new TableDraft(system, owner);
      for (const expression of going) {
        cascaded.push(described(system, owner, expression));
        const column = draft.find(expression.name);
        if (expression.kind === 'check') {
          draft.checks = draft.checks.filter(({ name }) => name !== expression.name);
        } else if (expression.kind === 'generated' && column) takeOut(context, draft, column, true);
        else if (column) column.column = { ...column.column, defaultText: null };
      }
      await carryOut(context, draft);
    } else if (owner.kind === 'view') {
      cascaded.push(...going.map((expression) => described(system, owner, expression)));
      const columns = owner.columns.map((column) =>
        going.some(({ name }) => name === column.name) ? { ...column, defaultText: null } : column,
      );
      await commitCatalog(system, [{ kind: 'replace', object: { ...owner, columns } }]);
    } else {
      cascaded.push(...going.map((expression) => described(system, owner, expression)));
      const domain = owner as DomainObject;
      const checks = domain.checks.filter(({ name }) => !going.some((other) => other.name === name));
      await commitDomain(system, session, { ...domain, checks }, null);
    }
  }
  return cascaded;
}
