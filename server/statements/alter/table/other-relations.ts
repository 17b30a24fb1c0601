/** The actions of ALTER TABLE, ALTER VIEW, ALTER MATERIALIZED VIEW and ALTER INDEX on relations that are no tables. */
import { SqlError } from '../../../../sql/error.ts';
import { isSystemColumn } from '../../../../sql/bind/bind.ts';
import type { TableObject } from '../../../catalog/objects.ts';
import { requireRoleSpec } from '../../../catalog/roles.ts';
import { parameterOwner } from '../options.ts';
import { setViewDefaults } from '../view-default.ts';
import type { Action, ActionContext } from './actions.ts';
import { type OtherRelation, requireActionOf } from './action-targets.ts';
import { leaveOut } from './no-effect.ts';

export async function alterOtherRelation(
  context: ActionContext,
  object: OtherRelation,
  actions: readonly Action[],
): Promise<void> {
  for (const { command } of actions) requireActionOf(object, command);
  const defaults = actions.filter(({ command }) => command.subtype === 'AT_ColumnDefault');
  if (object.kind === 'view' && defaults.length > 0) await setViewDefaults(context, object, defaults);
  for (const { command } of actions) {
    if (command.subtype === 'AT_ColumnDefault') continue;
    if (command.subtype === 'AT_ChangeOwner') requireRoleSpec(context.session, command.newowner, false);
    else if (object.kind === 'index' && command.subtype === 'AT_SetStatistics') {
      requireExpression(context, object, command.num ?? 0);
      leaveOut(context, command, parameterOwner(object));
    } else {
      if ('columns' in object && object.kind !== 'index' && command.name !== undefined) {
        requireColumnOf(object, command.name);
      }
      if (object.kind === 'view') throw notOfViews(object, command.name ?? '');
      leaveOut(context, command, parameterOwner(object));
    }
  }
}

/** A column of a view or a materialized view. */
export function requireColumnOf(
  { name: relation, columns }: Extract<OtherRelation, { kind: 'view' | 'materializedView' }>,
  name: string,
): void {
  if (columns.some((column) => column.name === name)) return;
  if (isSystemColumn(name)) {
    throw new SqlError({ sqlstate: '0A000', message: `cannot alter system column "${name}"` });
  }
  const message = `column "${name}" of relation "${relation}" does not exist`;
  throw new SqlError({ sqlstate: '42703', message });
}

/** A view's columns may all be NULL, so that none is an identity column. */
function notOfViews({ name }: OtherRelation, column: string): SqlError {
  const message = `column "${column}" of relation "${name}" must be declared NOT NULL before identity can be added`;
  return new SqlError({ sqlstate: '55000', message });
}

/** What an index is by, by its number: statistics are kept of expressions. */
function requireExpression(
  { system }: ActionContext,
  { name, table, columns }: Extract<OtherRelation, { kind: 'index' }>,
  number: number,
): void {
  const column = columns[number - 1];
  if (column === undefined) {
    const message = `column number ${number} of relation "${name}" does not exist`;
    throw new SqlError({ sqlstate: '42703', message });
  }
  if (column === 0) return;
  const relation = system.catalog.object(table) as TableObject;
  throw new SqlError({
    sqlstate: '0A000',
    message: `cannot alter statistics on non-expression column "${relation.columns[column - 1]!.name}" of index "${name}"`,
    hint: 'Alter statistics on table column instead.',
  });
}
