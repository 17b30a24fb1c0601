/** Expressions: one node kind to one function; the larger matters have files of their own. */
import type { BooleanTest, BoolExpr, ColumnRef, Node, NullTest, ParamRef, RowExpr } from '@pgsql/types';
import { locationOf, nameParts, nodeAs, nodeKind } from '../ast/accessors.ts';
import { SqlError } from '../error.ts';
import type { HirScalar } from '../hir.ts';
import { liftScalar } from '../hir/traverse.ts';
import { recordFields } from '../types/record.ts';
import { bindArray, bindSubscript } from './array.ts';
import { bindCast, bindCollate } from './cast.ts';
import { coerceToBoolean } from './coerce.ts';
import { bindCase, bindCoalesce, bindMinMax } from './conditional.ts';
import type { ExpressionContext } from './context.ts';
import { bindGroupingFunction } from './grouping-sets.ts';
import { bindFunctionCall } from './function-call.ts';
import { bindConstant } from './literal.ts';
import { bindOperatorExpression } from './operator-expression.ts';
import { bindRow, bindWholeRow, fieldOf, recordNullTest, rowValues } from './record.ts';
import { and, not, or, typeOf } from './scalar.ts';
import { resolveColumn } from './scope.ts';
import type { Scope } from './scope.ts';
import { bindSessionValue } from './session-value.ts';
import type { Bound } from './statement.ts';
import { refuseSets } from './set-returning.ts';
import { bindSqlJson } from './sql-json.ts';
import { bindSubLink } from './subquery.ts';

/** Binds an expression. Its type is `unknown` if it is an untyped literal or parameter. */
export function bindExpression(node: Node, context: ExpressionContext): Bound {
  const { statement } = context;
  const kind = nodeKind(node);
  const fields = (node as Record<string, unknown>)[kind] as { location?: number };
  const at = locationOf(fields);
  switch (kind) {
    case 'A_Const':
      return { scalar: bindConstant(statement, fields, at), at };
    case 'ColumnRef':
      return { scalar: bindColumn(fields as ColumnRef, context, at), at };
    case 'ParamRef':
      return { scalar: bindParameter(fields as ParamRef, context), at };
    case 'A_Expr':
      return bindOperatorExpression(nodeAs(node, 'A_Expr')!, context);
    case 'BoolExpr':
      return bindBoolean(fields as BoolExpr, context, at);
    case 'NullTest':
      return bindNullTest(fields as NullTest, context, at);
    case 'BooleanTest':
      return bindBooleanTest(fields as BooleanTest, context, at);
    case 'TypeCast':
      return bindCast(nodeAs(node, 'TypeCast')!, context);
    case 'CollateClause':
      return bindCollate(nodeAs(node, 'CollateClause')!, context);
    case 'FuncCall':
      return bindFunctionCall(nodeAs(node, 'FuncCall')!, context);
    case 'A_Indirection':
      return bindSubscript(nodeAs(node, 'A_Indirection')!, context);
    case 'CaseExpr':
      return bindCase(nodeAs(node, 'CaseExpr')!, context);
    case 'CoalesceExpr':
      return bindCoalesce(nodeAs(node, 'CoalesceExpr')!, context);
    case 'MinMaxExpr':
      return bindMinMax(nodeAs(node, 'MinMaxExpr')!, context);
    case 'SQLValueFunction':
      return bindSessionValue(nodeAs(node, 'SQLValueFunction')!, context);
    case 'SubLink':
      return bindSubLink(nodeAs(node, 'SubLink')!, context);
    case 'SetToDefault':
      throw statement.error('42601', 'DEFAULT is not allowed in this context', at);
    case 'A_ArrayExpr':
      return bindArray(nodeAs(node, 'A_ArrayExpr')!, null, context);
    case 'RowExpr':
      return bindRow(nodeAs(node, 'RowExpr')!, context);
    case 'GroupingFunc':
      return bindGroupingFunction(nodeAs(node, 'GroupingFunc')!, context);
    case 'MergeSupportFunc':
      return { scalar: bindMergeAction(context, at), at };
    case 'XmlExpr':
    case 'XmlSerialize':
      throw statement.unsupported('type xml', at);
    case 'CurrentOfExpr':
      throw statement.unsupported('WHERE CURRENT OF', at);
    case 'NamedArgExpr':
      throw statement.unsupported('named arguments', at);
    default: {
      const json = kind.startsWith('Json') ? bindSqlJson(node, context) : null;
      if (json !== null) return json;
      throw statement.unsupported(kind.startsWith('Json') ? 'this SQL/JSON expression' : `${kind} here`, at);
    }
  }
}

function bindColumn(node: ColumnRef, context: ExpressionContext, at: number | undefined): HirScalar {
  const parts = nameParts(node.fields);
  if (parts[parts.length - 1] === '*') return bindWholeRow(node, context);
  if (context.clause === 'DEFAULT expressions') {
    throw context.statement.error('0A000', 'cannot use column reference in DEFAULT expression', at);
  }
  const field = parameterField(context, parts);
  if (field !== null) return field;
  try {
    return resolveColumn(context.statement, context.scope, parts, at);
  } catch (error) {
    if (!(error instanceof SqlError) || error.sqlstate !== '42703' || parts.length < 2) throw error;
    return calledOnRow(node, context, error);
  }
}

/** `row.function`: the function of the row, where it has no such column; else that is the error. */
function calledOnRow(
  { fields = [], location }: ColumnRef,
  context: ExpressionContext,
  missing: SqlError,
): HirScalar {
  const [funcname, row] = [fields.slice(-1), fields.slice(0, -1)];
  const at = location === undefined ? {} : { location };
  const call: Node = { FuncCall: { funcname, args: [{ ColumnRef: { fields: row, ...at } }], ...at } };
  try {
    return bindExpression(call, context).scalar;
  } catch (error) {
    if (error instanceof SqlError && ['42883', '42703', '42P01'].includes(error.sqlstate)) throw missing;
    throw error;
  }
}

/** `parameter.field` in a function's body, where no relation has the name. */
function parameterField({ query, scope }: ExpressionContext, parts: readonly string[]): HirScalar | null {
  if (query.bodyArguments === undefined || parts.length < 2) return null;
  let around = scope;
  for (; around.outer !== null; around = around.outer) {
    if (around.items.some(({ name }) => name === parts[0])) return null;
  }
  const [called] = around.items;
  const [field, parameter, of = called?.name] = parts.toReversed() as [string, string, string?];
  const column = of === called?.name ? called?.columns.find(({ name }) => name === parameter) : undefined;
  const fields = column === undefined ? null : recordFields(typeOf(column.scalar).name);
  const index = fields?.findIndex(({ name }) => name === field) ?? -1;
  return index < 0 ? null : fieldOf(liftScalar(column!.scalar, depthOf(scope)), index);
}

function bindMergeAction(context: ExpressionContext, at: number | undefined): HirScalar {
  let level = 0;
  for (let around: Scope | null = context.scope; around !== null; around = around.outer) {
    if (around.mergeAction !== undefined) return liftScalar(around.mergeAction, level);
    level += 1;
  }
  const message = 'MERGE_ACTION() can only be used in the RETURNING list of a MERGE command';
  throw context.statement.error('42601', message, at);
}

function bindParameter(node: ParamRef, context: ExpressionContext): HirScalar {
  const index = (node.number ?? 0) - 1;
  const { bodyArguments } = context.query;
  const { statement } = context;
  if (bodyArguments !== undefined) {
    const argument = bodyArguments[index];
    if (argument !== undefined) return liftScalar(argument, depthOf(context.scope));
    throw statement.error('42P02', `there is no parameter $${index + 1}`, locationOf(node));
  }
  if (index < 0 || index > 65534) {
    throw statement.error('42P02', `there is no parameter $${index + 1}`, locationOf(node));
  }
  if (statement.environment.inView === true) {
    throw statement.error('42P02', `there is no parameter $${index + 1}`, locationOf(node));
  }
  statement.useParameter(index);
  return { kind: 'parameter', index, type: statement.parameterType(index) };
}

/** How many levels around a scope there are: in a body, the subqueries that it stands in. */
function depthOf(scope: Scope): number {
  let depth = 0;
  for (let around = scope.outer; around !== null; around = around.outer) depth += 1;
  return depth;
}

function bindBoolean(node: BoolExpr, context: ExpressionContext, at: number | undefined): Bound {
  const construct = { AND_EXPR: 'AND', OR_EXPR: 'OR', NOT_EXPR: 'NOT' }[node.boolop ?? 'AND_EXPR'];
  let first = at;
  const operands = (node.args ?? []).map((argument) => {
    const bound = bindExpression(argument, context);
    first = leftmost(first, bound.at);
    return truthOf(bound, construct, context);
  });
  if (construct === 'NOT') return { scalar: not(operands[0]!), at: first };
  return { scalar: construct === 'AND' ? and(operands) : or(operands), at: first };
}

/** A truth value that is no set. */
function truthOf(bound: Bound, construct: string, context: ExpressionContext): HirScalar {
  const truth = coerceToBoolean(context.statement, bound, construct);
  refuseSets(truth, `argument of ${construct}`, context, bound.at);
  return truth;
}

function bindNullTest(node: NullTest, context: ExpressionContext, at: number | undefined): Bound {
  const row = nodeAs(node.arg, 'RowExpr');
  if (row !== undefined) return bindRowNullTest(node, row, context, at);
  const bound = bindExpression(node.arg!, context);
  const ofRecord = recordNullTest(bound.scalar, node.nulltesttype !== 'IS_NOT_NULL');
  if (ofRecord !== null) return { scalar: ofRecord, at: leftmost(at, bound.at) };
  const test: HirScalar = { kind: 'isNull', operand: bound.scalar };
  return { scalar: node.nulltesttype === 'IS_NOT_NULL' ? not(test) : test, at: leftmost(at, bound.at) };
}

/** A row is NULL if all of its values are, and not NULL if none is. */
function bindRowNullTest(
  node: NullTest,
  row: RowExpr,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const tests = rowValues(row, context).map(({ scalar }): HirScalar => {
    const isNull: HirScalar = { kind: 'isNull', operand: scalar };
    return node.nulltesttype === 'IS_NOT_NULL' ? not(isNull) : isNull;
  });
  return { scalar: and(tests), at };
}

function bindBooleanTest(node: BooleanTest, context: ExpressionContext, at: number | undefined): Bound {
  const test = node.booltesttype ?? 'IS_TRUE';
  const bound = bindExpression(node.arg!, context);
  const operand = truthOf(bound, test.replaceAll('_', ' '), context);
  const isTrue = (value: HirScalar): HirScalar => ({ kind: 'isTrue', operand: value });
  const isNull: HirScalar = { kind: 'isNull', operand };
  const scalar = {
    IS_TRUE: () => isTrue(operand),
    IS_NOT_TRUE: () => not(isTrue(operand)),
    IS_FALSE: () => isTrue(not(operand)),
    IS_NOT_FALSE: () => not(isTrue(not(operand))),
    IS_UNKNOWN: () => isNull,
    IS_NOT_UNKNOWN: () => not(isNull),
  }[test]();
  return { scalar, at: leftmost(at, bound.at) };
}

/** The first place in the text among these. */
export function leftmost(...places: (number | undefined)[]): number | undefined {
  let first: number | undefined;
  for (const place of places) {
    if (place !== undefined && (first === undefined || place < first)) first = place;
  }
  return first;
}

/** Binds a condition. */
export function bindCondition(node: Node, context: ExpressionContext, construct: string): HirScalar {
  return coerceToBoolean(context.statement, bindExpression(node, context), construct);
}
