/**
 * Rule 31: a filter on dense_rank() keeps the rows of the first few values of the order, so only they need be ranked.
 *
 *     select … from (select …, dense_rank() over (partition by p order by o) as n from t) where n <= 3
 *         →   t where (p, o) is among the top 3 of the different (p, o) of t by p, ordered by o, ranked
 *
 * NULLs, and values that are equal and differ, are one value there as they are peers in the Window. Where nothing reads the
 * rank the Window goes too (demand). Rule 18 does the same for the other ranks and for the first rank, which need no values
 * apart. Once: what it makes it would find again where the filter stays.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { equalityKey } from '../../mir/equality.ts';
import * as build from '../../mir/relation.ts';
import { canFail, column } from '../../mir/scalar.ts';
import { isVolatileThroughout } from '../../mir/volatile.ts';
import { type RankBound, rankLimit } from '../analysis/rank-bound.ts';
import { rankFilterRule } from '../rank-filter-rule.ts';

/** The rows of the Window's input that have one of the first values. */
function firstValues(window: build.MirNode<'window'>, bound: RankBound): MirRelation | null {
  if (bound.rank !== 'denseRank' || bound.most <= 1n) return null;
  const { input, partition, order } = window;
  const ordered = order.map((key) => equalityKey(column(key.column, input.columns[key.column]!)));
  const keys: readonly MirScalar[] = [...partition, ...ordered];
  if (order.length === 0 || partition.some(canFail) || isVolatileThroughout(input)) return null;
  const values = build.distinct(build.mapOnly(input, keys));
  const first = build.topK(values, {
    partition: partition.map((_, index) => column(index, values.columns[index]!)),
    order: order.map((key, index) => ({ ...key, column: partition.length + index })),
    limit: rankLimit(bound),
    offset: null,
    withTies: false,
  });
  const pairs = keys.map((key, index) => ({
    left: key,
    right: column(index, first.columns[index]!),
    nullSafe: true,
  }));
  return build.semiJoin(input, first, pairs, { anti: false });
}

export const denseRankTopK = rankFilterRule('dense-rank-top-k', firstValues);
