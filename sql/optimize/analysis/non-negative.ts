import type { MirRelation } from '../../mir.ts';
import { inputs } from '../../mir/traverse.ts';

/** Whether no row of it can have a negative multiplicity. */
export function isNonNegative(relation: MirRelation): boolean {
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
