/**
 * SQL/JSON's own syntax but for its queries: IS JSON, JSON(), JSON_SCALAR, JSON_SERIALIZE, JSON_OBJECT, JSON_ARRAY and
 * their aggregates.
 */
import type {
  JsonAggConstructor,
  JsonArrayQueryConstructor,
  JsonIsPredicate,
  JsonOutput,
  SubLink,
  JsonValueExpr,
  Node,
} from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import { sqlJsonFunctions } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { plain, typeRow } from '../types/table.ts';
import type { SqlType } from '../types/type.ts';
import { coerceToType, unknownToText } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { bindFunctionCall } from './function-call.ts';
import { toJson, withObjects } from './json.ts';
import { asText, bindFormatted, isFormatted, notReturned, outputType, textAs } from './json-format.ts';
import { bindJsonQuery } from './json-query.ts';
import { and, call, literal, not, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';
import { bindSubLink } from './subquery.ts';

/** Binds an expression of SQL/JSON; null for one that is not supported. */
export function bindSqlJson(node: Node, context: ExpressionContext): Bound | null {
  if ('JsonFuncExpr' in node) return bindJsonQuery(node.JsonFuncExpr, context);
  if ('JsonIsPredicate' in node) return isJson(node.JsonIsPredicate, context);
  if ('JsonParseExpr' in node) {
    const { expr, unique_keys: unique, location } = node.JsonParseExpr;
    return parsed(expr!, unique === true, context, location);
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
  if ('JsonArrayQueryConstructor' in node) {
    return bindSubLink(subqueryOf(node.JsonArrayQueryConstructor, context), context);
  }
  if ('JsonArrayAgg' in node) {
    const { constructor, arg, absent_on_null: absent } = node.JsonArrayAgg;
    return aggregated('agg', [arg!], absent === true ? '_strict' : '', constructor!, context);
  }
  if ('JsonObjectAgg' in node) {
    const { constructor, arg, absent_on_null: absent, unique } = node.JsonObjectAgg;
    const variant = `${unique === true ? '_unique' : ''}${absent === true ? '_strict' : ''}`;
    const members = [{ raw_expr: arg!.key! }, arg!.value!];
    return aggregated('object_agg', members, variant, constructor!, context);
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
function parsed(
  expression: JsonValueExpr,
  unique: boolean,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  const bound = asText(bindFormatted(expression, context));
  const given = typeOf(bindExpression(expression.raw_expr!, context).scalar).name;
  if (unique && (given === 'json' || given === 'jsonb')) {
    throw statement.error('42804', 'cannot use non-string types with WITH UNIQUE KEYS clause', at);
  }
  const type = plain('json');
  const scalar = coerceToType(statement, bound, type, 'explicit');
  if (scalar === null) {
    throw statement.error('42846', `cannot cast type ${displayType(given)} to json`, bound.at);
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
  expression: JsonValueExpr,
  output: JsonOutput | undefined,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const { statement } = context;
  const bound = asText(bindFormatted(expression, context));
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
  const scalar = textAs({ scalar: json, at }, type, context);
  if (scalar !== null) return { scalar, at };
  const message = `cannot use type ${displayType(type.name)} in RETURNING clause of JSON_SERIALIZE()`;
  throw statement.error('42804', message, undefined, { hint: 'Try returning a string type or bytea.' });
}

/** A member's value: with FORMAT JSON a text is read as JSON. */
function member(value: JsonValueExpr, context: ExpressionContext): HirScalar {
  return withObjects(unknownToText(context.statement, bindFormatted(value, context)), 'json');
}

function constructed(
  name: 'json_object' | 'json_array',
  members: readonly HirScalar[],
  how: readonly string[],
  output: JsonOutput | undefined,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  // Of jsonb, JSON is jsonb.
  const usual = members.some((scalar) => typeOf(scalar).name === 'jsonb') ? 'jsonb' : 'json';
  const type: SqlType = outputType(output, plain(usual), context);
  const made = type.name === 'jsonb' ? 'jsonb' : 'json';
  const words = [...how, made].filter((word) => word !== '').join(' ');
  const entry = sqlJsonFunctions[`${name}_constructor`];
  const scalar = call(entry, [literal('text', words), ...members], name, plain(made));
  return { scalar: converted(scalar, made, type, context, at), at };
}

const words = (...parts: string[]): Node[] => parts.map((sval) => ({ String: { sval } }));

/** JSON_ARRAYAGG and JSON_OBJECTAGG are json_agg and json_object_agg, or those of jsonb. */
function aggregated(
  name: 'agg' | 'object_agg',
  members: readonly JsonValueExpr[],
  variant: string,
  { output, agg_order: order, agg_filter: filter, over, location }: JsonAggConstructor,
  context: ExpressionContext,
): Bound {
  const cast = (arg: Node, type: string): Node => ({
    TypeCast: { arg, typeName: { names: words('pg_catalog', type), typemod: -1 } },
  });
  const within = { ...context, insideAggregate: true };
  const args = members.map((member): Node => {
    const given = typeOf(bindExpression(member.raw_expr!, within).scalar).name;
    if (!isFormatted(member.format)) {
      return given === 'unknown' ? cast(member.raw_expr!, 'text') : member.raw_expr!;
    }
    const made = typeOf(bindFormatted(member, within).scalar).name;
    if (given === made) return member.raw_expr!;
    if (given !== 'bytea') return cast(member.raw_expr!, 'json');
    const encoding: Node = { A_Const: { sval: { sval: 'UTF8' } } };
    const funcname = words('pg_catalog', 'convert_from');
    return cast({ FuncCall: { funcname, args: [member.raw_expr!, encoding] } }, 'json');
  });
  // Of jsonb, JSON is jsonb. What the type is only the bound argument knows; binding it leaves nothing behind.
  const isJsonb =
    output?.typeName === undefined &&
    args.some((argument) => typeOf(bindExpression(argument, within).scalar).name === 'jsonb');
  const type = outputType(output, plain(isJsonb ? 'jsonb' : 'json'), context);
  const made = type.name === 'jsonb' ? 'jsonb' : 'json';
  const bound = bindFunctionCall(
    {
      funcname: words('pg_catalog', `${made}_${name}${variant}`),
      args,
      ...(order === undefined ? {} : { agg_order: order }),
      ...(filter === undefined ? {} : { agg_filter: filter }),
      ...(over === undefined ? {} : { over }),
      ...(location === undefined ? {} : { location }),
    },
    context,
  );
  return { scalar: converted(bound.scalar, made, type, context, bound.at), at: bound.at };
}

/** JSON as the type that RETURNING says. */
function converted(
  scalar: HirScalar,
  made: 'json' | 'jsonb',
  type: SqlType,
  context: ExpressionContext,
  at: number | undefined,
): HirScalar {
  if (type.name === made) return scalar;
  const text = textAs({ scalar, at }, type, context);
  if (text !== null) return text;
  throw notReturned(made, type, context, at);
}

/** `JSON_ARRAY(SELECT …)` is the subquery `SELECT JSON_ARRAYAGG(a) FROM (SELECT …) AS q(a)`. */
function subqueryOf(
  { query, output, format, absent_on_null: absent, location }: JsonArrayQueryConstructor,
  context: ExpressionContext,
): SubLink {
  // More than one column is an error of a subquery that is a value; binding it as one leaves nothing behind.
  bindSubLink(
    { subLinkType: 'EXPR_SUBLINK', subselect: query!, ...(location === undefined ? {} : { location }) },
    context,
  );
  const names = ['q', 'a'].map((sval) => ({ String: { sval } }));
  const aggregate = {
    constructor: output === undefined ? {} : { output },
    arg: { raw_expr: { ColumnRef: { fields: names } }, ...(format === undefined ? {} : { format }) },
    ...(absent === undefined ? {} : { absent_on_null: absent }),
  };
  return {
    subLinkType: 'EXPR_SUBLINK',
    subselect: {
      SelectStmt: {
        targetList: [{ ResTarget: { val: { JsonArrayAgg: aggregate } } }],
        fromClause: [
          { RangeSubselect: { subquery: query!, alias: { aliasname: 'q', colnames: [names[1]!] } } },
        ],
        limitOption: 'LIMIT_OPTION_DEFAULT',
        op: 'SETOP_NONE',
      },
    },
    ...(location === undefined ? {} : { location }),
  };
}
