/** A_Expr: everything that is written with an operator, and what the grammar makes of IN, BETWEEN, NULLIF… */
import type { A_Expr, Node } from '@pgsql/types';
import { constantOf, locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { commonType } from '../types/common.ts';
import { displayType } from '../types/format.ts';
import type { TypeName } from '../types/type.ts';
import { coerce, coerceToCommon } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { equalityOperands, findOperator, makeOperator, notDistinct } from './operator.ts';
import { and, literal, not, or, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';
import { bindArrayElementType } from './type-name.ts';

/** Binds an operator expression. */
export function bindOperatorExpression(node: A_Expr, context: ExpressionContext): Bound {
  const at = locationOf(node);
  switch (node.kind ?? 'AEXPR_OP') {
    case 'AEXPR_OP':
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      return bindOperator(node, context, at);
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return bindArrayComparison(node, context, at);
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT': {
      if (isRow(node.lexpr) || isRow(node.rexpr)) throw context.statement.unsupported('row comparison', at);
      const left = bindExpression(node.lexpr!, context);
      const right = bindExpression(node.rexpr!, context);
      const same = notDistinct(context, left, right, at);
      return {
        scalar: node.kind === 'AEXPR_DISTINCT' ? not(same) : same,
        at: leftmost(at, left.at),
      };
    }
    case 'AEXPR_NULLIF':
      return bindNullIf(node, context, at);
    case 'AEXPR_IN':
      return bindInList(node, context, at);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return bindBetween(node, context, at);
  }
}

function operatorName(node: A_Expr, context: ExpressionContext): string {
  const parts = nameParts(node.name);
  const schema = parts.length > 1 ? parts[parts.length - 2]! : 'pg_catalog';
  const name = parts[parts.length - 1]!;
  if (schema !== 'pg_catalog') {
    throw context.statement.error('42883', `operator does not exist: ${parts.join('.')}`, locationOf(node));
  }
  return name === '!=' ? '<>' : name;
}

function isRow(node: Node | undefined): boolean {
  return nodeAs(node, 'RowExpr') !== undefined;
}

function bindOperator(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const name = operatorName(node, context);
  if (isRow(node.lexpr) && (isRow(node.rexpr) || nodeAs(node.rexpr, 'SubLink') !== undefined)) {
    return { scalar: compareRows(node, name, context, at), at };
  }
  const left = node.lexpr === undefined ? null : bindExpression(node.lexpr, context);
  const right = bindExpression(node.rexpr!, context);
  return { scalar: makeOperator(context, name, left, right, at), at: leftmost(at, left?.at) };
}

/** `(a, b) = (c, d)` and `<>`: pair by pair. */
function compareRows(
  node: A_Expr,
  name: string,
  context: ExpressionContext,
  at: number | undefined,
): HirScalar {
  const left = nodeAs(node.lexpr, 'RowExpr');
  const right = nodeAs(node.rexpr, 'RowExpr');
  if (left === undefined || right === undefined || (name !== '=' && name !== '<>')) {
    throw context.statement.unsupported('row comparison', at, 'Compare the columns one by one.');
  }
  const a = left.args ?? [];
  const b = right.args ?? [];
  if (a.length !== b.length) {
    throw context.statement.error('42601', 'unequal number of entries in row expressions', at);
  }
  const pairs = a.map((element, i) =>
    makeOperator(context, name, bindExpression(element, context), bindExpression(b[i]!, context), at),
  );
  return name === '=' ? and(pairs) : or(pairs);
}

function bindNullIf(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const left = bindExpression(node.lexpr!, context);
  const right = bindExpression(node.rexpr!, context);
  const operator = findOperator(context, '=', typeOf(left.scalar).name, typeOf(right.scalar).name, at);
  const value = coerce(context.statement, left, operator.left as TypeName, 'implicit')!;
  const condition = makeOperator(context, '=', left, right, at);
  const type = typeOf(value);
  return {
    scalar: {
      kind: 'case',
      branches: [{ condition, result: literal(type.name, null, type.typmod) }],
      otherwise: value,
      type,
    },
    at: leftmost(at, left.at),
  };
}

function bindBetween(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const bounds = nodeAs(node.rexpr, 'List')?.items ?? [];
  const value = bindExpression(node.lexpr!, context);
  const low = bindExpression(bounds[0]!, context);
  const high = bindExpression(bounds[1]!, context);
  const compare = (name: string, right: Bound): HirScalar => makeOperator(context, name, value, right, at);
  const inside = (from: Bound, to: Bound): HirScalar => and([compare('>=', from), compare('<=', to)]);
  const outside = (from: Bound, to: Bound): HirScalar => or([compare('<', from), compare('>', to)]);
  const scalar = {
    AEXPR_BETWEEN: () => inside(low, high),
    AEXPR_NOT_BETWEEN: () => outside(low, high),
    AEXPR_BETWEEN_SYM: () => or([inside(low, high), inside(high, low)]),
    AEXPR_NOT_BETWEEN_SYM: () => and([outside(low, high), outside(high, low)]),
  }[node.kind as 'AEXPR_BETWEEN']();
  return { scalar, at: leftmost(at, value.at) };
}

/** `x [NOT] IN (…)`. */
function bindInList(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const elements = nodeAs(node.rexpr, 'List')?.items ?? [];
  const negated = operatorName(node, context) === '<>';
  if (isRow(node.lexpr)) {
    const alternatives = elements.map((element) =>
      compareRows({ ...node, kind: 'AEXPR_OP', rexpr: element }, '=', context, at),
    );
    const some = or(alternatives);
    return { scalar: negated ? not(some) : some, at };
  }
  const left = bindExpression(node.lexpr!, context);
  const values = elements.map((element) => bindExpression(element, context));
  const scalar = oneOf(context, left, values, at);
  return { scalar: negated ? not(scalar) : scalar, at: leftmost(at, left.at) };
}

/** Equality with one of several values: constants as an inList, others as comparisons. */
function oneOf(
  context: ExpressionContext,
  left: Bound,
  values: readonly Bound[],
  at: number | undefined,
): HirScalar {
  const constants = values.filter(({ scalar }) => scalar.kind === 'literal');
  const others = values.filter(({ scalar }) => scalar.kind !== 'literal');
  const alternatives: HirScalar[] = [];
  const list = constants.length > 1 ? constantList(context, left, constants, at) : null;
  if (list !== null) alternatives.push(list);
  else others.unshift(...constants);
  for (const value of others) alternatives.push(makeOperator(context, '=', left, value, at));
  return or(alternatives);
}

function constantList(
  context: ExpressionContext,
  left: Bound,
  constants: readonly Bound[],
  at: number | undefined,
): HirScalar | null {
  const { statement } = context;
  const outcome = commonType([left, ...constants].map(({ scalar }) => typeOf(scalar).name));
  if ('conflict' in outcome) return null;
  const list = constants.map((constant) => coerce(statement, constant, outcome.type, 'implicit'));
  if (list.some((element) => element === null)) return null;
  const first: Bound = { scalar: list[0]!, at: constants[0]!.at };
  const sides = equalityOperands(context, left, first, at);
  const type = typeOf(sides.right).name;
  const typed = list.map((scalar, i) =>
    coerce(statement, { scalar: scalar!, at: constants[i]!.at }, type, 'implicit')!,
  );
  if (typeOf(sides.left).name !== type || typed.some((element) => element.kind !== 'literal')) return null;
  return { kind: 'inList', operand: sides.left, list: typed };
}

/** `x op ANY (array)`, `x op ALL (array)` where the array's elements are written out. */
function bindArrayComparison(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const { statement } = context;
  const any = node.kind === 'AEXPR_OP_ANY';
  const name = operatorName(node, context);
  const left = bindExpression(node.lexpr!, context);
  const elements = arrayElements(node.rexpr!, context);
  if (elements === 'null') return { scalar: literal('bool', null), at };
  if (elements === null) {
    throw statement.unsupported('arrays', at, "op ANY (ARRAY[…]), op ANY ('{…}') and op ANY (subquery) are.");
  }
  if (elements.length === 0) return { scalar: literal('bool', any ? 'f' : 't'), at };
  const place = leftmost(at, left.at);
  if (name === '=' && any) return { scalar: oneOf(context, left, elements, at), at: place };
  if (name === '<>' && !any) return { scalar: not(oneOf(context, left, elements, at)), at: place };
  const parts = elements.map((element) => makeOperator(context, name, left, element, at));
  for (const part of parts) {
    if (typeOf(part).name !== 'bool') {
      throw statement.error('42809', 'op ANY/ALL (array) requires operator to yield boolean', at);
    }
  }
  return { scalar: any ? or(parts) : and(parts), at: place };
}

/** The elements of an array that can be seen in the text; null if it cannot, 'null' if it is NULL. */
function arrayElements(node: Node, context: ExpressionContext): Bound[] | null | 'null' {
  const array = nodeAs(node, 'A_ArrayExpr');
  if (array !== undefined) {
    const elements = (array.elements ?? []).map((element) => bindExpression(element, context));
    if (elements.length === 0) return elements;
    const { scalars } = coerceToCommon(context.statement, elements, 'ARRAY');
    return scalars.map((scalar, i) => ({ scalar, at: elements[i]!.at }));
  }
  const constant = nodeAs(node, 'A_Const');
  if (constant !== undefined) {
    const value = constantOf(constant);
    if (value.kind === 'null') return 'null';
    if (value.kind !== 'string') return null;
    const at = locationOf(constant);
    const texts = parseArrayText(value.value);
    if (texts === null) {
      throw context.statement.error('22P02', `malformed array literal: "${value.value}"`, at);
    }
    return texts.map((text) => ({ scalar: literal('unknown', text), at }));
  }
  const cast = nodeAs(node, 'TypeCast');
  if (cast !== undefined) {
    const type = bindArrayElementType(context.statement, cast.typeName!);
    if (type === null) return null;
    const elements = arrayElements(cast.arg!, context);
    if (elements === null || elements === 'null') return elements;
    return elements.map((element) => {
      const scalar = coerce(context.statement, element, type.name, 'explicit');
      if (scalar !== null) return { scalar, at: element.at };
      const source = displayType(typeOf(element.scalar).name);
      throw context.statement.error(
        '42846',
        `cannot cast type ${source} to ${displayType(type.name)}`,
        element.at,
      );
    });
  }
  const call = nodeAs(node, 'FuncCall');
  if (call !== undefined && nameParts(call.funcname).pop() === 'current_schemas') {
    const argument = nodeAs(call.args?.[0], 'A_Const');
    const value = argument === undefined ? undefined : constantOf(argument);
    if (value?.kind !== 'boolean') return null;
    const names = context.statement.environment.catalog.searchPath.filter(
      (schema) => value.value || schema !== 'pg_catalog',
    );
    return names.map((name) => ({ scalar: literal('name', name), at: locationOf(call) }));
  }
  return null;
}

/** The elements of `{a,"b c",NULL}`; null if malformed or of more than one dimension. */
function parseArrayText(text: string): (string | null)[] | null {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(text)?.[1];
  if (inner === undefined) return null;
  if (inner.trim() === '') return [];
  const elements: (string | null)[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|((?:[^",{}\\]|\\[\s\S])+?))\s*(,|$)/y;
  for (;;) {
    const match = pattern.exec(inner);
    if (match === null) return null;
    const [, quoted, bare, end] = match;
    if (quoted === undefined && /^null$/i.test(bare!)) elements.push(null);
    else elements.push((quoted ?? bare!).replace(/\\([\s\S])/g, '$1'));
    if (end === '') return pattern.lastIndex === inner.length ? elements : null;
  }
}
