/** ANY and ALL over arrays: elements that can be seen in the text make lists and comparisons, others are compared as they come. */
import type { A_Expr, Node } from '@pgsql/types';
import { constantOf, locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { arrayType, elementType, plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { coerce, coerceToCommon, elementOf } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { currentSchemas } from './current-schemas.ts';
import { bindExpression, leftmost } from './expression.ts';
import { applyOperator, findOperator, makeOperator, operand } from './operator.ts';
import { oneOf, operatorName } from './operator-expression.ts';
import { and, columnType, literal, not, or, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';
import { bindTypeName } from './type-name.ts';

/** Binds `x op ANY (array)`, `x op ALL (array)`. */
export function bindArrayComparison(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const { statement } = context;
  const any = node.kind === 'AEXPR_OP_ANY';
  const name = operatorName(node, context);
  const left = bindExpression(node.lexpr!, context);
  const elements = arrayElements(node.rexpr!, context);
  if (elements === 'null') return { scalar: literal('bool', null), at };
  // Where there is none to compare with, the operator is still looked up, and the left side computed.
  if (elements === null || elements.length === 0) return overArray(node, name, left, context, at);
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

/** The comparison with each element of an array that is computed. */
function overArray(
  node: A_Expr,
  name: string,
  left: Bound,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  const right = bindExpression(node.rexpr!, context);
  const given = typeOf(right.scalar).name;
  const element = given === 'unknown' ? 'unknown' : elementType(given);
  if (element === null) {
    throw statement.error('42809', 'op ANY/ALL (array) requires array on right side', at);
  }
  const operator = findOperator(context, name, typeOf(left.scalar).name, element, at);
  if (operator.result !== 'bool') {
    throw statement.error('42809', 'op ANY/ALL (array) requires operator to yield boolean', at);
  }
  const wanted = arrayType(operator.right as TypeName);
  if (wanted === null) {
    if (elementType(operator.right as TypeName) !== null) {
      const name = displayType(operator.right as TypeName);
      throw statement.error('42704', `could not find array type for data type ${name}`, at);
    }
    throw statement.unsupported(`arrays of type ${displayType(operator.right as TypeName)}`, at);
  }
  const array = coerce(statement, right, wanted, 'implicit');
  if (array === null) throw statement.error('42809', 'op ANY/ALL (array) requires array on right side', at);
  const value = operand(context, left, operator.left!);
  const one: HirScalar = { kind: 'element', index: 0, type: columnType(value) };
  const comparison = applyOperator(
    context,
    operator,
    { scalar: one, at: left.at },
    { scalar: elementOf(wanted, 1), at: right.at },
  );
  const all = node.kind === 'AEXPR_OP_ALL';
  return {
    scalar: { kind: 'quantifiedArray', all, left: value, array, comparison },
    at: leftmost(at, left.at),
  };
}

/** The elements of an array that can be seen in the text; null if it cannot, 'null' if it is NULL. */
function arrayElements(node: Node, context: ExpressionContext): Bound[] | null | 'null' {
  const array = nodeAs(node, 'A_ArrayExpr');
  if (array !== undefined) {
    if ((array.elements ?? []).length === 0) return null;
    const elements = (array.elements ?? []).map((element) => bindExpression(element, context));
    if (elements.some(({ scalar }) => elementType(typeOf(scalar).name) !== null)) return null;
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
    // What is not plain is array_in's matter.
    if (texts === null) return null;
    return texts.map((text) => ({ scalar: literal('unknown', text), at }));
  }
  const cast = nodeAs(node, 'TypeCast');
  if (cast !== undefined) {
    const array = bindTypeName(context.statement, cast.typeName!);
    const element = elementType(array.name);
    if (element === null || array.typmod !== -1) return null;
    const type = plain(element);
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
    const names = currentSchemas(context.statement.environment.catalog, value.value);
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
