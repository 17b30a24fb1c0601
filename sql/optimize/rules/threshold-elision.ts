/**
 * Rule 23: a threshold over rows that are never negative is its input.
 *
 *     threshold(distinct x)     →  distinct x
 *     distinct(threshold x)     →  distinct x
 */
import type { MirRelation } from '../../mir.ts';
import { kinds } from '../../mir/kinds.ts';
import * as build from '../../mir/relation.ts';
import { isNonNegative } from '../analysis/non-negative.ts';
import { localRule } from '../local-rule.ts';

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
