/**
 * Rule 28: of each input of a union no more rows are wanted than of all.
 *
 *     (select … from a union all select … from b) order by x limit 10
 *         →   (select … from a order by x limit 10) union all (select … from b order by x limit 10)  order by x limit 10
 *
 * Each is then read in the order of an index, where it has one. An input that could take rows of another back keeps them all.
 */
import type { MirRelation } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { below, firstRows, rowsRead } from '../analysis/first-rows.ts';
import type { MirTopK } from '../analysis/first-rows.ts';
import type { Keys } from '../analysis/keys.ts';
import { isNonNegative } from '../analysis/non-negative.ts';
import { rewriteWithKeys } from '../analysis/with-keys.ts';
import type { Rule } from '../pipeline.ts';

/** Whether these may be the rows of an outer join that have no partner: rule 26 has the kept side give fewer. */
function isAlone(input: MirRelation): boolean {
  return below(input, 'semiJoin')?.node.anti === true;
}

function rewriteTopK(node: MirTopK, keysOf: (input: MirRelation) => Keys): MirRelation {
  const limit = rowsRead(node);
  const found = limit && below(node.input, 'union');
  if (limit === null || found === null || !found.node.inputs.every(isNonNegative)) return node;
  if (found.node.inputs.some(isAlone)) return node;
  const wanted = { node, limit, place: (index: number) => index };
  const fewer = found.node.inputs.map((relation) => {
    if (relation.kind === 'constant' || below(relation, 'topK') !== null) return relation;
    // Rows that tie go by their bytes, which are those of the same rows.
    if (found.node === node.input) return build.topK(relation, { ...node, limit, offset: null });
    return firstRows({ relation, place: found.place, keys: keysOf(relation) }, wanted) ?? relation;
  });
  if (fewer.every((input, index) => input === found.node.inputs[index])) return node;
  return build.topK(found.around(build.union(fewer, found.node.keys)), node);
}

export const topKBelowUnion: Rule = {
  name: 'top-k-below-union',
  apply: (relation, context) =>
    rewriteWithKeys(relation, context.keysOfObject, kinds('topK'), (node, keysOf) =>
      node.kind === 'topK' ? rewriteTopK(node, keysOf) : node,
    ),
};
