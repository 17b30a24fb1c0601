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
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { sameScalar } from '../../mir/scalar.ts';
import { type RankBound, rankBound, rankLimit, ranksOnly } from '../analysis/rank-bound.ts';
import { localRule } from '../local-rule.ts';

/** The top-k below the Window that a bound asks for. */
function topKFor(window: build.MirNode<'window'>, bound: RankBound): MirRelation | null {
  const { rank, most } = bound;
  if (rank === 'denseRank' && most > 1n) return null;
  return build.topK(window.input, {
    partition: window.partition,
    order: window.order,
    limit: rankLimit(bound),
    offset: null,
    withTies: rank !== 'rowNumber',
  });
}

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

function rewrite(relation: MirRelation): MirRelation {
  if (relation.kind !== 'filter' || relation.input.kind !== 'window') return relation;
  const window = relation.input;
  if (!ranksOnly(window)) return relation;
  for (const [index, predicate] of relation.predicates.entries()) {
    const bound = rankBound(predicate, window);
    const top = bound === null ? null : topKFor(window, bound);
    if (bound === null || top === null || isSame(window.input, top)) continue;
    // No rank is less than 1.
    const passes = bound.all && bound.most >= 1n;
    const rest = passes ? relation.predicates.filter((_, at) => at !== index) : relation.predicates;
    return build.filter(build.window(top, window), rest);
  }
  return relation;
}

export const windowTopK = localRule('window-top-k', kinds('filter'), rewrite, kinds('window'));
