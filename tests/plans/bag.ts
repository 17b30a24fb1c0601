/**
 * Bags of rows and errors with signed multiplicities: what each operator of the reference interpreters yields.
 */
import type { Row, Value } from './evaluate.ts';
import { canonicalValue, compareValues, DataError, isTrueValue } from './evaluate.ts';

/** Rows and errors; each a key with its multiplicity. */
export class Bag {
  readonly rows = new Map<string, { row: Row; diff: number }>();
  readonly errors = new Map<string, number>();

  add(row: Row, diff: number): void {
    const key = JSON.stringify(row);
    const known = this.rows.get(key);
    const total = (known?.diff ?? 0) + diff;
    if (total === 0) this.rows.delete(key);
    else this.rows.set(key, { row, diff: total });
  }

  fail(sqlstate: string, diff: number): void {
    const total = (this.errors.get(sqlstate) ?? 0) + diff;
    if (total === 0) this.errors.delete(sqlstate);
    else this.errors.set(sqlstate, total);
  }

  /** Takes over errors, each once: as an arrangement does. */
  inherit(other: Bag, sign = 1): void {
    for (const [sqlstate, diff] of other.errors) this.fail(sqlstate, sign * diff);
  }

  static of(rows: readonly Row[]): Bag {
    const bag = new Bag();
    for (const row of rows) bag.add(row, 1);
    return bag;
  }

  /** Runs `each` per row; a data error becomes an error of that multiplicity. */
  transform(each: (row: Row, emit: (row: Row) => void) => void): Bag {
    const result = new Bag();
    result.inherit(this);
    for (const { row, diff } of this.rows.values()) {
      try {
        const out: Row[] = [];
        each(row, (emitted) => out.push(emitted));
        for (const emitted of out) result.add(emitted, diff);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        result.fail(error.sqlstate, diff);
      }
    }
    return result;
  }

  /** Sorted rows, repeated by multiplicity; throws on a negative one. */
  list(): Row[] {
    const rows: Row[] = [];
    for (const { row, diff } of this.rows.values()) {
      if (diff < 0) throw new Error(`multiplicity ${diff} of ${JSON.stringify(row)}`);
      for (let copy = 0; copy < diff; copy += 1) rows.push(row);
    }
    return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
}

/** Rows with keys, grouped. Errors of key expressions become errors of the result. */
export function groupBy(
  input: Bag,
  key: (row: Row) => Row,
  onError: (sqlstate: string, diff: number) => void,
): Map<string, { key: Row; rows: { row: Row; diff: number }[] }> {
  const groups = new Map<string, { key: Row; rows: { row: Row; diff: number }[] }>();
  for (const entry of input.rows.values()) {
    let value: Row;
    try {
      value = key(entry.row);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      onError(error.sqlstate, entry.diff);
      continue;
    }
    const text = JSON.stringify(value);
    const group = groups.get(text) ?? { key: value, rows: [] };
    group.rows.push(entry);
    groups.set(text, group);
  }
  return groups;
}

/** An aggregate over a group's rows; `distinct` by SQL equality. */
export function aggregate(
  call: {
    readonly function: string;
    readonly distinct: boolean;
    readonly type: string;
    readonly argument: ((row: Row) => Value) | null;
    readonly filter: ((row: Row) => Value) | null;
  },
  rows: readonly { readonly row: Row; readonly diff: number }[],
): Value {
  let values: { value: string; diff: number }[] = [];
  let count = 0;
  for (const { row, diff } of rows) {
    if (call.filter !== null && !isTrueValue(call.filter(row))) continue;
    count += diff;
    const value = call.argument === null ? null : call.argument(row);
    if (value !== null) values.push({ value, diff });
  }
  if (call.distinct) {
    const distinct = new Map<string, string>();
    for (const { value } of values) {
      const key = canonicalValue(value, call.type);
      const known = distinct.get(key);
      if (known === undefined || value < known) distinct.set(key, value);
    }
    values = [...distinct.values()].map((value) => ({ value, diff: 1 }));
  }
  const total = values.reduce((sum, { diff }) => sum + diff, 0);
  const sum = (): number => values.reduce((result, { value, diff }) => result + Number(value) * diff, 0);
  const extreme = (sign: number, type: string): Value =>
    values.length === 0
      ? null
      : values.map(({ value }) => value).reduce((a, b) => (sign * compareValues(a, b, type) <= 0 ? a : b));
  switch (call.function) {
    case 'countAll':
      return String(count);
    case 'count':
      return String(total);
    case 'sum': {
      if (total === 0) return null;
      const places = Math.max(...values.map(({ value }) => (value.split('.')[1] ?? '').length));
      return sum().toFixed(places);
    }
    case 'avg':
      return total === 0 ? null : (sum() / total).toFixed(6);
    case 'boolAnd':
      return total === 0 ? null : values.every(({ value }) => isTrueValue(value)) ? 'true' : 'false';
    case 'boolOr':
      return total === 0 ? null : values.some(({ value }) => isTrueValue(value)) ? 'true' : 'false';
    case 'min':
      return extreme(1, call.type);
    case 'max':
      return extreme(-1, call.type);
    case 'leastRepresentation':
      return extreme(1, 'text');
    default:
      throw new Error(`no aggregate ${call.function}`);
  }
}

/** Rows of a group in order, `offset` skipped, at most `limit` kept, ties of the last with `withTies`. */
export function top(
  rows: readonly { readonly row: Row; readonly diff: number }[],
  options: {
    readonly order: readonly { column: number; descending: boolean; nullsFirst: boolean }[];
    readonly types: readonly string[];
    readonly limit: Value;
    readonly offset: Value;
    readonly withTies: boolean;
  },
): Row[] {
  const compare = (left: Row, right: Row): number => {
    for (const { column, descending, nullsFirst } of options.order) {
      const [a, b] = [left[column]!, right[column]!];
      if (a === null || b === null) {
        if (a === b) continue;
        return (a === null) === nullsFirst ? -1 : 1;
      }
      const order = compareValues(a, b, options.types[column]!);
      if (order !== 0) return descending ? -order : order;
    }
    return 0;
  };
  const all = rows.flatMap(({ row, diff }) => Array.from({ length: Math.max(diff, 0) }, () => row));
  const sorted = all.toSorted((a, b) => compare(a, b) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  const offset = Number(options.offset ?? 0);
  if (options.limit === null) return sorted.slice(offset);
  let end = offset + Number(options.limit);
  while (
    options.withTies &&
    end > offset &&
    end < sorted.length &&
    compare(sorted[end - 1]!, sorted[end]!) === 0
  )
    end += 1;
  return sorted.slice(offset, end);
}
