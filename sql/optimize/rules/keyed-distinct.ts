/**
 * Rule 11: rows that a unique key tells apart are not told apart again.
 *
 *     select distinct id, name from t            (id is the primary key)  →  select id, name from t
 *     (select … where id = 1) as a scalar        guard: one row           →  no guard
 *     select distinct on (id) … from t                                    →  select … from t
 *
 * A guard keyed by a unique key never sees a second row; a top-k whose partitions have one row each keeps them all.
 */
import type { MirRelation, MirScalar } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import type { Rule } from '../pipeline.ts';
import { coversKey } from '../analysis/keys.ts';
import type { Keys } from '../analysis/keys.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import { settledBit } from '../local-rule.ts';

/** Whether scalars, as they are, hold a unique key. A canonical one does not tell equal values apart. */
export function holdKey(keys: Keys, scalars: readonly MirScalar[]): boolean {
  return coversKey(
    keys,
    new Set(scalars.flatMap((scalar) => (scalar.kind === 'column' ? [scalar.index] : []))),
  );
}

function rewriteTopK(node: build.MirNode<'topK'>, keysOf: (input: MirRelation) => Keys): MirRelation {
  const { limit, offset, input } = node;
  if (offset !== null && !(offset.kind === 'literal' && offset.text === '0')) return node;
  if (limit === null || (limit.kind === 'literal' && limit.text === null)) return input;
  if (limit.kind !== 'literal' || BigInt(limit.text!) < 1n) return node;
  return holdKey(keysOf(input), node.partition) ? input : node;
}

function rewrite(node: MirRelation, keysOf: (input: MirRelation) => Keys): MirRelation {
  switch (node.kind) {
    case 'distinct':
      return keysOf(node.input).length > 0 ? node.input : node;
    case 'guard':
      return holdKey(keysOf(node.input), node.keys) ? node.input : node;
    case 'topK':
      return rewriteTopK(node, keysOf);
    default:
      return node;
  }
}

const bit = settledBit();

export const keyedDistinct: Rule = {
  name: 'keyed-distinct',
  apply: (relation, context) =>
    rewriteWithKeys(relation, context.keysOfObject, kinds('distinct', 'guard', 'topK'), rewrite, bit),
};
