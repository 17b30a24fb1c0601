/** JSON_EXISTS, JSON_VALUE and JSON_QUERY: a path over a document, and what becomes of its errors. */
import type { JsonArgument, JsonBehavior, JsonFuncExpr, Node } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import { sqlJsonFunctions, variadicFunctions } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import { displayType } from '../types/format.ts';
import { elementType, plain, typeRow } from '../types/table.ts';
import type { SqlType } from '../types/type.ts';
import { coerce, coerceToType } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { isFormatted, outputType } from './json-format.ts';
import { toJson } from './json.ts';
import { shapeOf } from './json-record.ts';
import { call, literal, relabel, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

type Kind = 'JSON_EXISTS' | 'JSON_VALUE' | 'JSON_QUERY';

const KINDS: Readonly<Record<string, Kind>> = {
  JSON_EXISTS_OP: 'JSON_EXISTS',
  JSON_VALUE_OP: 'JSON_VALUE',
  JSON_QUERY_OP: 'JSON_QUERY',
};

/** Binds a call. */
export function bindJsonQuery(node: JsonFuncExpr, context: ExpressionContext): Bound {
  const at = locationOf(node);
  const kind = KINDS[node.op ?? ''];
  if (kind === undefined) throw new Error(`${node.op} is no path over a document`);
  const document = documentOf(node.context_item?.raw_expr, context);
  const path = pathOf(node.pathspec, context);
  const variables = variablesOf(node.passing ?? [], context);
  if (kind === 'JSON_EXISTS') {
    const onError = existsOnError(node.on_error, context, node.column_name);
    const scalar = call(sqlJsonFunctions.json_exists, [document, path, variables, literal('text', onError)]);
    return { scalar, at };
  }
  const format = node.output?.returning?.format;
  if (kind === 'JSON_VALUE' && isFormatted(format)) {
    const message = `cannot specify FORMAT JSON in RETURNING clause of ${kind}()`;
    throw context.statement.error('42601', message, locationOf(format!));
  }
  const type = outputType(node.output, plain(kind === 'JSON_VALUE' ? 'text' : 'jsonb'), context, true);
  // Of a column of JSON_TABLE, messages name the column.
  const column = node.column_name === undefined ? '' : ` \n${node.column_name}`;
  const how = `${kind === 'JSON_QUERY' ? wrapping(node, context) : ''}${column}`;
  const [empty, emptyValue] = behavior(node.on_empty, 'EMPTY', kind, type, node.column_name, context);
  const [error, errorValue] = behavior(node.on_error, 'ERROR', kind, type, node.column_name, context);
  const shape = shapeOf([{ name: '', type }]);
  const entry = kind === 'JSON_VALUE' ? sqlJsonFunctions.json_value : sqlJsonFunctions.json_query;
  const args = [
    ...[document, path, variables, literal('text', how), literal('text', shape)],
    ...[literal('text', empty), emptyValue, literal('text', error), errorValue],
  ];
  return { scalar: call(entry, args, kind, type), at };
}

/** A document as jsonb. */
function documentOf(node: Node | undefined, context: ExpressionContext): HirScalar {
  const { statement } = context;
  const bound = bindExpression(node!, context);
  const type = typeOf(bound.scalar).name;
  if (type !== 'unknown' && type !== 'json' && type !== 'jsonb' && typeRow(type).category !== 'S') {
    throw statement.error('42846', `cannot cast type ${displayType(type)} to jsonb`, bound.at);
  }
  return coerceToType(statement, bound, plain('jsonb'), 'explicit')!;
}

function pathOf(node: Node | undefined, context: ExpressionContext): HirScalar {
  const { statement } = context;
  const bound = bindExpression(node!, context);
  const path = coerce(statement, bound, 'jsonpath', 'explicit');
  if (path !== null) return path;
  const type = statement.shownType(bound.scalar);
  const message = `JSON path expression must be of type jsonpath, not of type ${type}`;
  throw statement.error('42804', message, bound.at);
}

/** PASSING: an object of the variables. */
function variablesOf(passing: readonly Node[], context: ExpressionContext): HirScalar {
  if (passing.length === 0) return literal('jsonb', '{}');
  const { statement } = context;
  const pairs = passing.flatMap((argument) => {
    const { name, val }: JsonArgument = nodeAs(argument, 'JsonArgument')!;
    const bound = bindExpression(val!.raw_expr!, context);
    const type = typeOf(bound.scalar).name;
    if (typeRow(type === 'unknown' ? 'text' : type).category === 'D') {
      const hint = 'Pass it as text, and read it in the path: $x.datetime().';
      throw statement.unsupported('a date or time in PASSING', bound.at, hint);
    }
    const value = type === 'unknown' ? coerce(statement, bound, 'text', 'implicit')! : bound.scalar;
    return [literal('text', name!), toJson(value, 'jsonb')];
  });
  return call(variadicFunctions['jsonb_build_object']!.each, pairs);
}

function existsOnError(
  node: JsonBehavior | undefined,
  context: ExpressionContext,
  column: string | undefined,
): string {
  switch (node?.btype ?? 'JSON_BEHAVIOR_FALSE') {
    case 'JSON_BEHAVIOR_FALSE':
      return 'false';
    case 'JSON_BEHAVIOR_TRUE':
      return 'true';
    case 'JSON_BEHAVIOR_UNKNOWN':
      return 'unknown';
    case 'JSON_BEHAVIOR_ERROR':
      return 'error';
    default:
      throw invalidBehavior(context, node!, 'ERROR', column, 'ERROR, TRUE, FALSE, or UNKNOWN', [
        'EXISTS',
        'JSON_EXISTS',
      ]);
  }
}

/** WRAPPER and QUOTES, in words. */
function wrapping(node: JsonFuncExpr, context: ExpressionContext): string {
  const wraps = node.wrapper === 'JSW_UNCONDITIONAL' || node.wrapper === 'JSW_CONDITIONAL';
  if (wraps && node.quotes === 'JS_QUOTES_OMIT') {
    const message = 'SQL/JSON QUOTES behavior must not be specified when WITH WRAPPER is used';
    throw context.statement.error('42601', message, locationOf(node));
  }
  const wrapper =
    node.wrapper === 'JSW_UNCONDITIONAL' ? 'always' : node.wrapper === 'JSW_CONDITIONAL' ? 'several' : '';
  return node.quotes === 'JS_QUOTES_OMIT' ? `${wrapper} unquoted`.trim() : wrapper;
}

/** ON EMPTY and ON ERROR: `error`, or a value of the type that is returned. */
function behavior(
  node: JsonBehavior | undefined,
  event: 'EMPTY' | 'ERROR',
  kind: 'JSON_VALUE' | 'JSON_QUERY',
  type: SqlType,
  column: string | undefined,
  context: ExpressionContext,
): readonly ['error' | 'value', HirScalar] {
  const { statement } = context;
  const nothing = literal(type.name, null);
  switch (node?.btype ?? 'JSON_BEHAVIOR_NULL') {
    case 'JSON_BEHAVIOR_NULL':
      return ['value', nothing];
    case 'JSON_BEHAVIOR_ERROR':
      return ['error', nothing];
    case 'JSON_BEHAVIOR_DEFAULT': {
      const bound = bindExpression(node!.expr!, context);
      checkDefault(node!.expr!, bound, context);
      const given = typeOf(bound.scalar).name;
      // What is of the type is not made shorter, and nothing is cut off without a word.
      if (given === type.name) return ['value', relabel(bound.scalar, type)];
      const isString = typeRow(type.name).category === 'S' || typeRow(type.name).category === 'V';
      const value = coerceToType(statement, bound, type, isString ? 'assignment' : 'explicit');
      if (value !== null) return ['value', value];
      const message = `cannot cast behavior expression of type ${displayType(given)} to ${displayType(type.name)}`;
      const hint = `You will need to explicitly cast the expression to type ${displayType(type.name)}.`;
      throw statement.error('42846', message, bound.at, { hint });
    }
    case 'JSON_BEHAVIOR_EMPTY':
    case 'JSON_BEHAVIOR_EMPTY_ARRAY':
    case 'JSON_BEHAVIOR_EMPTY_OBJECT': {
      if (kind === 'JSON_VALUE') break;
      const text = node!.btype === 'JSON_BEHAVIOR_EMPTY_OBJECT' ? '{}' : '[]';
      if (elementType(type.name) !== null && text === '[]') return ['value', literal(type.name, '{}')];
      const { name } = type;
      if (name === 'json' || name === 'jsonb' || name === 'bytea' || typeRow(name).category === 'S') {
        return ['value', literal(type.name, text)];
      }
      const what = text === '[]' ? 'EMPTY ARRAY' : 'EMPTY OBJECT';
      throw statement.unsupported(`${what} for type ${displayType(type.name)}`, locationOf(node!));
    }
    default:
  }
  const allowed =
    kind === 'JSON_VALUE'
      ? 'ERROR, NULL, or DEFAULT expression'
      : 'ERROR, NULL, EMPTY ARRAY, EMPTY OBJECT, or DEFAULT expression';
  const kinds = kind === 'JSON_VALUE' ? (['scalar', kind] as const) : (['formatted', kind] as const);
  throw invalidBehavior(context, node!, event, column, allowed, kinds);
}

/** Of a column of JSON_TABLE, the message speaks of the column. */
function invalidBehavior(
  { statement }: ExpressionContext,
  node: JsonBehavior,
  event: 'EMPTY' | 'ERROR',
  column: string | undefined,
  allowed: string,
  [ofColumn, ofFunction]: readonly [string, Kind],
): Error {
  const where = column === undefined ? '' : ` for column "${column}"`;
  const which = column === undefined ? `${ofFunction}()` : `${ofColumn} columns`;
  return statement.error('42601', `invalid ON ${event} behavior${where}`, locationOf(node), {
    detail: `Only ${allowed} is allowed in ON ${event} for ${which}.`,
  });
}

/** A DEFAULT is the same for all rows: constants, functions and operators. */
function checkDefault(node: Node, { scalar, at }: Bound, { statement }: ExpressionContext): void {
  const refused = (message: string): Error => statement.error('42804', message, at);
  const only = 'can only specify a constant, non-aggregate function, or operator expression for DEFAULT';
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [kind, child] of Object.entries(value)) {
      if (kind === 'SubLink' || kind === 'over' || kind === 'CaseExpr') throw refused(only);
      walk(child);
    }
  };
  walk(node);
  if (scalar.kind === 'column') throw refused(only);
  if (freeOfScalar(scalar).columns.length > 0) {
    throw refused('DEFAULT expression must not contain column references');
  }
}
