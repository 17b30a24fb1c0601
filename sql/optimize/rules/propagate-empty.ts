/**
 * Rule 5: what reads nothing yields nothing.
 *
 *     select * from t where false            →  no rows
 *     select * from t join (no rows) on p    →  no rows
 *     x union all (no rows)                  →  x
 *     x where not exists (a row)             →  no rows
 *
 * Errors that the dropped part might have raised are raised by no row of the result; the law allows fewer.
 */
import type { MirRelation } from '../../mir.ts';
import * as build from '../../mir/relation.ts';
import { isFalseLiteral, isNullLiteral } from '../../mir/scalar.ts';
import type { MirScalar } from '../../mir.ts';
import { kinds, otherKinds } from '../../mir/kinds.ts';
import { localRule } from '../local-rule.ts';

const never = (predicate: MirScalar): boolean => isFalseLiteral(predicate) || isNullLiteral(predicate);

function rewrite(relation: MirRelation): MirRelation {
  const none = (): MirRelation => build.empty(relation.columns);
  switch (relation.kind) {
    case 'constant':
    case 'get':
    case 'getLet':
      return relation;
    case 'let':
      return build.isEmpty(relation.body) ? none() : relation;
    case 'filter':
      return build.isEmpty(relation.input) || relation.predicates.some(never) ? none() : relation;
    case 'join':
      return relation.inputs.some(build.isEmpty) || relation.residual.some(never) ? none() : relation;
    case 'semiJoin':
      if (build.isEmpty(relation.left)) return none();
      if (relation.keys.length === 0 && build.isUnit(relation.right)) {
        return relation.anti ? none() : relation.left;
      }
      if (!build.isEmpty(relation.right)) return relation;
      return relation.anti ? relation.left : none();
    case 'union': {
      const inputs = relation.inputs.filter((input) => !build.isEmpty(input));
      if (inputs.length === relation.inputs.length) return relation;
      return inputs.length === 0 ? none() : build.union(inputs, relation.keys);
    }
    default:
      // A reduction of nothing has no group; the default row of a global aggregate is a union's.
      return build.isEmpty(relation.input) ? none() : relation;
  }
}

export const propagateEmpty = localRule(
  'propagate-empty',
  otherKinds('constant', 'get', 'getLet'),
  rewrite,
  kinds('constant', 'filter', 'join'),
);
