/**
 * Rule 4: neighbours of one kind become one node.
 *
 *     (select * from (select * from t where p) where q)   →   filter p and q
 *     (a join b) join c                                   →   join(a, b, c)
 *     (x union all y) union all z                         →   union(x, y, z)
 *
 * A projection between two joins is lifted above both, so that they can be one. A key of the outer one that is made of several
 * inputs of the inner one is compared with its partners behind both.
 */
import type { MirEquivalence, MirRelation, MirScalar } from '../../mir.ts';
import { keyEquality } from '../../mir/equality.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { columnsRead, isTrueLiteral, remapColumns } from '../../mir/scalar.ts';
import { localRule } from '../local-rule.ts';

type MirJoin = Extract<MirRelation, { kind: 'join' }>;

/** A join input that is a join itself, perhaps under a projection. */
function nestedJoin(input: MirRelation): { join: MirJoin; indexes: readonly number[] | null } | null {
  if (input.kind === 'join') return { join: input, indexes: null };
  if (input.kind === 'project' && input.input.kind === 'join')
    return { join: input.input, indexes: input.indexes };
  return null;
}

function fuseJoin(relation: MirJoin): MirRelation {
  const dropsUnit = relation.inputs.length > 1 && relation.inputs.some(build.isUnit);
  if (!dropsUnit && !relation.inputs.some((input) => nestedJoin(input) !== null)) return relation;
  const inputs: MirRelation[] = [];
  const equivalences: MirEquivalence[] = [];
  const residual: MirScalar[] = [];
  /** Where each of the join's columns stands in the fused join. */
  const to: number[] = [];
  let arity = 0;
  for (const input of relation.inputs) {
    const offset = arity;
    const nested = nestedJoin(input);
    if (build.isUnit(input)) continue;
    if (nested === null) {
      inputs.push(input);
      input.columns.forEach((_, index) => to.push(offset + index));
      arity += input.columns.length;
      continue;
    }
    const { join, indexes } = nested;
    const shift = (scalar: MirScalar): MirScalar => remapColumns(scalar, (index) => index + offset);
    inputs.push(...join.inputs);
    for (const item of join.equivalences) equivalences.push({ ...item, scalars: item.scalars.map(shift) });
    residual.push(...join.residual.map(shift));
    (indexes ?? join.columns.map((_, index) => index)).forEach((index) => to.push(offset + index));
    arity += join.columns.length;
  }
  const remap = (scalar: MirScalar): MirScalar => remapColumns(scalar, (index) => to[index]!);
  for (const { scalars, nullSafe } of relation.equivalences) {
    // A key of an input that was a join may read several of the join's inputs: then it is compared behind the fused join.
    const over = scalars.map(remap);
    const keys = over.filter((scalar) => readsOne(scalar, inputs));
    if (keys.length > 1) equivalences.push({ scalars: keys, nullSafe });
    const first = keys[0] ?? over[0]!;
    const compared = over.filter((scalar) => scalar !== first && !keys.includes(scalar));
    residual.push(...compared.flatMap((scalar) => keyEquality(first, scalar, nullSafe)));
  }
  residual.push(...relation.residual.map(remap));
  if (inputs.length === 0) inputs.push(build.UNIT);
  return build.project(build.join(inputs, equivalences, residual), to);
}

/** Whether all columns that it reads are one input's. */
function readsOne(scalar: MirScalar, inputs: readonly MirRelation[]): boolean {
  const read = [...columnsRead(scalar)];
  let start = 0;
  return inputs.some(({ columns }) => {
    const from = start;
    start += columns.length;
    return read.every((index) => index >= from && index < start);
  });
}

function rewrite(relation: MirRelation): MirRelation {
  switch (relation.kind) {
    case 'filter': {
      const predicates = relation.predicates.filter((predicate) => !isTrueLiteral(predicate));
      if (relation.input.kind === 'filter') {
        return build.filter(relation.input.input, [...relation.input.predicates, ...predicates]);
      }
      return predicates.length === relation.predicates.length
        ? relation
        : build.filter(relation.input, predicates);
    }
    case 'map':
      return relation.input.kind === 'map'
        ? build.map(relation.input.input, [...relation.input.scalars, ...relation.scalars])
        : relation;
    case 'project': {
      const { input, indexes } = relation;
      return input.kind === 'project'
        ? rewrite(
            build.project(
              input.input,
              indexes.map((index) => input.indexes[index]!),
            ),
          )
        : relation;
    }
    case 'union': {
      if (relation.inputs.length === 1) return relation.inputs[0]!;
      if (!relation.inputs.some((input) => input.kind === 'union')) return relation;
      const inputs = relation.inputs.flatMap((input) => (input.kind === 'union' ? input.inputs : [input]));
      return build.union(inputs, relation.keys);
    }
    case 'join':
      return fuseJoin(relation);
    case 'negate':
      return relation.input.kind === 'negate' ? relation.input.input : relation;
    case 'distinct':
      return relation.input.kind === 'distinct' ? relation.input : relation;
    default:
      return relation;
  }
}

export const fuse = localRule(
  'fuse',
  kinds('filter', 'map', 'project', 'union', 'join', 'negate', 'distinct'),
  rewrite,
);
