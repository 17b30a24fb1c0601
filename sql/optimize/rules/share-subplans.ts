/**
 * Rule 24: what is computed the same in two places is computed once.
 *
 *     select … from (a join b) … where x > (select avg(x) from a join b)   →   let l = a join b in …
 *
 * Only what keeps state (joins, reductions, top-k, windows…): a filter or a map costs nothing to do twice, and a name in
 * its place would hide it from the other rules. The largest equal parts become bindings, at the top. Late: by then both
 * places have the form that the other rules give them, and what demand leaves of them is what either reads.
 */
import type { MirRelation } from '../../mir.ts';
import { isOf } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { inputs, withInputs } from '../../mir/traverse.ts';
import { KEEPS_STATE } from '../analysis/body-form.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import type { Rule } from '../pipeline.ts';

interface Binding {
  readonly binding: number;
  readonly value: MirRelation;
}

/** All bindings, each after those that it reads, and what remains without them. */
function hoist(relation: MirRelation): { bindings: Binding[]; body: MirRelation } {
  const bindings: Binding[] = [];
  const walk = (node: MirRelation): MirRelation => {
    if (node.kind !== 'let') return withInputs(node, inputs(node).map(walk));
    bindings.push({ binding: node.binding, value: walk(node.value) });
    return walk(node.body);
  };
  return { body: walk(relation), bindings };
}

/** How often each relation that could be shared stands somewhere. */
function countShareable(
  relations: readonly MirRelation[],
  identity: RelationIdentity,
): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const walk = (node: MirRelation): void => {
    if (isOf(node, KEEPS_STATE)) {
      const number = identity.of(node);
      const count = (counts.get(number) ?? 0) + 1;
      counts.set(number, count);
      // Parts of what is there again are counted once: alone they are not shared.
      if (count > 1) return;
    }
    inputs(node).forEach(walk);
  };
  relations.forEach(walk);
  return counts;
}

/** Whether two parts could be the same: by their form alone, which is found without looking at scalars. */
function mayRepeat(relation: MirRelation): boolean {
  const forms = new Set<number>();
  let repeats = false;
  const form = (node: MirRelation): number => {
    if (node.kind === 'let') {
      form(node.value);
      return form(node.body);
    }
    let number = Math.imul(node.notes.kind, 31) + node.columns.length;
    if (node.kind === 'get') number += Math.imul(node.object, 1_000_003);
    for (const input of inputs(node)) number = (Math.imul(number, 65_599) + form(input)) | 0;
    if (isOf(node, KEEPS_STATE)) {
      repeats ||= forms.has(number);
      forms.add(number);
    }
    return number;
  };
  form(relation);
  return repeats;
}

function share(relation: MirRelation): MirRelation {
  if (!mayRepeat(relation)) return relation;
  const identity = new RelationIdentity();
  const { bindings, body } = hoist(relation);
  const counts = countShareable([...bindings.map(({ value }) => value), body], identity);
  if (![...counts.values()].some((count) => count > 1)) return relation;
  let next = Math.max(-1, ...bindings.map(({ binding }) => binding)) + 1;
  const known = new Map<number, MirRelation>();
  const all: Binding[] = [];
  const walk = (node: MirRelation): MirRelation => {
    const number = isOf(node, KEEPS_STATE) ? identity.of(node) : null;
    if (number === null || counts.get(number) === 1) return withInputs(node, inputs(node).map(walk));
    let named = known.get(number);
    if (named === undefined) {
      const value = withInputs(node, inputs(node).map(walk));
      named = build.getLet(next, value.columns);
      all.push({ binding: next, value });
      next += 1;
      known.set(number, named);
    }
    return named;
  };
  for (const { binding, value } of bindings) {
    const shared = walk(value);
    all.push({ binding, value: shared });
  }
  const rest = walk(body);
  return all.reduceRight((below, { binding, value }) => build.letIn(binding, value, below), rest);
}

export const shareSubplans: Rule = { name: 'share-subplans', apply: share };
