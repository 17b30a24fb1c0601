/** PostgreSQL's window functions that are not aggregates. */
import type { WindowFunction } from '../../engine/plan.generated.ts';
import type { TypeName } from '../types/type.ts';

/** `value`: any type, the same in all places that say so; it is the result's. */
export interface WindowFunctionEntry {
  readonly name: string;
  readonly function: WindowFunction;
  /** Each way to call it. */
  readonly signatures: readonly (readonly (TypeName | 'value')[])[];
  readonly result: TypeName | 'value';
  readonly nullable: boolean;
}

const neighbour = [['value'], ['value', 'int4'], ['value', 'int4', 'value']] as const;

const entries: readonly WindowFunctionEntry[] = [
  { name: 'row_number', function: { kind: 'rowNumber' }, signatures: [[]], result: 'int8', nullable: false },
  { name: 'rank', function: { kind: 'rank' }, signatures: [[]], result: 'int8', nullable: false },
  { name: 'dense_rank', function: { kind: 'denseRank' }, signatures: [[]], result: 'int8', nullable: false },
  {
    name: 'percent_rank',
    function: { kind: 'percentRank' },
    signatures: [[]],
    result: 'float8',
    nullable: false,
  },
  { name: 'cume_dist', function: { kind: 'cumeDist' }, signatures: [[]], result: 'float8', nullable: false },
  { name: 'ntile', function: { kind: 'ntile' }, signatures: [['int4']], result: 'int4', nullable: true },
  { name: 'lag', function: { kind: 'lag' }, signatures: neighbour, result: 'value', nullable: true },
  { name: 'lead', function: { kind: 'lead' }, signatures: neighbour, result: 'value', nullable: true },
  {
    name: 'first_value',
    function: { kind: 'firstValue' },
    signatures: [['value']],
    result: 'value',
    nullable: true,
  },
  {
    name: 'last_value',
    function: { kind: 'lastValue' },
    signatures: [['value']],
    result: 'value',
    nullable: true,
  },
  {
    name: 'nth_value',
    function: { kind: 'nthValue' },
    signatures: [['value', 'int4']],
    result: 'value',
    nullable: true,
  },
];

const byName = new Map(entries.map((entry) => [entry.name, entry]));

/** The window function of this name. */
export function windowFunctionNamed(name: string): WindowFunctionEntry | undefined {
  return byName.get(name);
}
