/**
 * Rule 13: an outer join whose other side nobody reads, and of which a row has at most one partner, is its kept side.
 *
 *     select o.id from orders o left join customers c on c.id = o.customer_id   →   select o.id from orders o
 *
 * By then it is a union of the rows with a partner and those without, both from the kept side:
 *
 *     x ⋈ y  +  x ▷ y   =   x      if y is unique by the join's keys
 *
 * After demand, which tells what is read.
 */
import type { MirEquivalence, MirKeyPair, MirRelation } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { sameScalar, shiftColumns } from '../../mir/scalar.ts';
import { RelationIdentity } from '../analysis/identity.ts';
import type { Keys } from '../analysis/keys.ts';
import { coversKey, keyColumn } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { Rule } from '../pipeline.ts';

interface Part<N extends MirRelation> {
  readonly node: N;
  /** The columns of the node that the part shows. */
  readonly shown: readonly number[];
}

/** A node, perhaps under a projection. */
function partOf<K extends MirRelation['kind']>(
  relation: MirRelation,
  kind: K,
): Part<build.MirNode<K>> | null {
  const node = relation.kind === 'project' ? relation.input : relation;
  if (node.kind !== kind) return null;
  const shown = relation.kind === 'project' ? relation.indexes : node.columns.map((_, index) => index);
  return { node: node as build.MirNode<K>, shown };
}

/** Whether the join's equalities are these keys. */
function sameKeys(
  equivalences: readonly MirEquivalence[],
  keys: readonly MirKeyPair[],
  arity: number,
): boolean {
  return (
    equivalences.length === keys.length &&
    keys.every((key) =>
      equivalences.some(
        ({ scalars, nullSafe }) =>
          nullSafe === key.nullSafe &&
          scalars.length === 2 &&
          sameScalar(scalars[0]!, key.left) &&
          sameScalar(scalars[1]!, shiftColumns(key.right, arity)),
      ),
    )
  );
}

/** The kept side, if `inner` and `alone` are its rows with and without a partner. */
function keptSide(
  inner: MirRelation,
  alone: MirRelation,
  identity: RelationIdentity,
  keysOf: (input: MirRelation) => Keys,
): MirRelation | null {
  const joined = partOf(inner, 'join');
  const anti = partOf(alone, 'semiJoin');
  if (joined === null || anti === null || !anti.node.anti) return null;
  const { inputs, equivalences, residual } = joined.node;
  if (inputs.length !== 2 || residual.length > 0 || equivalences.length === 0) return null;
  const { left, right, keys } = anti.node;
  // The join's inputs may stand the other way round than the semi-join's.
  const arity = left.columns.length;
  if (!identity.same(inputs[0]!, left) || !identity.same(inputs[1]!, right)) return null;
  if (!sameKeys(equivalences, keys, arity)) return null;
  const same =
    joined.shown.length === anti.shown.length &&
    joined.shown.every((index, at) => index === anti.shown[at] && index < arity);
  const matched = new Set(keys.flatMap((key) => keyColumn(key.right) ?? []));
  return same && coversKey(keysOf(right), matched) ? build.project(left, joined.shown) : null;
}

function rewriteUnion(
  node: build.MirNode<'union'>,
  identity: RelationIdentity,
  keysOf: (input: MirRelation) => Keys,
): MirRelation {
  for (const [first, inner] of node.inputs.entries()) {
    for (const [second, alone] of node.inputs.entries()) {
      const kept = first === second ? null : keptSide(inner, alone, identity, keysOf);
      if (kept === null) continue;
      const others = node.inputs.filter((_, index) => index !== first && index !== second);
      return others.length === 0 ? kept : build.union([kept, ...others], node.keys);
    }
  }
  return node;
}

export const unreadPartner: Rule = {
  name: 'unread-partner',
  apply: (relation, context) => {
    const identity = new RelationIdentity();
    return rewriteWithKeys(relation, context.keysOfObject, kinds('union'), (node, keysOf) =>
      node.kind === 'union' ? rewriteUnion(node, identity, keysOf) : node,
    );
  },
};
