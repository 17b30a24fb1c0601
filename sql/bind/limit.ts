/**
 * LIMIT and OFFSET by a subquery: rows are numbered in the query's order, and those that the counts admit stay.
 *
 *     … ORDER BY a LIMIT (SELECT n FROM x)   →   … WHERE row_number() OVER (ORDER BY a) <= (SELECT n FROM x)
 */
import { resolveOperator } from '../functions/resolve.ts';
import type { OperatorEntry } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import type { BoundSelect } from './query.ts';
import { ranked } from './ranked.ts';
import { columnOf, filter, map } from './relation.ts';
import { and, call, isNull, literal, or, scalarKey } from './scalar.ts';

/** A subquery is in it. */
export function containsSubquery(scalar: HirScalar): boolean {
  return /"kind":"(scalarSubquery|exists|quantified)"/.test(scalarKey(scalar));
}

const int8 = { name: 'int8', typmod: -1 } as const;

/** The same query with its limits among its conditions, where they have subqueries. */
export function limitBySubquery(bound: BoundSelect): BoundSelect {
  const { relation, order, withTies } = bound;
  const counts = [bound.limit, bound.offset];
  if (!counts.some((count) => count !== null && containsSubquery(count))) return bound;
  const width = relation.columns.length;
  const places = [
    { name: 'row_number', kind: 'rowNumber' },
    { name: 'rank', kind: 'rank' },
  ] as const;
  const numbered = ranked(relation, places, { partition: [], order });
  const counted = map(numbered, [
    { name: 'limit', scalar: bound.limit ?? literal('int8', null) },
    { name: 'offset', scalar: bound.offset ?? literal('int8', null) },
  ]);
  const [row, rank] = [columnOf(counted, width), columnOf(counted, width + 1)];
  const limit = notNegative(columnOf(counted, width + 2), 'LIMIT', '2201W');
  const offset = notNegative(columnOf(counted, width + 3), 'OFFSET', '2201X');
  const skipped: HirScalar = { kind: 'coalesce', operands: [offset, literal('int8', '0')], type: int8 };
  const place = int8Operator('-', withTies ? rank : row, skipped);
  const stays = and([int8Operator('>', row, skipped), or([isNull(limit), int8Operator('<=', place, limit)])]);
  return { ...bound, relation: filter(counted, stays), limit: null, offset: null, withTies: false };
}

/** An operator of two int8. */
export function int8Operator(name: string, left: HirScalar, right: HirScalar): HirScalar {
  return call((resolveOperator(name, 'int8', 'int8') as OperatorEntry).function, [left, right], name);
}

function notNegative(count: HirScalar, clause: string, sqlstate: string): HirScalar {
  const message = `${clause} must not be negative`;
  return {
    kind: 'case',
    branches: [
      {
        condition: int8Operator('<', count, literal('int8', '0')),
        result: { kind: 'raise', sqlstate, message, type: int8 },
      },
    ],
    otherwise: count,
    type: int8,
  };
}
