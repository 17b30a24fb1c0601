/**
 * Subqueries of ON CONFLICT DO UPDATE: they read the state before the command. Their values are columns behind the proposed
 * rows, which are joined with the rows that they conflict with. (A row that the command itself has written is in conflict
 * with none that comes later: that is error 21000.)
 */
import type { HirConflict, HirRelation, HirScalar } from '../../hir.ts';
import type { CatalogRelation, UniqueKey } from '../../catalog.ts';
import { hasSubquery } from '../../hir/subquery.ts';
import { liftScalar, mapReferences } from '../../hir/traverse.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { relationOf } from '../from.ts';
import { makeOperator } from '../operator.ts';
import { map, project } from '../relation.ts';
import { and, isNull, not, truth, valueWhere } from '../scalar.ts';
import { emptyScope } from '../scope.ts';
import type { Bound } from '../statement.ts';

/** The rows that an INSERT proposes, and what becomes of those that conflict. */
export interface Proposed {
  readonly relation: HirRelation;
  readonly conflict: HirConflict;
}

/** The clause, and rows that DO UPDATE computes once: columns behind the old row and the new one, for its values to read. */
export interface BoundConflict {
  readonly conflict: HirConflict;
  readonly rows: readonly { readonly name: string; readonly scalar: HirScalar }[];
}

/** Whether DO UPDATE has subqueries. */
export function updatesBySubquery({ conflict: { update }, rows }: BoundConflict): boolean {
  if (update === null) return false;
  return rows.length > 0 || [update.condition ?? truth(true), ...update.values].some(hasSubquery);
}

/** The same with the subqueries below, as columns behind the table's. */
export function withSubqueriesBelow(
  proposed: HirRelation,
  bound: BoundConflict,
  table: CatalogRelation,
  context: QueryContext,
): Proposed {
  const { conflict } = bound;
  const { update, width } = conflict;
  if (update === null || !updatesBySubquery(bound)) return { relation: proposed, conflict };

  // The proposed row's columns, the old row's, and what marks that there is one.
  let relation = withOldRow(proposed, table, conflict.arbiters[0]!, context);
  const first = relation.columns.length;
  const add = (name: string, scalar: HirScalar): number => {
    relation = map(relation, [{ name, scalar }]);
    return relation.columns.length - 1;
  };
  const column = (index: number): HirScalar => ({
    kind: 'column',
    index,
    type: relation.columns[index]!.type,
  });
  // Where DO UPDATE reads what was added: behind the old row and the new one.
  const above = (index: number): HirScalar => ({
    kind: 'column',
    index: 2 * width + index - first,
    type: relation.columns[index]!.type,
  });
  /** Where the rows that are computed once came to be. */
  const rows: number[] = [];
  /** What is over the old row and the new one, and over those, over the relation. */
  const placed = (scalar: HirScalar): HirScalar =>
    mapReferences(scalar, (read, depth) => {
      if ((read.level ?? 0) !== depth) return read;
      const { index, type } = read;
      const found: HirScalar =
        index < width
          ? { kind: 'column', index: proposed.columns.length + index, type }
          : column(index < 2 * width ? index - width : rows[index - 2 * width]!);
      return liftScalar(found, depth);
    });

  const conflicts = not(isNull(column(first - 1)));
  const { condition } = update;
  const decided = condition === null ? null : add('condition', valueWhere(conflicts, placed(condition)));
  const replaces = decided === null ? conflicts : column(decided);
  for (const { name, scalar } of bound.rows) rows.push(add(name, valueWhere(replaces, placed(scalar))));
  const values = update.values.map((value) => add('value', valueWhere(replaces, placed(value))));
  const kept = {
    ...conflict,
    update: { condition: decided === null ? null : above(decided), values: values.map(above) },
  };
  const own = Array.from({ length: width }, (_, index) => index);
  const added = Array.from({ length: relation.columns.length - first }, (_, i) => first + i);
  const others = Array.from({ length: proposed.columns.length - width }, (_, i) => width + i);
  return { relation: project(relation, [...own, ...added, ...others]), conflict: kept };
}

/** Each proposed row with the row that it conflicts with, and a mark behind that; NULLs where there is none. */
function withOldRow(
  proposed: HirRelation,
  table: CatalogRelation,
  key: UniqueKey,
  context: QueryContext,
): HirRelation {
  if (key.special !== undefined) {
    throw context.statement.unsupported(
      'a subquery in DO UPDATE by an index with expressions or a condition',
    );
  }
  const width = proposed.columns.length;
  const right = map(relationOf(table, context), [{ name: 'conflicts', scalar: truth(true) }]);
  const expression = expressionContext(context, emptyScope, 'WHERE');
  const same = key.columns.map((index): HirScalar => {
    const left: HirScalar = { kind: 'column', index, type: proposed.columns[index]!.type };
    const old: HirScalar = { kind: 'column', index: width + index, type: table.columns[index]!.type };
    if (key.nullsEqual) return { kind: 'notDistinct', left, right: old };
    const bound = (scalar: HirScalar): Bound => ({ scalar, at: undefined });
    return makeOperator(expression, '=', bound(left), bound(old), undefined);
  });
  const nullable = right.columns.map((column) => ({ ...column, type: { ...column.type, nullable: true } }));
  const columns = [...proposed.columns, ...nullable];
  return { kind: 'join', type: 'left', columns, left: proposed, right, on: and(same) };
}
