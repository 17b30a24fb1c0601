/**
 * Relations whose rows come and never go: whatever is behind the first of them now is behind them for good. So a maximum, a
 * top-k or DISTINCT ON over one need not keep the rows that lost.
 */
import type { ObjectId } from '../../catalog.ts';
import type { MirRelation } from '../../mir.ts';

export interface AppendOnly {
  readonly object: (object: ObjectId) => boolean;
  readonly binding: (binding: number) => boolean;
}

/** Whether no row of it is ever taken away, and none counts less than once. */
export function isAppendOnly(relation: MirRelation, known: AppendOnly): boolean {
  const of = (input: MirRelation): boolean => isAppendOnly(input, known);
  switch (relation.kind) {
    case 'constant':
      return relation.rows.every(({ diff }) => diff > 0);
    case 'get':
      return known.object(relation.object);
    case 'getLet':
      return known.binding(relation.binding);
    case 'let': {
      const value = of(relation.value);
      return isAppendOnly(relation.body, {
        ...known,
        binding: (binding) => (binding === relation.binding ? value : known.binding(binding)),
      });
    }
    case 'filter':
    case 'map':
    case 'project':
    case 'flatMap':
    case 'distinct':
    case 'threshold':
    case 'guard':
      return of(relation.input);
    case 'join':
    case 'union':
      return relation.inputs.every(of);
    case 'semiJoin':
      // A partner that comes stays.
      return !relation.anti && of(relation.left) && of(relation.right);
    case 'reduce':
      // Groups come; what is computed of them changes.
      return relation.aggregates.length === 0 && of(relation.input);
    case 'topK':
    case 'window':
    case 'negate':
      return false;
  }
}
