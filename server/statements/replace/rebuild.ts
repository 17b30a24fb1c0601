/**
 * A view gets another definition while others are maintained from it: everything that is computed from it is computed
 * anew beside the old, and takes its place in one commit of the catalog. Until then every reader sees the old ones, from
 * then on the new ones; all of them are exact at each timestamp.
 */
import { writableView } from '../../../sql/bind/bind.ts';
import type { CatalogColumn, ObjectId } from '../../../sql/catalog.ts';
import { SqlError } from '../../../sql/error.ts';
import { layoutByKey } from '../../../sql/physical/layout.ts';
import { toColumnType } from '../../../sql/types/column-type.ts';
import type { Catalog, CatalogChange } from '../../catalog/catalog.ts';
import { type Effects, commitCatalog } from '../../catalog/commit.ts';
import {
  type CatalogObject,
  type IndexObject,
  type MaterializedViewObject,
  type ViewObject,
  kindName,
} from '../../catalog/objects.ts';
import type { Maintained } from '../../dataflows/dataflows.ts';
import type { System } from '../../system.ts';
import { type Stored, arrangingOf } from '../create-index.ts';
import { readsAsView } from '../stored-view.ts';
import { endSubscriptions } from '../drop.ts';
import { type Planning, SYSTEM_SESSION } from '../planning.ts';

/** What a definition says of a view: all but what is installed for it. */
export type Defined =
  | ViewObject
  | Omit<
      MaterializedViewObject,
      'arrangement' | 'layout' | 'keys' | 'uses' | 'isComputed' | 'bySettings' | 'appendOnly' | 'body'
    >;

/** Puts `root` in the place of the view with its id, with all that is computed from it. */
export async function replaceView(system: System, root: Defined): Promise<void> {
  const order = readersOf(system, root.id);
  refuseSinks(root, order, 'replace');
  const rebuilt = await rebuild(system, [root, ...order], system.catalog);
  await commitCatalog(system, rebuilt.changes, rebuilt.effects);
}

/** What was computed beside the old: for one commit of the catalog. */
export interface Rebuilt {
  readonly changes: readonly CatalogChange[];
  readonly effects: Required<Pick<Effects, 'committed' | 'abandoned'>>;
}

/** Views, and what is maintained from them, computed anew against `catalog`, in this order. */
export async function rebuild(
  system: System,
  objects: readonly (CatalogObject | Defined)[],
  against: Catalog,
  what: 'replaced' | 'altered' = 'replaced',
): Promise<Rebuilt> {
  const next: CatalogObject[] = [];
  const installed: CatalogObject[] = [];
  let catalog = against;
  const put = (object: CatalogObject): void => {
    next.push(object);
    catalog = catalog.after([{ kind: 'replace', object }]);
  };
  try {
    for (const object of objects) {
      const planning = system.planning.over(catalog);
      if (object.kind === 'view') put(withWritable(system, catalog, boundAgain(planning, object)));
      if (object.kind !== 'materializedView') continue;
      const made = await installView(system, planning, object);
      installed.push(made);
      put(made);
      // Before what may read it through them: a plan must not find the old ones.
      for (const index of system.catalog.dependents(object.id)) {
        if (index.kind !== 'index') continue;
        const rebuilt = await installIndex(system, catalog, index);
        installed.push(rebuilt);
        put(rebuilt);
      }
    }
  } catch (error) {
    installed.toReversed().forEach((object) => uninstall(system, object));
    throw error;
  }
  const old = installed.map(({ id }) => system.catalog.object(id));
  return {
    changes: next.map((object) => ({ kind: 'replace', object })),
    effects: {
      abandoned: () => installed.toReversed().forEach((object) => uninstall(system, object)),
      committed: () => {
        // Readers first: a subscription to one of them is told of that one.
        for (const object of old.toReversed()) endSubscriptions(system, object, what);
        // Statements that were planned before read the old ones.
        system.running.afterCurrent(() => old.toReversed().forEach((object) => uninstall(system, object)));
      },
    },
  };
}

/** What reads an object, directly or through others, each behind all that it reads. */
export function readersOf(system: System, id: ObjectId): CatalogObject[] {
  const order: CatalogObject[] = [];
  const seen = new Set<ObjectId>();
  const visit = (from: ObjectId): void => {
    // What came first stands first: others may read it without a name.
    for (const reader of system.catalog.dependents(from).toReversed()) {
      if (seen.has(reader.id)) continue;
      seen.add(reader.id);
      visit(reader.id);
      order.push(reader);
    }
  };
  visit(id);
  return order.toReversed();
}

/** A sink has delivered what the old definition said; no change to the new one could be told to it. */
export function refuseSinks(
  root: Pick<CatalogObject, 'kind' | 'name'>,
  readers: readonly CatalogObject[],
  action: 'replace' | 'alter',
): void {
  const sink = readers.find((reader) => reader.kind === 'sink');
  if (!sink) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `cannot ${action} ${kindName(root.kind)} "${root.name}" because sink ${sink.name} is fed from it`,
    hint: `Drop sink ${sink.name} first, and create it again afterwards.`,
  });
}

/** A plain view whose columns may have become nullable, or no longer be. */
function boundAgain(planning: Planning, view: ViewObject): ViewObject {
  return { ...view, columns: withTypes(view.columns, planning.bindDefinition(view).columns) };
}

/** What can be written through a view depends on those beneath it. */
function withWritable(system: System, catalog: Catalog, view: ViewObject): ViewObject {
  const planning = system.planning.over(catalog.after([{ kind: 'replace', object: view }]));
  return { ...view, writable: writableView(planning.catalogFor(SYSTEM_SESSION).relation(view.id)) };
}

function withTypes(
  columns: readonly CatalogColumn[],
  bound: readonly { readonly type: CatalogColumn['type'] }[],
): CatalogColumn[] {
  return columns.map((column, index) => {
    const type = bound[index]?.type ?? column.type;
    return { ...column, type: type.name === 'unknown' ? column.type : type };
  });
}

type DefinedView = Defined & { readonly kind: 'materializedView' };

/** Computes a view beside what is there. */
export async function installView(
  system: System,
  planning: Planning,
  view: DefinedView,
): Promise<MaterializedViewObject> {
  const { object, maintained } = planView(system, planning, view);
  if (object.isComputed) return object;
  const uses = await system.dataflows.install(maintained, () => system.sequencer.last);
  return { ...object, uses };
}

/** A view as it will be, and what is to be installed for it, unless it is computed when it is read. */
export function planView(
  system: System,
  planning: Planning,
  view: DefinedView,
): { readonly object: MaterializedViewObject; readonly maintained: Maintained } {
  const session = { ...SYSTEM_SESSION, searchPath: view.searchPath, timeZone: view.timeZone };
  const query = planning.bindDefinition(view);
  const arrangement = system.catalog.allocateArrangement();
  const name = `materialized view ${view.schema}.${view.name}`;
  const compiled = planning.compileQuery(session, query, {
    kind: 'maintain',
    arrangement,
    name,
    view: view.id,
  });
  if (!compiled.layout) throw new Error('a maintained plan has a layout');
  const maintained = { ...compiled, skipsErrors: view.onError === 'skip' };
  const isComputed = readsAsView(compiled, view);
  const columns = withTypes(view.columns, query.columns);
  const { layout, keys, bySettings, appendOnly, body } = compiled;
  const made = { columns, arrangement, layout, keys, isComputed, bySettings, appendOnly, body };
  const object = { ...view, ...made, uses: [] };
  return { object, maintained };
}

async function installIndex(system: System, catalog: Catalog, index: IndexObject): Promise<IndexObject> {
  const relation = catalog.object(index.table) as Stored;
  const columns = relation.columns.map((column) => toColumnType(column.type));
  const layout = layoutByKey(columns, index.layout.key);
  const made = { ...index, layout, arrangement: system.catalog.allocateArrangement() };
  const { arrangement, uses, ready } = system.dataflows.share(
    arrangingOf(relation, made),
    () => system.sequencer.last,
  );
  await ready;
  return { ...made, arrangement, uses };
}

function uninstall(system: System, object: CatalogObject): void {
  if (object.kind === 'index') system.dataflows.release(object.uses);
  if (object.kind === 'materializedView' && !object.isComputed) system.dataflows.drop(object);
}
