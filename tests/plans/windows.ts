/** Window functions for the reference interpreters: ranks and neighbours, and aggregates over the usual frame or all rows. */
import type { Frame, OrderKey, WindowFunction } from '../../engine/plan.generated.ts';
import { aggregate, top } from './bag.ts';
import type { Row, Value } from './evaluate.ts';

interface Call {
  readonly function: WindowFunction;
  readonly arguments: readonly number[];
  readonly filter: number | null;
  readonly frame: Frame;
}

/** The rows of a partition with the calls' results. `types`: of the rows' columns. */
export function windowRows(
  partition: readonly { readonly row: Row; readonly diff: number }[],
  order: readonly OrderKey[],
  calls: readonly Call[],
  types: readonly string[],
): Row[] {
  const rows = top([...partition], {
    order: [...order],
    types: [...types],
    limit: null,
    offset: null,
    withTies: false,
  });
  const keys = rows.map((row) => JSON.stringify(order.map((key) => row[key.column])));
  const value = (call: Call, at: number): Value => {
    const first = keys.indexOf(keys[at]!);
    const argument = (row: number): Value => rows[row]?.[call.arguments[0]!] ?? null;
    switch (call.function.kind) {
      case 'rowNumber':
        return String(at + 1);
      case 'rank':
        return String(first + 1);
      case 'denseRank':
        return String(new Set(keys.slice(0, at + 1)).size);
      case 'lag':
        return argument(at - 1);
      case 'lead':
        return argument(at + 1);
      case 'aggregate': {
        const end = call.frame.end.kind === 'currentRow' ? keys.lastIndexOf(keys[at]!) + 1 : rows.length;
        const [column] = call.arguments;
        return aggregate(
          {
            function: call.function.function,
            distinct: false,
            type: column === undefined ? 'int8' : types[column]!,
            argument: column === undefined ? null : (row) => row[column]!,
            filter: call.filter === null ? null : (row) => row[call.filter!]!,
          },
          rows.slice(0, end).map((row) => ({ row, diff: 1 })),
        );
      }
      default:
        throw new Error(`reference interpreter: no ${call.function.kind}`);
    }
  };
  return rows.map((row, at) => [...row, ...calls.map((call) => value(call, at))]);
}
