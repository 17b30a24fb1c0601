/** ALTER TABLE and generated columns: SET EXPRESSION, DROP EXPRESSION, and columns that are computed from one that goes. */
import type { AlterTableCmd } from '@pgsql/types';
import { bindGeneratedColumn } from '../../../../sql/bind/bind.ts';
import { SqlError } from '../../../../sql/error.ts';
import { describeObject } from '../../../catalog/objects.ts';
import type { Action, ActionContext } from './actions.ts';
import { notice, requireColumn } from './actions.ts';
import { tellCascade } from './cascade.ts';
import type { DraftColumn, TableDraft } from './draft.ts';
import { expressionBehind } from './segments.ts';

/** The generated columns that are computed from a column. */
export function readingColumns(
  { system }: ActionContext,
  draft: TableDraft,
  column: DraftColumn,
): DraftColumn[] {
  const number = draft.columns.indexOf(column);
  const read = system.planning.columnsOfGenerated({ name: draft.table.name, columns: draft.catalogColumns });
  return draft.columns.filter((_, index) => read.get(index)?.includes(number) === true);
}

/** What is computed from a column that goes: goes too with CASCADE, else is error 2BP01. */
export function dropGenerated(
  context: ActionContext,
  draft: TableDraft,
  column: DraftColumn,
  cascade: boolean,
): void {
  const reading = readingColumns(context, draft, column);
  if (reading.length === 0) return;
  const of = describeObject(draft.table, context.system.catalog);
  if (!cascade) {
    const dropped = `column ${column.column.name} of ${of}`;
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${dropped} because other objects depend on it`,
      detail: reading.map((other) => `column ${other.column.name} of ${of} depends on ${dropped}`).join('\n'),
      hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    });
  }
  tellCascade(
    context,
    reading.map((other) => `column ${other.column.name} of ${of}`),
  );
  for (const other of reading) draft.drop(other);
}

function notGenerated(draft: TableDraft, { column }: DraftColumn): SqlError {
  const message = `column "${column.name}" of relation "${draft.table.name}" is not a generated column`;
  return new SqlError({ sqlstate: '55000', message });
}

export function setExpression(
  { system, session, parsed }: ActionContext,
  draft: TableDraft,
  { command, segment }: Action,
): void {
  const target = requireColumn(draft, command.name);
  const { column } = target;
  if (column.generated === undefined) throw notGenerated(draft, target);
  const environment = system.planning.bindEnvironment(session, parsed);
  bindGeneratedColumn(
    command.def!,
    column,
    { name: draft.table.name, columns: draft.catalogColumns },
    environment,
  );
  const text = expressionBehind(parsed.source.text, segment, 'as', environment.catalog);
  target.column = { ...column, generated: { ...column.generated, text: text.slice(1, -1).trim() } };
  draft.rewrites = true;
  if (!column.type.nullable) draft.notNull.push(target);
}

export function dropExpression(context: ActionContext, draft: TableDraft, command: AlterTableCmd): void {
  const target = requireColumn(draft, command.name);
  const { column } = target;
  if (column.generated === undefined) {
    const error = notGenerated(draft, target);
    if (command.missing_ok !== true) throw error;
    return notice(context, '00000', `${error.message}, skipping`);
  }
  if (!column.generated.stored) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'ALTER TABLE / DROP EXPRESSION is not supported for virtual generated columns',
      detail: `Column "${column.name}" of relation "${draft.table.name}" is a virtual generated column.`,
    });
  }
  target.column = { ...column, generated: undefined };
}
