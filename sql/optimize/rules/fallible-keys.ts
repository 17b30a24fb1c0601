/**
 * Part of rule 8: a join whose only equality can fail.
 *
 *     a join b on a.x = b.y + 1
 *
 * As a residual it makes the join a cross product. As a key, `b.y + 1` is computed for each row of b, which the written
 * condition does too if there is a pair for it: if no condition over several inputs stands before it, and no other input
 * is empty. So the key is a column of b semi-joined with the other inputs on nothing.
 */
import type { MirEquivalence, MirRelation, MirScalar } from '../../mir.ts';
import { columnStarts } from '../../mir/column-starts.ts';
import { equalitySides } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { canFail, columnsRead, remapColumns, shiftColumns } from '../../mir/scalar.ts';
import { visitRelation } from '../../mir/traverse.ts';
import { localRule } from '../local-rule.ts';

type MirJoin = Extract<MirRelation, { kind: 'join' }>;

/** The inputs that a scalar reads. */
function inputsRead(scalar: MirScalar, starts: readonly number[]): number[] {
  return [
    ...new Set([...columnsRead(scalar)].map((index) => starts.findLastIndex((start) => start <= index))),
  ];
}

/** Reading an input twice must not compute it twice: only what is a name or close to it. */
function isCheap(relation: MirRelation): boolean {
  let cheap = true;
  visitRelation(relation, (node) => {
    cheap &&= ['get', 'getLet', 'constant', 'filter', 'project', 'map'].includes(node.kind);
  });
  return cheap;
}

function liftFirst(relation: MirJoin): MirRelation {
  if (relation.equivalences.length > 0) return relation;
  const starts = columnStarts(relation.inputs);
  const at = relation.residual.findIndex((scalar) => inputsRead(scalar, starts).length > 1);
  const condition = relation.residual[at];
  if (condition === undefined || !canFail(condition)) return relation;
  if (relation.residual.slice(0, at).some(canFail)) return relation;
  const sides = equalitySides(condition);
  if (sides === null) return relation;
  const members = [sides.left, sides.right].map((scalar) => ({ scalar, read: inputsRead(scalar, starts) }));
  const [first, second] = members as [(typeof members)[0], (typeof members)[0]];
  if (first.read.length !== 1 || second.read.length !== 1 || first.read[0] === second.read[0])
    return relation;
  if (!relation.inputs.every(isCheap)) return relation;

  /** Each fallible side becomes a column at the end of its input. */
  const added = new Map<number, MirScalar>();
  for (const { scalar, read } of members) {
    if (canFail(scalar)) added.set(read[0]!, shiftColumns(scalar, -starts[read[0]!]!));
  }
  const inputs = relation.inputs.map((input, index) => {
    const key = added.get(index);
    if (key === undefined) return input;
    const paired = relation.inputs.reduce(
      (rows, other, otherIndex) =>
        otherIndex === index ? rows : build.semiJoin(rows, build.project(other, []), [], { anti: false }),
      input,
    );
    return build.map(paired, [key]);
  });
  const to: number[] = [];
  const keyColumn = new Map<number, number>();
  let arity = 0;
  for (const [index, input] of inputs.entries()) {
    const width = relation.inputs[index]!.columns.length;
    for (let column = 0; column < width; column += 1) to.push(arity + column);
    if (added.has(index)) keyColumn.set(index, arity + width);
    arity += input.columns.length;
  }
  const remap = (scalar: MirScalar): MirScalar => remapColumns(scalar, (index) => to[index]!);
  const scalars = members.map(({ scalar, read }): MirScalar => {
    const column = keyColumn.get(read[0]!);
    return column === undefined ? remap(scalar) : { kind: 'column', index: column, type: scalar.type };
  });
  const equivalence: MirEquivalence = { scalars, nullSafe: sides.nullSafe };
  const residual = relation.residual.filter((_, index) => index !== at).map(remap);
  return build.project(build.join(inputs, [equivalence], residual), to);
}

export const fallibleKeys = localRule('fallible-keys', kinds('join'), (node) =>
  node.kind === 'join' ? liftFirst(node) : node,
);
