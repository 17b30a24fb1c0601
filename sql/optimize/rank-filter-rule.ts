/** Rules for filters on ranks: the Window below need not rank rows that are not among the first. */
import type { MirRelation } from '../mir.ts';
import { kinds } from '../mir/kinds.ts';
import * as build from '../mir/relation.ts';
import { type RankBound, rankBound, ranksOnly } from './analysis/rank-bound.ts';
import { localRule } from './local-rule.ts';
import type { Rule } from './pipeline.ts';

/**
 * The rule that puts the rows of `first` below the Window for the first bound for which it has some. All calls of the Window are
 * ranks: others would miss the rows that are gone.
 */
export function rankFilterRule(
  name: string,
  first: (window: build.MirNode<'window'>, bound: RankBound) => MirRelation | null,
): Rule {
  const rewrite = (relation: MirRelation): MirRelation => {
    if (relation.kind !== 'filter' || relation.input.kind !== 'window') return relation;
    const window = relation.input;
    if (!ranksOnly(window)) return relation;
    for (const [index, predicate] of relation.predicates.entries()) {
      const bound = rankBound(predicate, window);
      const rows = bound === null ? null : first(window, bound);
      if (bound === null || rows === null) continue;
      // No rank is less than 1.
      const passes = bound.all && bound.most >= 1n;
      const rest = passes ? relation.predicates.filter((_, at) => at !== index) : relation.predicates;
      return build.filter(build.window(rows, window), rest);
    }
    return relation;
  };
  return localRule(name, kinds('filter'), rewrite, kinds('window'));
}
