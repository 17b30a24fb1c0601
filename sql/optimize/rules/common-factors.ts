/**
 * Rule 22: what every branch of an OR demands stands before it, where it can become a join's key.
 *
 *     (a.x = b.x and p) or (a.x = b.x and q)   →   a.x = b.x and (p or q)
 *
 * Kleene's logic distributes, NULLs included. A factor that can fail stays: before the OR it would be evaluated for rows
 * of which a branch before it had decided.
 */
import type { MirScalar } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { and, canFail, conjuncts, or, sameScalar } from '../../mir/scalar.ts';
import { localRule } from '../local-rule.ts';

function factors(predicate: MirScalar): readonly MirScalar[] {
  if (predicate.kind !== 'or') return [predicate];
  const branches = predicate.operands.map(conjuncts);
  const common = branches[0]!.filter(
    (factor) =>
      !canFail(factor) &&
      branches.slice(1).every((branch) => branch.some((other) => sameScalar(other, factor))),
  );
  if (common.length === 0) return [predicate];
  const rest = branches.map((branch) =>
    branch.filter((conjunct) => !common.some((factor) => sameScalar(factor, conjunct))),
  );
  // A branch that demands nothing else decides the OR.
  if (rest.some((branch) => branch.length === 0)) return common;
  return [...common, or(rest.map(and))];
}

function split(predicates: readonly MirScalar[]): readonly MirScalar[] | null {
  const after = predicates.flatMap(factors);
  return after.length === predicates.length && after.every((item, index) => item === predicates[index])
    ? null
    : after;
}

export const commonFactors = localRule('common-factors', kinds('filter', 'join'), (node) => {
  if (node.kind === 'filter') {
    const predicates = split(node.predicates);
    return predicates === null ? node : build.filter(node.input, predicates);
  }
  if (node.kind === 'join') {
    const residual = split(node.residual);
    return residual === null ? node : build.join(node.inputs, node.equivalences, residual);
  }
  return node;
});
