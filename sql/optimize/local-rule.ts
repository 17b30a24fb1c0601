/**
 * Rules that look at a node and what is below it, and at nothing around it. Where such a rule leaves a relation as it is,
 * it will leave it so wherever that stands, and is not asked again: when it comes again, most is as it was.
 */
import type { MirRelation } from '../mir.ts';
import { inputs, withInputs } from '../mir/traverse.ts';
import type { Rule, RuleContext } from './pipeline.ts';

/** Each has a bit of `MirNotes.settled`. */
let rules = 0;

/** The rule that rewrites each node, bottom-up. */
export function localRule(
  name: string,
  rewrite: (node: MirRelation, context: RuleContext) => MirRelation,
): Rule {
  const bit = 1 << rules;
  rules += 1;
  if (rules > 32) throw new Error('more rules than bits');
  const apply = (relation: MirRelation, context: RuleContext): MirRelation => {
    const { notes } = relation;
    if ((notes.settled & bit) !== 0) return relation;
    const before = inputs(relation);
    const over =
      before.length === 0
        ? relation
        : withInputs(
            relation,
            before.map((input) => apply(input, context)),
          );
    const outcome = rewrite(over, context);
    if (outcome === relation) notes.settled |= bit;
    return outcome;
  };
  return { name, apply };
}
