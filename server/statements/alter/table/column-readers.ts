/** Which views read a column: such a column neither goes nor changes its type under them. */
import { sameMeaning } from '../../../../sql/same-meaning.ts';
import { SqlError } from '../../../../sql/error.ts';
import {
  type MaterializedViewObject,
  type TableObject,
  type ViewObject,
  describeObject,
} from '../../../catalog/objects.ts';
import type { System } from '../../../system.ts';
import type { ActionContext } from './actions.ts';
import { tellCascade } from './cascade.ts';
import type { DraftColumn, TableDraft } from './draft.ts';

type View = ViewObject | MaterializedViewObject;

/** Refuses what a view would notice; with `cascade` such views go too. */
export function refuseColumnReaders(
  context: ActionContext,
  draft: TableDraft,
  { before, column }: DraftColumn,
  what: 'drop' | 'cascade' | 'alter',
): void {
  if (before === null) return;
  const { system } = context;
  const { table } = draft;
  const readers = system.catalog
    .dependents(table.id)
    .filter((object): object is View => object.kind === 'view' || object.kind === 'materializedView')
    .filter((view) => readsColumn(system, table, before, view));
  if (readers.length === 0) return;
  if (what === 'alter') {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'cannot alter type of a column used by a view or rule',
      detail: `rule _RETURN on ${describeObject(readers[0]!, system.catalog)} depends on column "${column.name}"`,
    });
  }
  if (what === 'drop') {
    const dropped = `column ${column.name} of table ${table.name}`;
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${dropped} because other objects depend on it`,
      detail: readers
        .map((view) => `${describeObject(view, system.catalog)} depends on ${dropped}`)
        .join('\n'),
      hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    });
  }
  const ids = readers.map(({ id }) => id);
  const going = system.catalog.dropOrder(ids, true).filter((object) => !draft.dropped.includes(object));
  draft.dropped.push(...going);
  const shown = going.filter(({ kind }) => kind !== 'index');
  tellCascade(
    context,
    shown.map((object) => describeObject(object, system.catalog)),
  );
}

/** Whether a view's query would be another one if the column had another name. */
function readsColumn(system: System, table: TableObject, number: number, view: View): boolean {
  const columns = table.columns.map((column, index) =>
    index === number ? { ...column, name: `........${number}........` } : column,
  );
  const catalog = system.catalog.after([{ kind: 'replace', object: { ...table, columns } }]);
  const now = system.planning.bindDefinition(view);
  try {
    const then = system.planning.over(catalog).bindDefinition(view);
    const names = (query: typeof now): string => JSON.stringify(query.columns.map(({ name }) => name));
    return names(now) !== names(then) || !sameMeaning(now.relation, then.relation);
  } catch (error) {
    if (error instanceof SqlError) return true;
    throw error;
  }
}
