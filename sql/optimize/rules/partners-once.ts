/**
 * An outer join looks for its partners once, where a row has at most one.
 *
 *     x ⋈ y  +  x ▷ y   →   let j = x ⋈ y in  j  +  (x − j's rows of x)     if y is unique by the join's keys
 *
 * The rows without a partner are those that the join lacks: nothing has to be looked up to find them. Late, when what reads
 * one side alone has been simplified: the two parts are recognized by what they read, whatever is projected from it.
 */
import type { MirKeyPair, MirRelation, MirScalar } from '../../mir.ts';
import { boundIn } from '../../mir/bindings.ts';
import { hasSome, kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { canonical, remapColumns, sameScalar, scalarKey, shiftColumns } from '../../mir/scalar.ts';
import { mapInputs } from '../../mir/traverse.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import type { Keys } from '../analysis/keys.ts';
import { coversKey } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { Rule } from '../pipeline.ts';

type MirJoin = build.MirNode<'join'>;
type MirSemiJoin = build.MirNode<'semiJoin'>;

/** A relation without its projections, and which columns of it the projections showed. */
interface Whole {
  readonly relation: MirRelation;
  readonly shown: readonly number[];
}

function wholeOf(relation: MirRelation): Whole {
  if (relation.kind === 'project') {
    const { relation: below, shown } = wholeOf(relation.input);
    return { relation: below, shown: relation.indexes.map((index) => shown[index]!) };
  }
  if (relation.kind === 'filter') {
    const { relation: below, shown } = wholeOf(relation.input);
    const predicates = relation.predicates.map((predicate) => over(predicate, shown));
    return { relation: build.filter(below, predicates), shown };
  }
  return { relation, shown: relation.columns.map((_, index) => index) };
}

const over = (scalar: MirScalar, shown: readonly number[]): MirScalar =>
  remapColumns(scalar, (index) => shown[index]!);

/** Whether they have the same rows, but for those that have a NULL in one of the `keys`: they have no partner. */
function sameButNulls(
  one: MirRelation,
  other: MirRelation,
  keys: readonly MirScalar[],
  identity: RelationIdentity,
): boolean {
  if (identity.same(one, other)) return true;
  const parts = [one, other].map((relation) =>
    relation.kind === 'filter' ? relation : { input: relation, predicates: [] },
  );
  if (!identity.same(parts[0]!.input, parts[1]!.input)) return false;
  const [first, second] = parts.map(({ predicates }) =>
    predicates.filter((predicate) => !saysKnown(predicate, keys)).map(scalarKey),
  );
  return first!.join(';') === second!.join(';');
}

/** `key IS NOT NULL`. */
function saysKnown(predicate: MirScalar, keys: readonly MirScalar[]): boolean {
  if (predicate.kind !== 'not' || predicate.operand.kind !== 'isNull') return false;
  const { operand } = predicate.operand;
  return keys.some((key) => sameScalar(key, operand) || sameScalar(key, canonical(operand)));
}

/** The node of this kind that a part of the union shows, perhaps with columns more, fewer or computed. */
function shownBy<K extends 'join' | 'semiJoin'>(part: MirRelation, kind: K): build.MirNode<K> | null {
  let node = part;
  while (node.kind === 'project' || node.kind === 'map' || node.kind === 'filter') node = node.input;
  return node.kind === kind ? (node as build.MirNode<K>) : null;
}

function replaced(part: MirRelation, node: MirRelation, by: MirRelation): MirRelation {
  return part === node ? by : mapInputs(part, (input) => replaced(input, node, by));
}

/** The join's inputs as they are without projections, and where its columns are among theirs. */
function wholeJoin(join: MirJoin): { readonly inputs: readonly Whole[]; readonly shown: readonly number[] } {
  const inputs = join.inputs.map(wholeOf);
  const width = inputs[0]!.relation.columns.length;
  const shown = inputs.flatMap((input, at) => input.shown.map((index) => index + at * width));
  return { inputs, shown };
}

/** The columns of the join (`left` and `right` of its inputs) are compared as the semi-join's are. */
function sameKeys(
  equivalences: MirJoin['equivalences'],
  keys: readonly MirKeyPair[],
  [left, right]: readonly [number, number],
): boolean {
  return (
    equivalences.length === keys.length &&
    keys.every((key) =>
      equivalences.some(({ scalars, nullSafe }) => {
        const pair = [shiftColumns(key.left, left), shiftColumns(key.right, right)];
        return (
          nullSafe === key.nullSafe &&
          scalars.length === 2 &&
          pair.every((scalar) => scalars.some((member) => sameScalar(member, scalar)))
        );
      }),
    )
  );
}

interface Found {
  readonly part: number;
  readonly node: MirSemiJoin;
  /** The input of the join that it keeps the rows of. */
  readonly side: 0 | 1;
  readonly kept: Whole;
}

/** The parts of a union that are the rows of one input of a join that have no partner in the other. */
function alone(
  union: build.MirNode<'union'>,
  join: MirJoin,
  identity: RelationIdentity,
  keysOf: (input: MirRelation) => Keys,
): Found[] {
  const { inputs, shown } = wholeJoin(join);
  const width = inputs[0]!.relation.columns.length;
  const equivalences = join.equivalences.map((item) => ({
    ...item,
    scalars: item.scalars.map((scalar) => over(scalar, shown)),
  }));
  const found: Found[] = [];
  for (const [part, input] of union.inputs.entries()) {
    const node = shownBy(input, 'semiJoin');
    if (node === null || !node.anti) continue;
    const [kept, partner] = [wholeOf(node.left), wholeOf(node.right)];
    const keys = node.keys.map((key) => ({
      ...key,
      left: over(key.left, kept.shown),
      right: over(key.right, partner.shown),
    }));
    // What is compared by its canonical form may be unique as it is only, where nothing but the optimizer made it so.
    const matched = new Set(keys.flatMap(({ right }) => (right.kind === 'column' ? right.index : [])));
    if (!coversKey(keysOf(partner.relation), matched)) continue;
    const strict = keys.filter(({ nullSafe }) => !nullSafe);
    const side = ([0, 1] as const).find(
      (at) =>
        !found.some((other) => other.side === at) &&
        sameKeys(equivalences, keys, at === 0 ? [0, width] : [width, 0]) &&
        sameButNulls(
          inputs[at]!.relation,
          kept.relation,
          strict.map(({ left }) => left),
          identity,
        ) &&
        sameButNulls(
          inputs[1 - at]!.relation,
          partner.relation,
          strict.map(({ right }) => right),
          identity,
        ),
    );
    if (side !== undefined) found.push({ part, node, side, kept });
  }
  return found;
}

function rewriteUnion(
  union: build.MirNode<'union'>,
  identity: RelationIdentity,
  keysOf: (input: MirRelation) => Keys,
  fresh: () => number,
): MirRelation {
  for (const [at, inner] of union.inputs.entries()) {
    const join = shownBy(inner, 'join');
    if (join === null || join.inputs.length !== 2 || join.equivalences.length === 0) continue;
    const found = alone(union, join, identity, keysOf);
    if (found.length === 0) continue;
    const { inputs, shown } = wholeJoin(join);
    const relations = inputs.map(({ relation }) => relation);
    const equivalences = join.equivalences.map((item) => ({
      ...item,
      scalars: item.scalars.map((scalar) => over(scalar, shown)),
    }));
    const partners = build.join(relations, equivalences);
    const name = build.getLet(fresh(), partners.columns);
    const starts = [0, relations[0]!.columns.length];
    const parts = union.inputs.map((part, index) => {
      if (index === at) {
        const residual = join.residual.map((scalar) => over(scalar, shown));
        return replaced(part, join, build.project(build.filter(name, residual), shown));
      }
      const one = found.find((each) => each.part === index);
      if (one === undefined) return part;
      const { relation } = one.kept;
      const own = relation.columns.map((_, column) => column + starts[one.side]!);
      const rest = build.union([relation, build.negate(build.project(name, own))], keysOf(relation));
      return replaced(part, one.node, build.project(rest, one.kept.shown));
    });
    return build.letIn((name as build.MirNode<'getLet'>).binding, partners, build.union(parts, union.keys));
  }
  return union;
}

const ANTI = kinds('semiJoin');

export const partnersOnce: Rule = {
  name: 'partners-once',
  apply: (relation, context) => {
    if (!hasSome(relation, ANTI)) return relation;
    const identity = new RelationIdentity();
    let next = Math.max(-1, ...boundIn(relation));
    const fresh = (): number => (next += 1);
    return rewriteWithKeys(relation, context.keysOfObject, kinds('union'), (node, keysOf) =>
      node.kind === 'union' ? rewriteUnion(node, identity, keysOf, fresh) : node,
    );
  },
};
