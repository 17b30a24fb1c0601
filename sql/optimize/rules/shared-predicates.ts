/**
 * Rule 8, for what is read twice: predicates that every reader of a binding has move into the binding.
 *
 *     select * from a join b on … left join c on … where b.x = 1   →   … (a join (b where x = 1) on …) left join c on …
 *
 * A binding that is read twice is opaque to the predicates above it; an outer join's sides are such bindings, each read
 * by the rows with a partner and by those without. Only predicates that cannot fail: those that can stay where the
 * others have dropped rows before.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { freeBindings } from '../../mir/bindings.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { canFail, sameScalar } from '../../mir/scalar.ts';
import { isVolatile } from '../../mir/volatile.ts';
import { inputs, mapInputs } from '../../mir/traverse.ts';
import { localRule } from '../local-rule.ts';

const holds = (list: readonly MirScalar[], scalar: MirScalar): boolean =>
  list.some((other) => sameScalar(other, scalar));

/** The predicates that stand over each read of a binding; `found`: those of the reads before. */
function common(
  relation: MirRelation,
  binding: number,
  found: readonly MirScalar[] | null,
): readonly MirScalar[] | null {
  if (relation.kind === 'getLet') return relation.binding === binding ? [] : found;
  if (found?.length === 0 || !freeBindings(relation).has(binding)) return found;
  if (relation.kind === 'filter' && relation.input.kind === 'getLet') {
    const { predicates } = relation;
    return found === null ? predicates : found.filter((scalar) => holds(predicates, scalar));
  }
  return inputs(relation).reduce((sofar, input) => common(input, binding, sofar), found);
}

/** The relation without these predicates over the binding's reads. */
function without(relation: MirRelation, binding: number, predicates: readonly MirScalar[]): MirRelation {
  if (!freeBindings(relation).has(binding)) return relation;
  if (relation.kind === 'filter' && relation.input.kind === 'getLet') {
    return build.filter(
      relation.input,
      relation.predicates.filter((scalar) => !holds(predicates, scalar)),
    );
  }
  return mapInputs(relation, (input) => without(input, binding, predicates));
}

function rewrite(relation: MirRelation): MirRelation {
  if (relation.kind !== 'let') return relation;
  const { binding, value, body } = relation;
  const shared = (common(body, binding, null) ?? []).filter(
    (scalar) => !canFail(scalar) && !isVolatile(scalar),
  );
  if (shared.length === 0) return relation;
  return build.letIn(binding, build.filter(value, shared), without(body, binding, shared));
}

export const sharedPredicates = localRule('shared-predicates', kinds('let'), rewrite);
