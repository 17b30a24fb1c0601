/**
 * Rule 23: a threshold over rows that are never negative is its input.
 *
 *     threshold(distinct x)     →  distinct x
 *     distinct(threshold x)     →  distinct x
 */
import type { MirRelation } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { inputs } from '../../mir/traverse.ts';
import { localRule } from '../local-rule.ts';

/** Whether no row of it can have a negative multiplicity. */
function isNonNegative(relation: MirRelation): boolean {
  switch (relation.kind) {
    case 'constant':
      return relation.rows.every(({ diff }) => diff >= 0);
    case 'get':
    case 'distinct':
    case 'threshold':
    case 'reduce':
      return true;
    case 'negate':
    case 'getLet':
    case 'let':
      return false;
    default:
      return inputs(relation).every(isNonNegative);
  }
}

function rewrite(node: MirRelation): MirRelation {
  switch (node.kind) {
    case 'threshold':
      return isNonNegative(node.input) ? node.input : node;
    case 'distinct':
      return node.input.kind === 'threshold' ? build.distinct(node.input.input) : node;
    default:
      return node;
  }
}

export const thresholdElision = localRule(
  'threshold-elision',
  kinds('threshold', 'distinct'),
  rewrite,
  kinds('threshold'),
);
