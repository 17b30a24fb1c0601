/** SQL/JSON's own syntax but for its queries: IS JSON, JSON(), JSON_SCALAR, JSON_SERIALIZE, JSON_OBJECT, JSON_ARRAY. */
import type { JsonIsPredicate, JsonOutput, JsonValueExpr, Node } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import { sqlJsonFunctions } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { plain, typeRow } from '../types/table.ts';
import type { SqlType, TypeName } from '../types/type.ts';
import { coerceToType, unknownToText } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { toJson, withObjects } from './json.ts';
import { bindJsonQuery, outputType } from './json-query.ts';
import { and, call, literal, not, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** Binds an expression of SQL/JSON; null for one that is not supported. */
export function bindSqlJson(node: Node, context: ExpressionContext): Bound | null {
  if ('JsonFuncExpr' in node) return bindJsonQuery(node.JsonFuncExpr, context);
  if ('JsonIsPredicate' in node) return isJson(node.JsonIsPredicate, context);
  if ('JsonParseExpr' in node) {
    const { expr, unique_keys: unique, location } = node.JsonParseExpr;
    return parsed(bindExpression(expr!.raw_expr!, context), unique === true, context, location);
  }
  if ('JsonScalarExpr' in node) {
    const bound = bindExpression(node.JsonScalarExpr.expr!, context);
    const scalar = toJson(unknownToText(context.statement, bound), 'json');
    return { scalar, at: locationOf(node.JsonScalarExpr) };
  }
  if ('JsonSerializeExpr' in node) {
    const { expr, output } = node.JsonSerializeExpr;
    return serialized(expr!, output, context, locationOf(node.JsonSerializeExpr));
  }
  if ('JsonObjectConstructor' in node) {
    const { exprs = [], output, absent_on_null: absent, unique } = node.JsonObjectConstructor;
    const members = exprs.flatMap((pair) => {
      const { key, value } = nodeAs(pair, 'JsonKeyValue')!;
      const bound = unknownToText(context.statement, bindExpression(key!, context));
      return [bound, member(value!, context)];
    });
    const how = [absent === true ? 'absent' : '', unique === true ? 'unique' : ''];
    return constructed('json_object', members, how, output, context, locationOf(node.JsonObjectConstructor));
  }
  if ('JsonArrayConstructor' in node) {
    const { exprs = [], output, absent_on_null: absent } = node.JsonArrayConstructor;
    const elements = exprs.map((element) => member(nodeAs(element, 'JsonValueExpr')!, context));
    const how = [absent === true ? 'absent' : ''];
    return constructed('json_array', elements, how, output, context, locationOf(node.JsonArrayConstructor));
  }
  return null;
}

const ITEM_KINDS: Readonly<Record<string, string>> = {
  JS_TYPE_OBJECT: 'object',
  JS_TYPE_ARRAY: 'array',
  JS_TYPE_SCALAR: 'scalar',
};

/** `IS JSON [VALUE | OBJECT | ARRAY | SCALAR] [WITH UNIQUE KEYS]` */
function isJson(node: JsonIsPredicate, context: ExpressionContext): Bound {
  const { statement } = context;
  const bound = bindExpression(node.expr!, context);
  const value = unknownToText(statement, bound);
  const type = typeOf(value).name;
  if (type !== 'json' && type !== 'jsonb' && type !== 'bytea' && typeRow(type).category !== 'S') {
    const message = `cannot use type ${displayType(type)} in IS JSON predicate`;
    throw statement.error('42804', message, bound.at);
  }
  const kind = ITEM_KINDS[node.item_type ?? ''] ?? 'value';
  return { scalar: isOf(value, kind, node.unique_keys === true), at: bound.at };
}

function isOf(value: HirScalar, kind: string, unique: boolean): HirScalar {
  return call(sqlJsonFunctions.json_is, [value, literal('text', kind), literal('bool', unique ? 't' : 'f')]);
}

/** `JSON(text)` */
function parsed(bound: Bound, unique: boolean, context: ExpressionContext, at: number | undefined): Bound {
  const { statement } = context;
  const type = plain('json');
  const scalar = coerceToType(statement, bound, type, 'explicit');
  if (scalar === null) {
    const given = displayType(typeOf(bound.scalar).name);
    throw statement.error('42846', `cannot cast type ${given} to json`, bound.at);
  }
  if (!unique) return { scalar, at };
  const value = unknownToText(statement, bound);
  const repeats = and([isOf(value, 'value', false), not(isOf(value, 'value', true))]);
  const raise = {
    kind: 'raise',
    sqlstate: '22030',
    message: 'duplicate JSON object key value',
    type,
  } as const;
  return {
    scalar: { kind: 'case', branches: [{ condition: repeats, result: raise }], otherwise: scalar, type },
    at,
  };
}

function serialized(
  { raw_expr: node }: JsonValueExpr,
  output: JsonOutput | undefined,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  const bound = bindExpression(node!, context);
  const given = typeOf(bound.scalar).name;
  const isJsonb = given === 'jsonb';
  const json = coerceToType(statement, bound, plain(isJsonb ? 'jsonb' : 'json'), 'explicit');
  if (
    json === null ||
    (given !== 'json' && !isJsonb && given !== 'unknown' && typeRow(given).category !== 'S')
  ) {
    const message = `cannot use type ${displayType(given)} in JSON_SERIALIZE()`;
    throw statement.error('42804', message, bound.at);
  }
  const type = outputType(output, plain('text'), context);
  if (typeRow(type.name).category !== 'S') {
    throw statement.unsupported(`JSON_SERIALIZE() RETURNING ${displayType(type.name)}`, at);
  }
  return { scalar: coerceToType(statement, { scalar: json, at }, type, 'explicit')!, at };
}

/** A member's value: with FORMAT JSON a text is read as JSON. */
function member({ raw_expr: node, format }: JsonValueExpr, context: ExpressionContext): HirScalar {
  const { statement } = context;
  const bound = bindExpression(node!, context);
  if (format?.format_type === 'JS_FORMAT_JSON' || format?.format_type === 'JS_FORMAT_JSONB') {
    return coerceToType(statement, bound, plain('json'), 'explicit')!;
  }
  return withObjects(unknownToText(statement, bound), 'json');
}

function constructed(
  name: 'json_object' | 'json_array',
  members: readonly HirScalar[],
  how: readonly string[],
  output: JsonOutput | undefined,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  // Of jsonb, JSON is jsonb.
  const usual = members.some((scalar) => typeOf(scalar).name === 'jsonb') ? 'jsonb' : 'json';
  const type: SqlType = outputType(output, plain(usual), context);
  const made: TypeName = type.name === 'jsonb' ? 'jsonb' : 'json';
  const words = [...how, made].filter((word) => word !== '').join(' ');
  const entry = sqlJsonFunctions[`${name}_constructor`];
  const scalar = call(entry, [literal('text', words), ...members], name, plain(made));
  if (type.name === made) return { scalar, at };
  const text = typeRow(type.name).category === 'S';
  const converted = text ? coerceToType(statement, { scalar, at }, type, 'explicit') : null;
  if (converted === null) {
    throw statement.error('42846', `cannot cast type ${made} to ${displayType(type.name)}`, at);
  }
  return { scalar: converted, at };
}
