/**
 * Rewriting with what is known of the inputs: their unique keys, also through bindings.
 */
import type { MirRelation } from '../../mir.ts';
import { freeBindings } from '../../mir/bindings.ts';
import type { Kinds } from '../../mir/kinds.ts';
import { hasSome, isOf } from '../../mir/kinds.ts';
import { mapInputs, withInputs } from '../../mir/traverse.ts';
import { uniqueKeys } from './keys.ts';
import type { Keys, KeysOfObject } from './keys.ts';

/**
 * Rewrites the nodes of these kinds bottom-up; `keysOf` tells the unique keys of the node's inputs. With a `bit` (`settledBit`), for a rewrite that
 * asks for nothing but the node, what is below it and keys: what it leaves as it is, is not looked at again.
 */
export function rewriteWithKeys(
  relation: MirRelation,
  keysOfObject: KeysOfObject,
  of: Kinds,
  rewrite: (node: MirRelation, keysOf: (input: MirRelation) => Keys) => MirRelation,
  bit = 0,
): MirRelation {
  const over = (bindings: ReadonlyMap<number, Keys>): ((node: MirRelation) => MirRelation) => {
    const keysOf = (input: MirRelation): Keys => uniqueKeys(input, keysOfObject, bindings);
    const walk = (node: MirRelation): MirRelation => {
      if ((node.notes.settled & bit) !== 0 || !hasSome(node, of)) return node;
      const after = node.kind === 'let' ? inLet(node) : mapInputs(node, walk);
      const outcome = isOf(after, of) ? rewrite(after, keysOf) : after;
      // Keys of bindings that are made around it may become more.
      if (outcome === node && freeBindings(node).size === 0) node.notes.settled |= bit;
      return outcome;
    };
    const inLet = (node: Extract<MirRelation, { kind: 'let' }>): MirRelation => {
      const value = walk(node.value);
      const body = over(new Map([...bindings, [node.binding, keysOf(value)]]))(node.body);
      return withInputs(node, [value, body]);
    };
    return walk;
  };
  return over(new Map())(relation);
}
