/**
 * Rule 1: a binding that is read once, or that costs nothing to read twice, is put where it is read.
 *
 *     with x as (select a from t) select * from x where a > 1   →   select a from t where a > 1
 *
 * First, because every other rule sees more through a relation than through its name.
 */
import type { MirRelation } from '../../mir.ts';
import { countReads, substituteBinding } from '../../mir/bindings.ts';
import { kinds } from '../../mir/kinds.ts';
import { localRule } from '../local-rule.ts';

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

function inline(relation: MirRelation): MirRelation {
  if (relation.kind !== 'let') return relation;
  const { binding, value, body } = relation;
  const reads = countReads(body, binding);
  if (reads === 0) return body;
  return reads === 1 || isFree(value) ? substituteBinding(body, binding, value) : relation;
}

export const inlineLet = localRule('inline-let', kinds('let'), inline);
