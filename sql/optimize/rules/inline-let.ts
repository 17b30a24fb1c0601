/**
 * Rule 1: a binding that is read once, or that costs nothing to read twice, is put where it is read.
 *
 *     with x as (select a from t) select * from x where a > 1   →   select a from t where a > 1
 *
 * First, because every other rule sees more through a relation than through its name.
 */
import type { MirRelation } from '../../mir.ts';
import { inputs, rewriteRelation, visitRelation } from '../../mir/traverse.ts';
import type { Rule } from '../pipeline.ts';

/** Reads of a named relation or of another binding, and constants of a row, are shared by what they name. */
function isFree(relation: MirRelation): boolean {
  switch (relation.kind) {
    case 'get':
    case 'getLet':
      return true;
    case 'constant':
      return relation.rows.length <= 1;
    case 'project':
      return isFree(relation.input);
    default:
      return false;
  }
}

function substitute(body: MirRelation, binding: number, value: MirRelation): MirRelation {
  return rewriteRelation(body, (node) => (node.kind === 'getLet' && node.binding === binding ? value : node));
}

function inline(relation: MirRelation): MirRelation {
  if (relation.kind !== 'let') return relation;
  let reads = 0;
  visitRelation(relation.body, (node) => {
    if (node.kind === 'getLet' && node.binding === relation.binding) reads += 1;
  });
  if (reads === 0) return relation.body;
  if (reads === 1 || isFree(relation.value)) {
    return substitute(relation.body, relation.binding, relation.value);
  }
  return relation;
}

export const inlineLet: Rule = {
  name: 'inline-let',
  apply: (relation) => (inputs(relation).length === 0 ? relation : rewriteRelation(relation, inline)),
};
