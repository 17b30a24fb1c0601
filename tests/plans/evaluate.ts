/**
 * A reference evaluator of plan expressions over rows of texts: tiny, slow, and only for the types that planner tests
 * use (integers, numeric, text, bool, timestamp as text). Values are PostgreSQL's text forms, so identity is equality
 * of strings.
 */
import type { Expr } from '../../engine/plan.generated.ts';

export type Value = string | null;
export type Row = readonly Value[];

/** A data error. */
export class DataError extends Error {
  readonly sqlstate: string;
  constructor(sqlstate: string) {
    super(sqlstate);
    this.sqlstate = sqlstate;
  }
}

const NUMERIC = new Set(['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'oid']);

/** The canonical form under SQL equality. */
export function canonicalValue(value: string, type: string): string {
  if (type === 'numeric') return value.includes('.') ? value.replace(/\.?0+$/, '') : value;
  return type === 'bpchar' ? value.trimEnd() : value;
}

/** Order of two values of one type. */
export function compareValues(left: string, right: string, type: string): number {
  if (NUMERIC.has(type)) return Number(left) - Number(right);
  return left < right ? -1 : left > right ? 1 : 0;
}

const bool = (value: boolean): Value => (value ? 'true' : 'false');

export function isTrueValue(value: Value): boolean {
  return value === 'true' || value === 't';
}

const ARITHMETIC = /^(int[248]|int[248]{2}|numeric_)(pl|mi|mul|div|mod|add|sub)$/;
const COMPARISON = /^(int[248]{1,2}|numeric_|text_?|bpchar|bool|timestamp_)(eq|ne|lt|le|gt|ge)$/;
const CASTS = new Set(['i2toi4', 'int28', 'int48', 'int2_numeric', 'int4_numeric', 'int8_numeric', 'int84']);

function scale(text: string): number {
  const dot = text.indexOf('.');
  return dot < 0 ? 0 : text.length - dot - 1;
}

function arithmetic(family: string, operation: string, left: string, right: string): Value {
  const a = Number(left);
  const b = Number(right);
  if ((operation === 'div' || operation === 'mod') && b === 0) throw new DataError('22012');
  if (family === 'numeric_') {
    const places = operation === 'mul' ? scale(left) + scale(right) : Math.max(scale(left), scale(right));
    const value = { pl: a + b, add: a + b, mi: a - b, sub: a - b, mul: a * b, div: a / b, mod: a % b }[
      operation
    ]!;
    return value.toFixed(operation === 'div' ? 16 : places);
  }
  const value = { pl: a + b, mi: a - b, mul: a * b, div: Math.trunc(a / b), mod: a % b }[operation];
  if (value === undefined) throw new Error(`no arithmetic ${operation}`);
  if (family.startsWith('int4') && Math.abs(value) > 2147483647) throw new DataError('22003');
  return String(value === 0 ? 0 : value);
}

function callFunction(opcode: string, operands: readonly Value[]): Value {
  if (operands.includes(null)) return null;
  const [left, right] = operands as readonly string[];
  const comparison = COMPARISON.exec(opcode);
  if (comparison !== null) {
    const [, family, operator] = comparison as unknown as [string, string, string];
    const order = compareValues(left!, right!, /^(int|numeric)/.test(family) ? 'numeric' : 'text');
    const outcome = {
      eq: order === 0,
      ne: order !== 0,
      lt: order < 0,
      le: order <= 0,
      gt: order > 0,
      ge: order >= 0,
    }[operator]!;
    return bool(outcome);
  }
  const operation = ARITHMETIC.exec(opcode);
  if (operation !== null) return arithmetic(operation[1]!, operation[2]!, left!, right!);
  if (CASTS.has(opcode)) return left!;
  if (opcode === 'textcat') return left! + right!;
  if (opcode === 'interval_gt') return bool(!/^-|^00:00:00$/.test(left!));
  if (opcode === 'upper') return left!.toUpperCase();
  if (opcode === 'numeric') {
    const places = (Number(right) - 4) & 0xffff;
    return Number(left).toFixed(places);
  }
  throw new Error(`reference evaluator: no ${opcode}`);
}

/** The value of an expression over a row. */
export function evaluate(expr: Expr, row: Row, parameters: readonly Value[] = []): Value {
  const of = (child: Expr): Value => evaluate(child, row, parameters);
  switch (expr.kind) {
    case 'once':
    case 'local':
      throw new Error('reference evaluator: what is computed once is volatile');
    case 'column': {
      const value = row[expr.index];
      if (value === undefined) throw new Error(`column ${expr.index} of a row of ${row.length}`);
      return value;
    }
    case 'literal':
      return expr.scalar === 'bool' && expr.text !== null ? bool(isTrueValue(expr.text)) : expr.text;
    case 'parameter':
      return parameters[expr.index]!;
    case 'call':
      return callFunction(expr.opcode, expr.arguments.map(of));
    case 'input': {
      const text = of(expr.argument);
      if (text !== null && NUMERIC.has(expr.scalar) && !/^\s*-?\d+(\.\d+)?\s*$/.test(text)) {
        throw new DataError('22P02');
      }
      return text;
    }
    case 'output':
      return of(expr.argument);
    case 'and':
    case 'or': {
      const decides = expr.kind === 'or';
      let unknown = false;
      for (const operand of expr.operands) {
        const value = of(operand);
        if (value === null) unknown = true;
        else if (isTrueValue(value) === decides) return bool(decides);
      }
      return unknown ? null : bool(!decides);
    }
    case 'not': {
      const value = of(expr.operand);
      return value === null ? null : bool(!isTrueValue(value));
    }
    case 'isNull':
      return bool(of(expr.operand) === null);
    case 'isTrue':
      return bool(isTrueValue(of(expr.operand)));
    case 'case':
      for (const branch of expr.branches) if (isTrueValue(of(branch.condition))) return of(branch.result);
      return of(expr.otherwise);
    case 'coalesce':
      for (const operand of expr.operands) {
        const value = of(operand);
        if (value !== null) return value;
      }
      return null;
    case 'inList': {
      const value = of(expr.operand);
      if (value === null) return null;
      const items = expr.list.map(of);
      const type = NUMERIC.has(expr.of) ? 'numeric' : expr.of;
      if (items.some((item) => item !== null && compareValues(item, value, type) === 0)) return 'true';
      return items.includes(null) ? null : 'false';
    }
    case 'canonical': {
      const value = of(expr.operand);
      return value === null ? null : canonicalValue(value, expr.of);
    }
    case 'notDistinct': {
      const left = of(expr.left);
      const right = of(expr.right);
      if (left === null || right === null) return bool(left === right);
      return bool(canonicalValue(left, expr.of) === canonicalValue(right, expr.of));
    }
    case 'raise':
      throw new DataError(expr.sqlstate);
    case 'logicalNow':
      throw new Error('no time here');
    case 'array':
    case 'mapArray':
    case 'quantified':
    case 'element':
      throw new Error('reference evaluator: no arrays');
  }
}
