/** FORMAT JSON and RETURNING: what is read as JSON, and what JSON is written as. */
import type { JsonFormat, JsonOutput, JsonValueExpr } from '@pgsql/types';
import { locationOf } from '../ast/accessors.ts';
import { functionByOid } from '../functions/table.ts';
import type { HirScalar } from '../hir.ts';
import { displayType } from '../types/format.ts';
import { plain, typeRow } from '../types/table.ts';
import type { SqlType } from '../types/type.ts';
import { coerceToType } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression } from './expression.ts';
import { pseudoTypeNamed } from './pseudo-type.ts';
import { call, literal, typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';
import { bindTypeName } from './type-name.ts';

const CONVERT_FROM = 1714;
const CONVERT_TO = 1717;

/** Whether FORMAT JSON is said. */
export function isFormatted(format: JsonFormat | undefined): boolean {
  return format?.format_type === 'JS_FORMAT_JSON' || format?.format_type === 'JS_FORMAT_JSONB';
}

/** A value that may have FORMAT JSON: what is a text then is JSON, the bytes of one too. JSON stays what it is. */
export function bindFormatted({ raw_expr: node, format }: JsonValueExpr, context: ExpressionContext): Bound {
  const bound = bindExpression(node!, context);
  if (!isFormatted(format)) return bound;
  const { statement } = context;
  const type = typeOf(bound.scalar).name;
  const at = locationOf(format!);
  if (hasEncoding(format) && type !== 'bytea') {
    throw statement.error('42804', 'JSON ENCODING clause is only allowed for bytea input type', at);
  }
  if (type === 'json' || type === 'jsonb') return bound;
  const isText = type === 'unknown' || typeRow(type).category === 'S';
  if (!isText && type !== 'bytea') {
    throw statement.error('42804', 'cannot use non-string types with explicit FORMAT JSON clause', at);
  }
  return { scalar: coerceToType(statement, asText(bound), plain('json'), 'explicit')!, at: bound.at };
}

/** The text that bytes are in UTF-8; anything else stays. */
export function asText(bound: Bound): Bound {
  if (typeOf(bound.scalar).name !== 'bytea') return bound;
  const scalar = call(functionByOid(CONVERT_FROM), [bound.scalar, literal('name', 'UTF8')], 'convert_from');
  return { ...bound, scalar };
}

/** A text as what RETURNING says: a text, or its bytes; null: it can be neither. */
export function textAs(bound: Bound, type: SqlType, { statement }: ExpressionContext): HirScalar | null {
  if (type.name === 'bytea') {
    const text = coerceToType(statement, bound, plain('text'), 'explicit');
    return text && call(functionByOid(CONVERT_TO), [text, literal('name', 'UTF8')], 'convert_to');
  }
  return typeRow(type.name).category === 'S' ? coerceToType(statement, bound, type, 'explicit') : null;
}

function hasEncoding(format: JsonFormat | undefined): boolean {
  return format?.encoding !== undefined && format.encoding !== 'JS_ENC_DEFAULT';
}

/** RETURNING, whose FORMAT JSON is for what can hold JSON. `takesAll`: it may say so of other types. */
export function outputType(
  output: JsonOutput | undefined,
  otherwise: SqlType,
  context: ExpressionContext,
  takesAll = false,
): SqlType {
  if (output?.typeName === undefined) return otherwise;
  const { statement } = context;
  if (pseudoTypeNamed(output.typeName) !== null) {
    throw statement.error('0A000', 'returning pseudo-types is not supported in SQL/JSON functions');
  }
  const type = bindTypeName(statement, output.typeName);
  const { name } = type;
  const format = output.returning?.format;
  if (!isFormatted(format)) return type;
  const at = locationOf(format!);
  const holdsJson = name === 'bytea' || name === 'json' || name === 'jsonb' || typeRow(name).category === 'S';
  if (!takesAll && !holdsJson) {
    throw statement.error('42804', 'cannot use JSON format with non-string output types', at);
  }
  if (hasEncoding(format) && name !== 'bytea') {
    throw statement.error('0A000', 'cannot set JSON encoding for non-bytea output types', at);
  }
  if (hasEncoding(format) && format!.encoding !== 'JS_ENC_UTF8') {
    const hint = 'Only UTF8 JSON encoding is supported.';
    throw statement.error('0A000', 'unsupported JSON encoding', at, { hint });
  }
  return type;
}

/** The refusal of a type that JSON is not written as. */
export function notReturned(
  made: string,
  type: SqlType,
  { statement }: ExpressionContext,
  at?: number,
): Error {
  return statement.error('42846', `cannot cast type ${made} to ${displayType(type.name)}`, at);
}
