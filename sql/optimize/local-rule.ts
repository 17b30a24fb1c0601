/**
 * Rules that look at a node and what is below it, and at nothing around it. Where such a rule leaves a relation as it is,
 * it will leave it so wherever that stands, and is not asked again: when it comes again, most is as it was.
 */
import type { MirRelation } from '../mir.ts';
import type { Kinds } from '../mir/kinds.ts';
import { mapInputs } from '../mir/traverse.ts';
import type { Rule, RuleContext } from './pipeline.ts';

/** Each rule has a bit of `MirNotes.settled`. */
let rules = 0;

/** The bit by which a relation says that a rule leaves it as it is. */
export function settledBit(): number {
  if (rules === 31) throw new Error('more rules than bits');
  rules += 1;
  return 1 << (rules - 1);
}

/**
 * The rule that rewrites each node of these kinds, bottom-up; where a relation has none of the kinds that it `needs`, there
 * is nothing to rewrite.
 */
export function localRule(
  name: string,
  of: Kinds,
  rewrite: (node: MirRelation, context: RuleContext) => MirRelation,
  needs = of,
): Rule {
  const bit = settledBit();
  const apply = (relation: MirRelation, context: RuleContext): MirRelation => {
    const walk = (node: MirRelation): MirRelation => {
      const { notes } = node;
      if ((notes.settled & bit) !== 0 || (notes.kinds & needs) === 0) return node;
      const over = mapInputs(node, walk);
      const outcome = (over.notes.kind & of) === 0 ? over : rewrite(over, context);
      if (outcome === node) notes.settled |= bit;
      return outcome;
    };
    return walk(relation);
  };
  return { name, apply };
}
