/** ALTER TABLE … action, …: all of them as one step. RENAME CONSTRAINT. */
import type { AlterTableStmt, RangeVar, RenameStmt } from '@pgsql/types';
import { nodeAs, rangeName } from '../../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import { SqlError } from '../../../../sql/error.ts';
import { commitCatalog } from '../../../catalog/commit.ts';
import { constrainAgain, uniqueIndexes } from '../../../catalog/constraints.ts';
import { lookUp, refuseSystemCatalog, requireObject } from '../../../catalog/names.ts';
import {
  type IndexObject,
  type TableObject,
  ownConstraints,
  withConstraint,
} from '../../../catalog/objects.ts';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';
import { tableText } from '../../names/table-text.ts';
import { type Runnable, command } from '../../prepared.ts';
import { rename } from '../rename.ts';
import { type Action, applyAction, passOf } from './actions.ts';
import { carryOut } from './carry-out.ts';
import { TableDraft } from './draft.ts';
import { type OtherRelation, isOtherRelation } from './action-targets.ts';
import { alterOtherRelation } from './other-relations.ts';
import { actionSegments } from './segments.ts';

export function prepareAlterTableActions(
  system: System,
  parsed: ParsedStatement,
  statement: AlterTableStmt,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const kind = KINDS[statement.objtype ?? ''];
      const tag = kind?.tag ?? 'ALTER TABLE';
      const named = findAltered(system, session, parsed, statement, kind?.kind ?? null);
      if (!named) return tag;
      const segments = actionSegments(parsed.source.text, statement.relation?.location ?? 0);
      const actions = (statement.cmds ?? []).map((node, index): Action => ({
        command: nodeAs(node, 'AlterTableCmd')!,
        segment: segments[index] ?? [],
      }));
      const context = { system, session, parsed };
      if (named.kind !== 'table') {
        await alterOtherRelation(context, named, actions);
        return tag;
      }
      const draft = new TableDraft(system, named);
      for (const action of actions.toSorted((a, b) => passOf(a.command) - passOf(b.command))) {
        applyAction(context, draft, action);
      }
      await carryOut(context, draft);
      return tag;
    }, session),
  );
}

export function prepareRenameConstraint(
  system: System,
  parsed: ParsedStatement,
  { relation, subname = '', newname = '', missing_ok }: RenameStmt,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const table = findTable(system, session, parsed, relation, missing_ok === true);
      if (table) await renameConstraint(system, table, subname, newname);
      return 'ALTER TABLE';
    }, session),
  );
}

/** What ALTER VIEW, ALTER MATERIALIZED VIEW and ALTER INDEX name. */
const KINDS: Readonly<
  Record<string, { readonly kind: OtherRelation['kind']; readonly tag: string } | undefined>
> = {
  OBJECT_VIEW: { kind: 'view', tag: 'ALTER VIEW' },
  OBJECT_MATVIEW: { kind: 'materializedView', tag: 'ALTER MATERIALIZED VIEW' },
  OBJECT_INDEX: { kind: 'index', tag: 'ALTER INDEX' },
};

/** The relation that the statement names; ALTER TABLE may name any. */
function findAltered(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { relation, missing_ok = false }: AlterTableStmt,
  kind: OtherRelation['kind'] | null,
): TableObject | OtherRelation | null {
  const found = lookUp(system.catalog, session, parsed, rangeName(relation));
  if (found === null || (kind === null && !isOtherRelation(found))) {
    return findTable(system, session, parsed, relation, missing_ok);
  }
  refuseSystemCatalog(found);
  const kinds = kind === null ? [found.kind] : [kind];
  return requireObject(system.catalog, session, parsed, rangeName(relation), kinds) as OtherRelation;
}

function findTable(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  relation: RangeVar | undefined,
  missingOk: boolean,
): TableObject | null {
  const name = rangeName(relation);
  if (missingOk && !lookUp(system.catalog, session, parsed, name)) {
    const message = `relation "${name.parts.join('.')}" does not exist, skipping`;
    session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
    return null;
  }
  const object = requireObject(system.catalog, session, parsed, name, ['table', 'systemTable']);
  refuseSystemCatalog(object);
  return object as TableObject;
}

async function renameConstraint(system: System, table: TableObject, from: string, to: string): Promise<void> {
  const keys = system.catalog
    .dependents(table.id)
    .filter((object): object is IndexObject => object.kind === 'index' && object.constraint);
  const key = keys.find(({ name }) => name === from);
  const own = ownConstraints(table);
  if (!key && !own.some(({ name }) => name === from)) {
    const message = `constraint "${from}" for table "${table.name}" does not exist`;
    throw new SqlError({ sqlstate: '42704', message });
  }
  if ([...keys, ...own].some(({ name }) => name === to)) {
    const message = `constraint "${to}" for relation "${table.name}" already exists`;
    throw new SqlError({ sqlstate: '42710', message });
  }
  if (key) return rename(system, key, to);
  const renamed = withConstraint(table, from, { name: to });
  const object = {
    ...renamed,
    statement: tableText(renamed, uniqueIndexes(system.catalog, table.id), system.catalog),
  };
  await commitCatalog(system, [{ kind: 'replace', object }], {
    committed: () => constrainAgain(system, table.id),
  });
}
