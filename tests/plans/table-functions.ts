/** Table functions for the reference interpreters: series of integers, in step, with their number. */
import type { TableFunction } from '../../engine/plan.generated.ts';
import type { Row, Value } from './evaluate.ts';
import { DataError } from './evaluate.ts';

interface Call {
  readonly function: TableFunction;
  readonly arguments: readonly Value[];
}

function rowsOf(call: Call): Row[] {
  if (call.function !== 'generateSeries') throw new Error(`reference interpreter: no ${call.function}`);
  if (call.arguments.includes(null)) return [];
  const [start, stop, step] = call.arguments.map(Number) as [number, number, number];
  if (step === 0) throw new DataError('22023');
  const rows: Row[] = [];
  for (let value = start; step > 0 ? value <= stop : value >= stop; value += step) rows.push([String(value)]);
  return rows;
}

/** The columns that the calls append to a row, one list a row. */
export function tableRows(calls: readonly Call[], ordinality: boolean): Row[] {
  const made = calls.map(rowsOf);
  const count = Math.max(...made.map((rows) => rows.length));
  return Array.from({ length: count }, (_, at) => [
    ...made.flatMap((rows) => rows[at] ?? [null]),
    ...(ordinality ? [String(at + 1)] : []),
  ]);
}
