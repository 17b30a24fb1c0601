/**
 * Rewriting with what is known of the inputs: their unique keys, also through bindings.
 */
import type { MirRelation } from '../../mir.ts';
import { inputs, withInputs } from '../../mir/traverse.ts';
import { uniqueKeys } from './keys.ts';
import type { Keys, KeysOfObject } from './keys.ts';

/** Rewrites bottom-up; `keysOf` tells the unique keys of the node's inputs. */
export function rewriteWithKeys(
  relation: MirRelation,
  keysOfObject: KeysOfObject,
  rewrite: (node: MirRelation, keysOf: (input: MirRelation) => Keys) => MirRelation,
): MirRelation {
  const walk = (node: MirRelation, bindings: ReadonlyMap<number, Keys>): MirRelation => {
    const keysOf = (input: MirRelation): Keys => uniqueKeys(input, keysOfObject, bindings);
    if (node.kind === 'let') {
      const value = walk(node.value, bindings);
      const body = walk(node.body, new Map([...bindings, [node.binding, keysOf(value)]]));
      return rewrite(withInputs(node, [value, body]), keysOf);
    }
    const before = inputs(node);
    if (before.length === 0) return rewrite(node, keysOf);
    return rewrite(
      withInputs(
        node,
        before.map((input) => walk(input, bindings)),
      ),
      keysOf,
    );
  };
  return walk(relation, new Map());
}
