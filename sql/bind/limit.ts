/**
 * LIMIT and OFFSET by a subquery or an outer query's column: rows are numbered in the query's order, and those that the counts
 * admit stay. The counts are computed once (for each row of the outer query), and checked though there are no rows.
 *
 *     … ORDER BY a LIMIT (SELECT n FROM x)   →   … WHERE row_number() OVER (ORDER BY a) <= (SELECT n FROM x)
 */
import { resolveOperator } from '../functions/resolve.ts';
import type { OperatorEntry } from '../functions/table.ts';
import type { HirRelation, HirScalar } from '../hir.ts';
import { hasSubquery } from '../hir/subquery.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import type { BoundSelect } from './query.ts';
import { ranked } from './ranked.ts';
import { columnOf, filter, map, oneRow, orError, projectScalars } from './relation.ts';
import { and, call, isNull, literal, or } from './scalar.ts';

const int8 = { name: 'int8', typmod: -1 } as const;

/** Whether it has one value in whatever the query is part of. */
function isFixed(count: HirScalar): boolean {
  return !hasSubquery(count) && freeOfScalar(count).columns.length === 0;
}

/** The same query with its limits among its conditions, where they are not fixed. */
export function withoutOpenLimits(bound: BoundSelect): BoundSelect {
  const { relation, order, withTies } = bound;
  const counts = [bound.limit, bound.offset];
  if (counts.every((count) => count === null || isFixed(count))) return bound;
  const given = map(oneRow, [
    { name: 'offset', scalar: bound.offset ?? literal('int8', null) },
    { name: 'limit', scalar: bound.limit ?? literal('int8', null) },
  ]);
  const checked = projectScalars(given, [
    { name: 'offset', scalar: notNegative(columnOf(given, 0), 'OFFSET', '2201X') },
    { name: 'limit', scalar: notNegative(columnOf(given, 1), 'LIMIT', '2201W') },
  ]);
  const never = or([0, 1].map((index) => isNegative(columnOf(checked, index))));
  const places = [
    { name: 'row_number', kind: 'rowNumber' },
    { name: 'rank', kind: 'rank' },
  ] as const;
  const numbered = ranked(orError(relation, checked, never), places, { partition: [], order });
  const width = relation.columns.length;
  const counted: HirRelation = {
    kind: 'join',
    type: 'inner',
    columns: [...numbered.columns, ...checked.columns],
    left: numbered,
    right: checked,
    on: null,
  };
  const [row, rank] = [columnOf(counted, width), columnOf(counted, width + 1)];
  const [offset, limit] = [columnOf(counted, width + 2), columnOf(counted, width + 3)];
  const skipped: HirScalar = { kind: 'coalesce', operands: [offset, literal('int8', '0')], type: int8 };
  const place = int8Operator('-', withTies ? rank : row, skipped);
  const stays = and([int8Operator('>', row, skipped), or([isNull(limit), int8Operator('<=', place, limit)])]);
  return { ...bound, relation: filter(counted, stays), limit: null, offset: null, withTies: false };
}

/** An operator of two int8. */
export function int8Operator(name: string, left: HirScalar, right: HirScalar): HirScalar {
  return call((resolveOperator(name, 'int8', 'int8') as OperatorEntry).function, [left, right], name);
}

function isNegative(count: HirScalar): HirScalar {
  return int8Operator('<', count, literal('int8', '0'));
}

function notNegative(count: HirScalar, clause: string, sqlstate: string): HirScalar {
  const message = `${clause} must not be negative`;
  return {
    kind: 'case',
    branches: [
      {
        condition: isNegative(count),
        result: { kind: 'raise', sqlstate, message, type: int8 },
      },
    ],
    otherwise: count,
    type: int8,
  };
}
