/**
 * Rule 7: what equals the same equals each other.
 *
 *     a.x = b.y and b.y = c.z     →  one class {a.x, b.y, c.z}: any two of them can be a join key
 *     a.x = b.y and a.x = 5       →  b.y = 5 as well, so that both inputs shrink (or are looked up)
 *
 * Runs once, after predicates have reached the inputs: the derived ones are then pushed like written ones.
 */
import type { MirEquivalence, MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { equalitySides } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import {
  canFail,
  columnsRead,
  isColumnFree,
  notDistinct,
  sameScalar,
  scalarKey,
  shiftColumns,
} from '../../mir/scalar.ts';
import { localRule } from '../local-rule.ts';

type MirJoin = Extract<MirRelation, { kind: 'join' }>;

/** Classes that share a scalar become one. A null-safe class stays for itself: its NULLs match. */
function mergeClasses(classes: readonly MirEquivalence[]): MirEquivalence[] {
  const merged: { scalars: MirScalar[]; nullSafe: boolean }[] = [];
  for (const item of classes) {
    const touching = merged.filter(
      (other) =>
        !other.nullSafe &&
        !item.nullSafe &&
        other.scalars.some((scalar) => item.scalars.some((mine) => sameScalar(scalar, mine))),
    );
    const scalars = [...touching.flatMap((other) => other.scalars), ...item.scalars];
    const distinct = [...new Map(scalars.map((scalar) => [scalarKey(scalar), scalar])).values()];
    for (const other of touching) merged.splice(merged.indexOf(other), 1);
    merged.push({ scalars: distinct, nullSafe: item.nullSafe });
  }
  return merged;
}

/** The predicates that stand directly on an input. */
function predicatesOf(input: MirRelation): readonly MirScalar[] {
  return input.kind === 'filter' ? input.predicates : [];
}

/** The value that `scalar` (over the input's columns) is fixed to. */
function fixedValue(input: MirRelation, scalar: MirScalar): MirScalar | null {
  for (const predicate of predicatesOf(input)) {
    const sides = equalitySides(predicate);
    if (sides === null || sides.nullSafe) continue;
    for (const [side, other] of [
      [sides.left, sides.right],
      [sides.right, sides.left],
    ] as const) {
      if (sameScalar(side, scalar) && isColumnFree(other) && !canFail(other)) return other;
    }
  }
  return null;
}

function spread(relation: MirJoin): MirRelation {
  const equivalences = mergeClasses(relation.equivalences);
  const starts = columnStarts(relation.inputs);
  const derived = relation.inputs.map((): MirScalar[] => []);
  for (const { scalars, nullSafe } of equivalences) {
    if (nullSafe) continue;
    const members = scalars.map((scalar) => {
      const [first] = columnsRead(scalar);
      const input = starts.findLastIndex((start) => start <= first!);
      return { input, scalar: shiftColumns(scalar, -starts[input]!) };
    });
    let value: MirScalar | null = null;
    for (const { input, scalar } of members) value ??= fixedValue(relation.inputs[input]!, scalar);
    if (value === null) continue;
    for (const { input, scalar } of members) {
      if (fixedValue(relation.inputs[input]!, scalar) === null)
        derived[input]!.push(notDistinct(scalar, value));
    }
  }
  const inputs = relation.inputs.map((input, index) => build.filter(input, derived[index]!));
  const same =
    equivalences.length === relation.equivalences.length &&
    derived.every((predicates) => predicates.length === 0);
  return same ? relation : build.join(inputs, equivalences, relation.residual);
}

export const spreadEqualities = localRule('spread-equalities', kinds('join'), (node) =>
  node.kind === 'join' ? spread(node) : node,
);
