import type { DeleteStmt } from '@pgsql/types';
import type { HirRelation, HirWrite } from '../../hir.ts';
import { expressionContext } from '../context.ts';
import type { QueryContext } from '../context.ts';
import { bindWith } from '../cte.ts';
import { bindCondition } from '../expression.ts';
import { filter, project } from '../relation.ts';
import { bindReturning } from './returning.ts';
import { bindTarget, targetRows } from './target.ts';

/** DELETE: the old rows. */
export function bindDelete(node: DeleteStmt, outer: QueryContext): HirWrite {
  const { statement } = outer;
  const { context, wrap } = bindWith(node.withClause, outer);
  const target = bindTarget(node.relation!, 'delete from', context);
  const { table: relation } = target;
  const from = targetRows(target, node.relation!, node.usingClause, context);
  const scope = { items: from.items, outer: null };
  let rows: HirRelation = from.relation;
  if (node.whereClause !== undefined) {
    rows = filter(rows, bindCondition(node.whereClause, expressionContext(context, scope, 'WHERE'), 'WHERE'));
  }
  const joined = node.usingClause === undefined ? null : relation.columns.length;
  if (joined !== null && node.returningClause === undefined) {
    rows = project(
      rows,
      relation.columns.map((_, i) => i),
    );
  }
  return {
    operation: 'delete',
    object: relation.id,
    relation: wrap(rows),
    joined,
    returning: bindReturning(
      node.returningClause,
      { target, node: node.relation!, old: 0, new: null, others: from.items.slice(1) },
      context,
    ),
    parameters: statement.parameters(),
  };
}
