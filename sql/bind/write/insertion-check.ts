/**
 * WITH CHECK OPTION of INSERT … ON CONFLICT: a row that conflicts is not inserted, so that what it would be checked for does
 * not matter. Conditions with subqueries are computed below, as columns behind the proposed row.
 */
import { hasSubquery } from '../../hir/subquery.ts';
import { map, project } from '../relation.ts';
import { and } from '../scalar.ts';
import type { Proposed } from './conflict-subqueries.ts';
import { type WriteTarget, satisfies } from './target.ts';

/** `ordered`: the rows' last column is their number. */
export function withInsertionCheck(
  { relation: proposed, conflict }: Proposed,
  { table, view }: WriteTarget,
  ordered: boolean,
): Proposed {
  const checks = view?.checks ?? [];
  if (checks.length === 0) return { relation: proposed, conflict };
  let relation = proposed;
  const width = proposed.columns.length;
  const conditions = checks.map((check) => {
    if (!hasSubquery(check.condition)) return satisfies(check, 0, table);
    const place = relation.columns.length;
    relation = map(relation, [{ name: 'holds', scalar: check.condition }]);
    const { type } = relation.columns[place]!;
    return satisfies(check, 0, table, { kind: 'column', index: ordered ? place - 1 : place, type });
  });
  if (ordered) {
    const added = Array.from({ length: relation.columns.length - width }, (_, i) => width + i);
    const own = Array.from({ length: width - 1 }, (_, i) => i);
    relation = project(relation, [...own, ...added, width - 1]);
  }
  return { relation, conflict: { ...conflict, check: and(conditions) } };
}
