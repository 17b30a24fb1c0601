import type { DeleteStmt } from '@pgsql/types';
import type { HirRelation, HirWrite } from '../../hir.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { bindWith } from '../cte.ts';
import { bindCondition } from '../expression.ts';
import { filter, project } from '../relation.ts';
import { bindReturning, bindTarget, oncePerRow, targetRows } from './target.ts';

/** DELETE: the old rows. */
export function bindDelete(node: DeleteStmt, outer: QueryContext): HirWrite {
  const { statement } = outer;
  const { context, wrap } = bindWith(node.withClause, outer);
  const relation = bindTarget(node.relation!, 'delete from', context);
  const from = targetRows(relation, node.relation!, node.usingClause, 'DELETE … USING', context);
  const scope = { items: from.items, outer: null };
  let rows: HirRelation = from.relation;
  if (node.whereClause !== undefined) {
    rows = filter(rows, bindCondition(node.whereClause, expressionContext(context, scope, 'WHERE'), 'WHERE'));
  }
  if (node.usingClause !== undefined) {
    const own = relation.columns.map((_, i) => i);
    rows = oncePerRow(relation, project(rows, own));
  }
  return {
    operation: 'delete',
    object: relation.id,
    relation: wrap(rows),
    returning: bindReturning(node.returningClause, relation, node.relation!, context),
    parameters: statement.parameters(),
  };
}
