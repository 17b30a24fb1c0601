/**
 * Whether a materialized view's rows are kept. They are not where they are another relation's rows, hardly changed: the
 * view then reads as a plain view does, which gives the same rows at every timestamp.
 */
import type { Compiled } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import type { IndexObject, MaterializedViewObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';
import type { Making } from './maintained-object.ts';
import { installView, planView } from './replace/rebuild.ts';

/** What speaks for keeping the rows: the wish of the user, and errors that are to be skipped, which are kept with them. */
export function readsAsView(
  compiled: Pick<Compiled, 'passesThrough'>,
  { mustStore, onError }: Pick<MaterializedViewObject, 'mustStore' | 'onError'>,
): boolean {
  return compiled.passesThrough && !mustStore && onError === 'fail';
}

/** Whether the view has an index: it is made of the rows that are kept. */
export function isIndexed(system: System, view: Pick<MaterializedViewObject, 'id'>): boolean {
  return [...system.catalog.dependents(view.id)].some(
    (object): object is IndexObject => object.kind === 'index' && object.table === view.id,
  );
}

/** From here on the view's rows are kept, whatever reads them; part of a step of DDL. */
export async function storeRows(
  system: System,
  view: MaterializedViewObject,
): Promise<MaterializedViewObject> {
  if (!view.isComputed) return view;
  refuseStoring(system, view);
  const stored = await installView(system, system.planning, { ...view, mustStore: true });
  await commitCatalog(system, [{ kind: 'replace', object: stored }], {
    abandoned: () => system.dataflows.drop(stored),
  });
  return stored;
}

/** A view that is computed when it is read, as it is when its rows are kept; null: they are. */
export function storedView(system: System, view: MaterializedViewObject): Making['stores'] | null {
  if (!view.isComputed) return null;
  refuseStoring(system, view);
  const { object, maintained } = planView(system, system.planning, { ...view, mustStore: true });
  return { view: object, maintained };
}

/** An index is being made that has the rows kept; one that is waited for before is not met here. */
function refuseStoring(system: System, view: MaterializedViewObject): void {
  if (!system.dataflows.storing.has(view.id)) return;
  throw new SqlError({
    sqlstate: '55006',
    message: `the rows of materialized view "${view.name}" are being stored for an index`,
    hint: 'Run the statement again.',
  });
}
