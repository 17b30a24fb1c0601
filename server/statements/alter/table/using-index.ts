/** ADD CONSTRAINT … UNIQUE or PRIMARY KEY USING INDEX: a unique index becomes a constraint of its table. */
import type { Constraint } from '@pgsql/types';
import { locationOf } from '../../../../sql/ast/accessors.ts';
import { SqlError } from '../../../../sql/error.ts';
import { declarationOf, usualClass } from '../../../catalog/definition-text.ts';
import { positionOf } from '../../../catalog/names.ts';
import type { IndexObject } from '../../../catalog/objects.ts';
import { type ActionContext, notice, requireKeyColumns } from './actions.ts';
import type { DraftIndex, TableDraft } from './draft.ts';

const UNFIT = 'Cannot create a primary key or unique constraint using such an index.';

export function addKeyUsingIndex(context: ActionContext, draft: TableDraft, constraint: Constraint): void {
  const used = findIndex(context, draft, constraint);
  const { before: index } = used;
  const name = constraint.conname ?? index.name;
  if (name !== index.name) {
    const what = 'ALTER TABLE / ADD CONSTRAINT USING INDEX';
    notice(context, '00000', `${what} will rename index "${index.name}" to "${name}"`);
    if (context.system.catalog.find(index.schema, name)) {
      throw new SqlError({ sqlstate: '42P07', message: `relation "${name}" already exists` });
    }
  }
  const at = draft.indexes.findIndex(({ before }) => before?.id === index.id);
  if (constraint.contype !== 'CONSTR_PRIMARY') {
    draft.indexes = draft.indexes.with(at, { ...used, name, before: { ...index, constraint: true } });
    return;
  }
  if (draft.primary) {
    const message = `multiple primary keys for table "${draft.table.name}" are not allowed`;
    throw new SqlError({ sqlstate: '42P16', message });
  }
  if (index.nullsEqual) {
    const message = 'primary keys cannot use NULLS NOT DISTINCT indexes';
    throw new SqlError({ sqlstate: '42P16', message });
  }
  const columns = used.columns.map((column) => column!);
  requireKeyColumns(draft, columns);
  // A primary key is the table's own arrangement.
  draft.indexes = draft.indexes.toSpliced(at, 1);
  const included = declarationOf(index)?.included ?? [];
  draft.primary = { name, columns, isNew: true, included, comment: index.comment };
  draft.rewrites = true;
}

/** The index that is named, if it can be a constraint's. */
function findIndex(
  { system, parsed }: ActionContext,
  draft: TableDraft,
  constraint: Constraint,
): DraftIndex & { readonly before: IndexObject } {
  const { table } = draft;
  const name = constraint.indexname ?? '';
  const position = positionOf(parsed, locationOf(constraint));
  const refused = (sqlstate: string, message: string, detail?: string): SqlError =>
    new SqlError({ sqlstate, message, detail, position });
  const found = system.catalog.find(table.schema, name);
  if (found?.kind !== 'index') throw refused('42704', `index "${name}" does not exist`);
  if (found.constraint || found.primary) {
    throw refused('55000', `index "${name}" is already associated with a constraint`);
  }
  const used = draft.indexes.find(({ before }) => before?.id === found.id);
  if (used === undefined) throw refused('55000', `index "${name}" does not belong to table "${table.name}"`);
  if (!found.unique) throw refused('42809', `"${name}" is not a unique index`, UNFIT);
  if (found.columns.includes(0)) throw refused('42809', `index "${name}" contains expressions`, UNFIT);
  if (found.partial) throw refused('42809', `"${name}" is a partial index`, UNFIT);
  if (constraint.deferrable === true || constraint.initdeferred === true) {
    throw refused('0A000', 'deferred constraints are not supported');
  }
  declarationOf(found)?.keys.forEach((key, at) => {
    const isUsual =
      !key.descending &&
      !key.nullsFirst &&
      (key.collation ?? 'default') === 'default' &&
      (key.operatorClass ?? null) === (key.operatorClass && usualClass(found, at, system.catalog));
    if (isUsual) return;
    const message = `index "${name}" column number ${at + 1} does not have default sorting behavior`;
    throw refused('42809', message, UNFIT);
  });
  return { ...used, before: found };
}
