/**
 * Rule 9: what is known not to be NULL.
 *
 *     (select … from t where p) a join b on a.x = b.y  →  … where p and x is not null, if x can be NULL
 *
 * Only where the input is filtered anyway: on a bare relation it would stand in the way of a shared arrangement, and the
 * engine's join skips NULL keys by itself. Runs once.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { canFail, children, columnsRead, isNull, not, sameScalar } from '../../mir/scalar.ts';
import { localRule } from '../local-rule.ts';

/** Whether a true value of this predicate implies that the column is not NULL: strict calls all the way down. */
export function rejectsNull(scalar: MirScalar, column: MirScalar): boolean {
  if (sameScalar(scalar, column)) return true;
  if (scalar.kind === 'notDistinct') {
    if (!scalar.right.type.nullable) return rejectsNull(scalar.left, column);
    return !scalar.left.type.nullable && rejectsNull(scalar.right, column);
  }
  if (scalar.kind === 'inList') return rejectsNull(scalar.operand, column);
  return (
    scalar.kind === 'call' && scalar.strict && children(scalar).some((child) => rejectsNull(child, column))
  );
}

function deriveOnInputs(relation: Extract<MirRelation, { kind: 'join' }>): MirRelation {
  const starts = columnStarts(relation.inputs);
  const derived = relation.inputs.map((): MirScalar[] => []);
  for (const { scalars, nullSafe } of relation.equivalences) {
    if (nullSafe) continue;
    for (const scalar of scalars) {
      const [index] = columnsRead(scalar);
      if (index === undefined || scalar.kind !== 'column') continue;
      const at = starts.findLastIndex((start) => start <= index);
      const input = relation.inputs[at]!;
      if (input.kind !== 'filter' || input.predicates.some(canFail)) continue;
      const type = input.columns[index - starts[at]!]!;
      const column: MirScalar = { kind: 'column', index: index - starts[at]!, type };
      const implied = input.predicates.some((predicate) => rejectsNull(predicate, column));
      if (type.nullable && !implied) derived[at]!.push(not(isNull(column)));
    }
  }
  if (derived.every((predicates) => predicates.length === 0)) return relation;
  const inputs = relation.inputs.map((input, index) => build.filter(input, derived[index]!));
  return build.join(inputs, relation.equivalences, relation.residual);
}

export const notNullKeys = localRule('not-null-keys', kinds('join'), (node) =>
  node.kind === 'join' ? deriveOnInputs(node) : node,
);
