/** Subqueries in expressions. */
import type { SubLink } from '@pgsql/types';
import { locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirRelation, HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import type { ExpressionContext, QueryContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { equalityOperands, findOperator, operand } from './operator.ts';
import { callFunction } from './body.ts';
import { bindSubquery } from './query.ts';
import { columnOf, project, projectScalars } from './relation.ts';
import { columnType, not, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** `(SELECT …)`, EXISTS, IN, op ANY, op ALL. */
export function bindSubLink(node: SubLink, context: ExpressionContext): Bound {
  const { statement } = context;
  const at = locationOf(node);
  if (context.clause === 'DEFAULT expressions') {
    throw statement.error('0A000', 'cannot use subquery in DEFAULT expression', at);
  }
  const inner = around(context);
  const relation = (): HirRelation => bindSubquery(node.subselect!, inner);
  switch (node.subLinkType) {
    case 'EXISTS_SUBLINK':
      return { scalar: { kind: 'exists', relation: relation() }, at };
    case 'EXPR_SUBLINK': {
      const bound = oneColumn(relation(), context, at);
      const { name, typmod } = bound.columns[0]!.type;
      return { scalar: { kind: 'scalarSubquery', relation: bound, type: { name, typmod } }, at };
    }
    case 'ANY_SUBLINK':
    case 'ALL_SUBLINK':
      return quantified(node, relation, context, at);
    case 'ARRAY_SUBLINK':
      throw statement.unsupported('arrays', at);
    default:
      throw statement.unsupported('this kind of subquery', at);
  }
}

/** What a subquery in an expression sees. */
function around(context: ExpressionContext): QueryContext {
  const { statement, clause, collector, insideAggregate } = context;
  const site = { clause, collector, insideAggregate };
  return { statement, ctes: context.query.ctes, outer: { ...context.scope, site } };
}

/** One column of the row that `(a, b) = (SELECT x, y …)` assigns. */
export function bindRowColumn(
  node: SubLink,
  column: number,
  count: number,
  context: ExpressionContext,
): Bound {
  const at = locationOf(node);
  const row = bindSubquery(node.subselect!, around(context));
  if (row.columns.length !== count) {
    throw context.statement.error('42601', 'number of columns does not match number of values', at);
  }
  const { name, typmod } = row.columns[column]!.type;
  const relation = project(row, [column]);
  return { scalar: { kind: 'scalarSubquery', relation, type: { name, typmod } }, at };
}

function oneColumn(relation: HirRelation, context: ExpressionContext, at: number | undefined): HirRelation {
  if (relation.columns.length !== 1) {
    throw context.statement.error('42601', 'subquery must return only one column', at);
  }
  return relation;
}

function quantified(
  node: SubLink,
  bindRelation: () => HirRelation,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  if (nodeAs(node.testexpr, 'RowExpr') !== undefined) {
    throw statement.unsupported('row comparison with a subquery', at, 'Write it as a join.');
  }
  // Without a name it is IN.
  const written = node.operName === undefined ? '=' : nameParts(node.operName).pop()!;
  const name = written === '!=' ? '<>' : written;
  const relation = bindRelation();
  const left = bindExpression(node.testexpr!, context);
  if (relation.columns.length !== 1) {
    const many = relation.columns.length > 1;
    throw statement.error('42601', `subquery has too ${many ? 'many' : 'few'} columns`, at);
  }
  const right: Bound = { scalar: columnOf(relation, 0), at };
  const quantifier = node.subLinkType === 'ALL_SUBLINK' ? 'all' : 'any';
  const place = leftmost(at, left.at);
  // x <> ALL (…) is NOT (x = ANY (…)), which is better known.
  const negatedEquality = name === '<>' && quantifier === 'all';
  const equality = name === '=' || negatedEquality;
  const sides = equality
    ? equalityOperands(context, left, right, at)
    : otherOperands(name, left, right, context, at);
  const value = sides.right;
  const compared = projectScalars(relation, [{ name: relation.columns[0]!.name, scalar: value }]);
  const comparison = callFunction(
    context,
    sides.operator.function,
    [
      { kind: 'column', index: 0, type: columnType(sides.left) },
      { kind: 'column', index: 1, type: columnType(value) },
    ],
    sides.operator.name,
  );
  if (typeOf(comparison).name !== 'bool') {
    const result = displayType(typeOf(comparison).name);
    throw statement.error('42804', `operator ${name} must return type boolean, not type ${result}`, at);
  }
  const scalar: HirScalar = {
    kind: 'quantified',
    quantifier: negatedEquality ? 'any' : quantifier,
    left: sides.left,
    comparison,
    equality: equality && (quantifier === 'any' || negatedEquality),
    relation: compared,
  };
  return { scalar: negatedEquality ? not(scalar) : scalar, at: place };
}

function otherOperands(
  name: string,
  left: Bound,
  right: Bound,
  context: ExpressionContext,
  at: number | undefined,
): ReturnType<typeof equalityOperands> {
  const operator = findOperator(context, name, typeOf(left.scalar).name, typeOf(right.scalar).name, at);
  return {
    left: operand(context, left, operator.left!),
    right: operand(context, right, operator.right),
    operator,
  };
}
