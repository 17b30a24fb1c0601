import type { A_Const } from '@pgsql/types';
import type { Expr } from '../../engine/plan.generated.ts';
import { constantOf } from '../ast/accessors.ts';
import { SqlError } from '../error.ts';
import type { HirScalar } from '../hir.ts';
import { toScalarType } from '../types/column-type.ts';
import { elementType, isRegistered, isVector, plain } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { bindRegistered, bindRegisteredArray } from './registered.ts';
import { readRelativeTime } from './relative-time.ts';
import { literal } from './scalar.ts';
import type { Statement } from './statement.ts';

const INT4_MAX = 2147483647n;
const INT8_MAX = 9223372036854775807n;

/** A constant as written: integers are int4, int8 or numeric by size, strings are of unknown type. */
export function bindConstant(statement: Statement, node: A_Const, at: number | undefined): HirScalar {
  const constant = constantOf(node);
  switch (constant.kind) {
    case 'null':
      return literal('unknown', null);
    case 'boolean':
      return literal('bool', constant.value ? 't' : 'f');
    case 'integer':
      return literal('int4', String(constant.value));
    case 'string':
      return literal('unknown', constant.value);
    case 'bits':
      return readLiteral(statement, constant.value, 'bit', -1, at);
    case 'float': {
      const text = constant.text.replaceAll('_', '');
      if (/^[+-]?(0[xXoObB][0-9a-fA-F]+|[0-9]+)$/.test(text)) {
        const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text.replace(/^\+/, ''));
        // The grammar folds a minus into its constant: -2147483648 comes here because 2147483648 is no int4.
        const fits = (max: bigint): boolean => value <= max && value >= -max - 1n;
        return literal(fits(INT4_MAX) ? 'int4' : fits(INT8_MAX) ? 'int8' : 'numeric', value.toString());
      }
      return literal('numeric', text);
    }
  }
}

/**
 * The literal of type `name` that an untyped literal becomes. Its text is read now, by the type's input function, so that
 * a malformed one is refused at its place; only interval takes the modifier here (as in PostgreSQL).
 */
export function readLiteral(
  statement: Statement,
  text: string | null,
  name: TypeName,
  typmod: number,
  at: number | undefined,
): HirScalar {
  if (text === null || name === 'unknown' || name === 'text' || name === 'varchar' || name === 'bpchar') {
    return literal(name, text);
  }
  if (name === 'name') return literal(name, truncateName(text));
  if (isRegistered(name)) return bindRegistered(statement, name, text, at);
  const element = elementType(name);
  if (element !== null && isRegistered(element)) {
    const argument: Expr = { kind: 'literal', scalar: 'text', text };
    const texts = evaluate(statement, { kind: 'input', argument, scalar: '_text', typmod: -1 }, at)!;
    return bindRegisteredArray(statement, element, texts, at);
  }
  if (isVector(name)) return bindVector(statement, name, text, at);
  const relative = readRelativeTime(statement, text, name, at);
  if (relative !== null) return relative;
  const canonical = simpleText(name, text);
  if (canonical !== null) return literal(name, canonical);
  const scalar = toScalarType(name);
  const inputTypmod = name === 'interval' ? typmod : -1;
  const value = evaluate(
    statement,
    { kind: 'input', argument: { kind: 'literal', scalar: 'text', text }, scalar, typmod: inputTypmod },
    at,
  );
  return { kind: 'literal', type: inputTypmod === -1 ? plain(name) : { name, typmod }, text: value };
}

/** `1 2`: an array that counts from 0. */
function bindVector(statement: Statement, name: TypeName, text: string, at: number | undefined): HirScalar {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const scalar = toScalarType(elementType(name)!);
  for (const word of words) {
    const argument: Expr = { kind: 'literal', scalar: 'text', text: word };
    evaluate(statement, { kind: 'input', argument, scalar, typmod: -1 }, at);
  }
  return literal(name, words.length === 0 ? '{}' : `[0:${words.length - 1}]={${words.join(',')}}`);
}

/** Evaluates a constant; its error is the statement's, at this place. */
export function evaluate(statement: Statement, expression: Expr, at: number | undefined): string | null {
  try {
    return statement.environment.evaluate(expression);
  } catch (error) {
    if (error instanceof Error && 'sqlstate' in error && typeof error.sqlstate === 'string') {
      const { detail, hint, where } = error as { detail?: string; hint?: string; where?: string };
      throw new SqlError({
        sqlstate: error.sqlstate,
        message: error.message,
        detail,
        hint,
        where,
        position: statement.position(at),
      });
    }
    throw error;
  }
}

/** Texts that are what they say without asking the engine: the usual numbers, booleans, uuids. */
function simpleText(name: TypeName, text: string): string | null {
  switch (name) {
    case 'int2':
      return /^(0|-?[1-9][0-9]{0,3})$/.test(text) ? text : null;
    case 'int4':
      return /^(0|-?[1-9][0-9]{0,8})$/.test(text) ? text : null;
    case 'int8':
      return /^(0|-?[1-9][0-9]{0,17})$/.test(text) ? text : null;
    case 'oid':
      return /^(0|[1-9][0-9]{0,8})$/.test(text) ? text : null;
    case 'numeric':
      return /^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$/.test(text) ? text : null;
    case 'char':
      // One byte as it is; a backslash may begin an octal number.
      return /^[ -[\]-~]?$/.test(text) ? text : null;
    case 'uuid':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? text : null;
    case 'bool':
      if (text === 't' || text === 'true') return 't';
      return text === 'f' || text === 'false' ? 'f' : null;
    default:
      return null;
  }
}

/** A name holds 63 bytes; what is longer is cut at a character. */
export function truncateName(text: string): string {
  if (Buffer.byteLength(text) <= 63) return text;
  let result = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > 63) break;
    result += character;
  }
  return result;
}
