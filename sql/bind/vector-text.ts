/** Casts of texts to int2vector and oidvector, whose values are written without brackets. */
import { functionByOid } from '../functions/table.ts';
import { quoteLiteral } from '../functions/quote.ts';
import { isVector, typeRow } from '../types/table.ts';
import type { HirScalar } from '../hir.ts';
import type { SqlType } from '../types/type.ts';
import { bindBody } from './body.ts';
import { coerce, coerceToType } from './coerce.ts';
import type { ExpressionContext } from './context.ts';
import { typeOf } from './scalar.ts';
import type { Bound } from './statement.ts';

/** format_type(oid, int4), which gives a text. */
const FORMAT_TYPE = 1081;

const ESCAPED = String.raw`regexp_replace(btrim($1, E' \t\n\r\f\v'), '(["\\])', '\\\1', 'g')`;
const WORDS = `regexp_split_to_array(${ESCAPED}, '\\s+')`;

/** `1 2` as arrays are written, of one that counts from 0: `[0:1]={"1","2"}`. */
const AS_ARRAY = `CASE WHEN $1 !~ '\\S' THEN '{}'
  ELSE '[0:' || array_length(${WORDS}, 1) - 1 || ${quoteLiteral(']={"')} || array_to_string(${WORDS}, '","') || '"}' END`;

/** The vector that a text is cast to; null for anything else. */
export function vectorOfText(context: ExpressionContext, bound: Bound, type: SqlType): HirScalar | null {
  const source = typeOf(bound.scalar).name;
  if (!isVector(type.name) || source === 'unknown' || typeRow(source).category !== 'S') return null;
  const { statement } = context;
  const text = coerce(statement, bound, 'text', 'implicit');
  if (text === null) return null;
  const scalar = bindBody(context, functionByOid(FORMAT_TYPE), [text], AS_ARRAY);
  return coerceToType(statement, { scalar, at: bound.at }, type, 'explicit');
}
