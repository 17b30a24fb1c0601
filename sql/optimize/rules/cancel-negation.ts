/**
 * Part of rule 13: rows and their negation are nothing.
 *
 *     x + one row - x   →   one row
 *
 * So a scalar subquery or a LATERAL aggregate, which has a row in any case, goes when nobody reads it: demand leaves of
 * its result and of the default row that stands in for it only whether they are there.
 */
import type { MirRelation } from '../../mir.ts';
import { hasSome, kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { rewriteRelation } from '../../mir/traverse.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import type { Rule } from '../pipeline.ts';

function cancel(node: build.MirNode<'union'>, identity: RelationIdentity): MirRelation {
  const inputs = [...node.inputs];
  for (let at = 0; at < inputs.length; at += 1) {
    const negated = inputs[at]!;
    if (negated.kind !== 'negate') continue;
    const partner = inputs.findIndex((input) => identity.same(input, negated.input));
    if (partner < 0) continue;
    inputs.splice(Math.max(at, partner), 1);
    inputs.splice(Math.min(at, partner), 1);
    at = -1;
  }
  if (inputs.length === node.inputs.length) return node;
  return inputs.length === 0 ? build.empty(node.columns) : build.union(inputs, node.keys);
}

const NEGATE = kinds('negate');

export const cancelNegation: Rule = {
  name: 'cancel-negation',
  apply: (relation) => {
    if (!hasSome(relation, NEGATE)) return relation;
    const identity = new RelationIdentity();
    return rewriteRelation(relation, (node) => (node.kind === 'union' ? cancel(node, identity) : node));
  },
};
