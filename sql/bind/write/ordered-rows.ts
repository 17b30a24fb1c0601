/**
 * INSERT … SELECT … ORDER BY: the rows with their numbers in the query's order, in which they are written. What is volatile
 * is computed then: sequences number the rows as the query orders them.
 */
import type { SelectStmt } from '@pgsql/types';
import type { HirRelation, HirScalar } from '../../hir.ts';
import { freeOfScalar } from '../../hir/traverse.ts';
import { isVolatile } from '../../hir/volatile.ts';
import type { BoundSelect } from '../query.ts';
import { ranked } from '../ranked.ts';
import { project, topK } from '../relation.ts';

/** What the query shows, and behind it the row's number in its order. */
export function numberedRows(bound: BoundSelect): HirRelation {
  const limited = bound.limit !== null || bound.offset !== null;
  const input = limited ? topK(bound.relation, bound) : bound.relation;
  const numbered = ranked(input, [{ name: 'number', kind: 'rowNumber' }], {
    partition: [],
    order: bound.order,
  });
  return project(numbered, [...bound.projection, input.columns.length]);
}

/**
 * The values of a SELECT list that PostgreSQL computes for the sorted rows: volatile ones that nothing orders by. Of these
 * such as read no column, which can be computed for the written row. By their numbers.
 */
export function computedInOrder(
  select: SelectStmt,
  values: readonly HirScalar[],
  order: BoundSelect['order'],
): ReadonlySet<number> {
  if (select.distinctClause !== undefined || (select.op ?? 'SETOP_NONE') !== 'SETOP_NONE') return new Set();
  return new Set(
    values.flatMap((value, index) =>
      isVolatile(value) &&
      freeOfScalar(value).columns.length === 0 &&
      !order.some(({ column }) => column === index)
        ? [index]
        : [],
    ),
  );
}
