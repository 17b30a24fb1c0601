/**
 * Linear relations: each row around them adds rows of its own, whatever other rows there are. Lowered under a domain
 * they keep its multiplicities, so the domain may be the outer relation itself, and nothing is joined back: a lateral
 * join with one is a plain join.
 */
import type { HirRelation } from '../hir.ts';
import type { LoweringContext } from './context.ts';

export function isLinear(context: LoweringContext, relation: HirRelation): boolean {
  const of = (input: HirRelation): boolean => isLinear(context, input);
  switch (relation.kind) {
    case 'constant':
    case 'get':
    case 'tableFunction':
      return true;
    case 'getLet':
      return !context.isCorrelated(relation);
    case 'let':
      return !context.isCorrelated(relation.value) && of(relation.body);
    case 'filter':
    case 'map':
    case 'project':
    case 'timeWindow':
      return of(relation.input);
    case 'join':
      // The right side of an inner or left join is applied to the left's rows, by keys of their own.
      return (relation.type === 'inner' || relation.type === 'left') && of(relation.left);
    case 'setOperation':
      return relation.operation === 'union' && relation.all && of(relation.left) && of(relation.right);
    case 'aggregate':
    case 'distinct':
    case 'topK':
    case 'window':
      return !context.isCorrelated(relation);
  }
}
