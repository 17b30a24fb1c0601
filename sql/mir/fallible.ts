/**
 * Calls that can fail in general but not with these arguments. The error law holds back every scalar that can fail, so
 * it pays to know that `x like 'a%'`, `x / 2` or the product of two numeric(15,2) cannot.
 */
import type { Frame, WindowFunction } from '../../engine/plan.generated.ts';
import type { SqlType } from '../types/type.ts';

/** What is looked at of an operand: HIR and MIR scalars both have it. */
export interface Operand {
  readonly kind: string;
  readonly type?: SqlType;
  readonly text?: string | null;
  readonly opcode?: string;
  readonly arguments?: readonly Operand[];
}

const LIKE = new Set([
  'textlike',
  'textnlike',
  'texticlike',
  'texticnlike',
  'bpcharlike',
  'bpcharnlike',
  'bpchariclike',
  'bpcharicnlike',
  'namelike',
  'namenlike',
]);

/** A pattern fails only where it ends within an escape. */
function endsInEscape(pattern: string): boolean {
  const slashes = /\\*$/.exec(pattern)![0].length;
  return slashes % 2 === 1;
}

const DIVISION = /^int[248]{1,2}(?:div|mod)$/;

/** Fields that every date, timestamp and interval has. */
const FIELDS = new Set([
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'quarter',
  'week',
  'dow',
  'doy',
  'isodow',
  'isoyear',
  'decade',
  'century',
  'epoch',
  'milliseconds',
  'microseconds',
]);
const FIELD_OF_TIMESTAMP = new Set(['extract_timestamp', 'timestamp_part', 'timestamp_trunc']);
const FIELD_OF_DATE = new Set(['extract_date']);
const TIME_FIELDS = new Set(['hour', 'minute', 'second', 'milliseconds', 'microseconds']);

const NUMERIC_CAST = /^int[248]_numeric$/;
const NUMERIC_CLOSED = new Set([
  'numeric_add',
  'numeric_sub',
  'numeric_mul',
  'numeric_uminus',
  'numeric_abs',
]);
const MAX_TERMS = 32;

/** The terms of a numeric expression of values far below numeric's limit; Infinity if one is unbounded. */
function boundedTerms(scalar: Operand): number {
  if (scalar.type?.name !== 'numeric') return Infinity;
  if (scalar.kind === 'literal') return (scalar.text?.length ?? 0) < 1000 ? 1 : Infinity;
  if (scalar.kind === 'call' && scalar.opcode !== undefined && scalar.arguments !== undefined) {
    if (NUMERIC_CAST.test(scalar.opcode)) return 1;
    if (NUMERIC_CLOSED.has(scalar.opcode)) {
      return scalar.arguments.reduce((sum, argument) => sum + boundedTerms(argument), 0);
    }
  }
  return scalar.kind === 'column' && scalar.type.typmod !== -1 ? 1 : Infinity;
}

function isLiteral(operand: Operand | undefined): operand is Operand & { readonly text: string | null } {
  return operand?.kind === 'literal' && operand.text !== undefined;
}

/** Whether this call cannot fail although its function can. */
export function neverFails(opcode: string, operands: readonly Operand[]): boolean {
  const [first, second] = operands;
  if (LIKE.has(opcode)) {
    return isLiteral(second) && (second.text === null || !endsInEscape(second.text));
  }
  if (DIVISION.test(opcode)) {
    // -1 overflows with the least value.
    return isLiteral(second) && second.text !== null && !['0', '-1'].includes(second.text);
  }
  if (FIELD_OF_TIMESTAMP.has(opcode) || FIELD_OF_DATE.has(opcode)) {
    if (!isLiteral(first) || first.text === null || !FIELDS.has(first.text)) return false;
    return !(FIELD_OF_DATE.has(opcode) && TIME_FIELDS.has(first.text));
  }
  if (NUMERIC_CLOSED.has(opcode)) {
    return operands.reduce((sum, operand) => sum + boundedTerms(operand), 0) <= MAX_TERMS;
  }
  return false;
}

const AGGREGATES = new Set([
  ...['count', 'countAll', 'min', 'max', 'boolAnd', 'boolOr', 'leastRepresentation', 'regrCount'],
  ...['bitAnd', 'bitOr', 'bitXor', 'jsonbAgg', 'jsonbAggStrict', 'rangeAgg', 'rangeIntersectAgg', 'corr'],
]);

/** Of bit strings they are errors where lengths differ. */
const AGGREGATES_OF_BITS = new Set(['bitAnd', 'bitOr', 'bitXor']);

/** Whether an aggregate has a value whatever its arguments' values are. */
export function aggregateNeverFails(name: string, result: SqlType): boolean {
  return AGGREGATES.has(name) && !(AGGREGATES_OF_BITS.has(name) && result.name === 'bit');
}

const INTEGERS = new Set(['int2', 'int4', 'int8']);

/** Whether a sum or an average of such an argument stays in its range, of any number of rows that can be. */
export function sumNeverFails(name: string, argument: Operand): boolean {
  if (name !== 'sum' && name !== 'avg') return false;
  return INTEGERS.has(argument.type?.name ?? '') || boundedTerms(argument) <= MAX_TERMS;
}

/** Ranks, neighbours and counts never fail; arguments that must be positive, offsets and sums can. */
export function windowCallCanFail({
  function: called,
  frame,
  type,
}: {
  readonly function: WindowFunction;
  readonly frame: Frame;
  readonly type: SqlType;
}): boolean {
  if ([frame.start, frame.end].some((bound) => 'column' in bound)) return true;
  if (called.kind === 'ntile' || called.kind === 'nthValue') return true;
  if (called.kind !== 'aggregate') return false;
  return !aggregateNeverFails(called.function, type);
}
