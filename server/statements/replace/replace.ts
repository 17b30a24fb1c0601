/** CREATE OR REPLACE VIEW and MATERIALIZED VIEW, and ALTER … AS, of a view that is there. */
import { SqlError } from '../../../sql/error.ts';
import type { MaterializedViewObject, ViewObject } from '../../catalog/objects.ts';
import type { System } from '../../system.ts';
import type { BoundDefinition } from '../create-view.ts';
import { refuseChangedColumns, refuseUnseenColumns } from './columns.ts';
import { replaceView } from './rebuild.ts';

/** Gives `existing` another definition; `statement` is the text that SHOW CREATE then shows. */
export async function replaceDefinition(
  system: System,
  existing: ViewObject | MaterializedViewObject,
  bound: BoundDefinition,
  statement: string,
): Promise<void> {
  const { catalog, definition } = bound;
  const columns = bound.columns.map((column, index) => {
    const { comment, defaultText = null } = existing.columns[index] ?? {};
    return { ...column, defaultText, ...(comment === undefined ? {} : { comment }) };
  });
  const dependsOn = [...catalog.resolved];
  const replacement = { ...existing, ...definition, columns, dependsOn, statement };
  const isRead = system.catalog.dependents(existing.id).length > 0;
  if (existing.kind === 'view' || isRead) refuseChangedColumns(system, existing, replacement);
  refuseCycle(system, replacement);
  refuseUnseenColumns(system, existing, replacement);
  await replaceView(system, replacement);
}

function refuseCycle(system: System, view: ViewObject | MaterializedViewObject): void {
  const visit = (from: number): void => {
    if (from === view.id) {
      throw new SqlError({
        sqlstate: '42P17',
        message: `infinite recursion detected in rules for relation "${view.name}"`,
      });
    }
    for (const next of system.catalog.object(from).dependsOn) visit(next);
  };
  view.dependsOn.forEach(visit);
}
