import type { DeleteStmt } from '@pgsql/types';
import type { HirRelation, HirWrite } from '../../hir.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { bindWith } from '../cte.ts';
import { bindCondition } from '../expression.ts';
import { relationOf } from '../from.ts';
import { filter } from '../relation.ts';
import type { Scope } from '../scope.ts';
import { bindReturning, bindTarget, targetItem } from './target.ts';

/** DELETE: the old rows. */
export function bindDelete(node: DeleteStmt, outer: QueryContext): HirWrite {
  const { statement } = outer;
  const { context, wrap } = bindWith(node.withClause, outer);
  const relation = bindTarget(node.relation!, 'delete from', context);
  if (node.usingClause !== undefined) {
    throw statement.unsupported('DELETE … USING', undefined, 'Use a subquery in WHERE.');
  }
  const scope: Scope = { items: [targetItem(relation, node.relation!)], outer: null };
  let rows: HirRelation = relationOf(relation, context);
  if (node.whereClause !== undefined) {
    rows = filter(rows, bindCondition(node.whereClause, expressionContext(context, scope, 'WHERE'), 'WHERE'));
  }
  return {
    operation: 'delete',
    object: relation.id,
    relation: wrap(rows),
    returning: bindReturning(node.returningClause, relation, node.relation!, context),
    parameters: statement.parameters(),
  };
}
