/** Which views read a column, or need a key: such a column neither goes nor changes its type under them. */
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

/** A column that is neither grouped by nor decided by what is. */
const UNGROUPED = '42803';

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
  const readers = viewsOn(system, table).filter((view) => readsColumn(system, table, before, view));
  if (readers.length === 0) return;
  if (what === 'alter') {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'cannot alter type of a column used by a view or rule',
      detail: `rule _RETURN on ${describeObject(readers[0]!, system.catalog)} depends on column "${column.name}"`,
    });
  }
  const lost = `column ${column.name} of ${describeObject(table, system.catalog)}`;
  loseReaders(context, draft, readers, lost, what === 'cascade');
}

/** Views that cannot do without what goes of the table: with CASCADE they go too, else they are error 2BP01. */
export function loseReaders(
  context: ActionContext,
  draft: TableDraft,
  readers: readonly View[],
  lost: string,
  cascades: boolean,
): void {
  if (readers.length === 0) return;
  const { catalog } = context.system;
  const ids = readers.map(({ id }) => id);
  const going = catalog.dropOrder(ids, true).filter((object) => !draft.dropped.includes(object));
  const shown = going.filter(({ kind }) => kind !== 'index');
  if (cascades) {
    draft.dropped.push(...going);
    return tellCascade(
      context,
      shown.map((object) => describeObject(object, catalog)),
    );
  }
  throw new SqlError({
    sqlstate: '2BP01',
    message: `cannot drop ${lost} because other objects depend on it`,
    detail: catalog.dependencyLines(ids, lost),
    hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
  });
}

/** Refuses views that group by the primary key and read what it decides; with `cascade` they go too. */
export function refuseKeyReaders(
  context: ActionContext,
  draft: TableDraft,
  constraint: string,
  cascades: boolean,
): void {
  const { system } = context;
  const { table } = draft;
  const object = { ...table, keys: [], primaryKeyName: null };
  const planning = system.planning.over(system.catalog.after([{ kind: 'replace', object }]));
  const needsKey = (view: View): boolean => {
    try {
      planning.bindDefinition(view);
      return false;
    } catch (error) {
      if (error instanceof SqlError && error.sqlstate === UNGROUPED) return true;
      throw error;
    }
  };
  const readers = viewsOn(system, table).filter(needsKey);
  const lost = `constraint ${constraint} on ${describeObject(table, system.catalog)}`;
  loseReaders(context, draft, readers, lost, cascades);
}

function viewsOn(system: System, table: TableObject): View[] {
  return system.catalog
    .dependents(table.id)
    .filter((object): object is View => object.kind === 'view' || object.kind === 'materializedView');
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
