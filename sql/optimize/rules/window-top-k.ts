/**
 * Rule 18: a filter on a rank keeps only the first rows of each partition, so only they need be ranked.
 *
 *     select … from (select …, row_number() over (partition by p order by o) as n from t) where n <= 3
 *         →   the top 3 of t by p, ordered by o, numbered
 *
 * row_number() takes that many rows, rank() those that tie with the last too; dense_rank() is such a top-k only for its first
 * rank (rule 31). Where nothing reads the number the Window goes too (demand). Only where all calls of the Window are ranks: others
 * would miss the rows that are gone. Ranks cannot fail, so no error appears.
 */
import type { MirRelation } from '../../mir.ts';
import * as build from '../../mir/relation.ts';
import { sameScalar } from '../../mir/scalar.ts';
import { type RankBound, rankLimit } from '../analysis/rank-bound.ts';
import { rankFilterRule } from '../rank-filter-rule.ts';

/** Whether a relation is that top-k already. */
function isSame(input: MirRelation, wanted: MirRelation): boolean {
  if (input.kind !== 'topK' || wanted.kind !== 'topK' || input.limit === null || wanted.limit === null) {
    return false;
  }
  return (
    input.withTies === wanted.withTies &&
    sameScalar(input.limit, wanted.limit) &&
    input.partition.length === wanted.partition.length &&
    input.partition.every((key, index) => sameScalar(key, wanted.partition[index]!)) &&
    JSON.stringify(input.order) === JSON.stringify(wanted.order)
  );
}

/** The top-k below the Window that a bound asks for, unless it is there. */
function topKFor(window: build.MirNode<'window'>, bound: RankBound): MirRelation | null {
  const { rank, most } = bound;
  if (rank === 'denseRank' && most > 1n) return null;
  const top = build.topK(window.input, {
    partition: window.partition,
    order: window.order,
    limit: rankLimit(bound),
    offset: null,
    withTies: rank !== 'rowNumber',
  });
  return isSame(window.input, top) ? null : top;
}

export const windowTopK = rankFilterRule('window-top-k', topKFor);
