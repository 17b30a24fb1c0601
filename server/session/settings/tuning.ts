/**
 * Settings by which PostgreSQL is tuned: what memory an operation may take, and what its planner makes of a query. Nothing here goes
 * by them, so SET says that it has no effect; scripts that set them run, and SHOW gives what was set.
 */
import { type SettingDefinition, boolean, integer, invalidValue, oneOf } from './definition.ts';

const UNITS: readonly [name: string, kilobytes: number][] = [
  ['TB', 1024 ** 3],
  ['GB', 1024 ** 2],
  ['MB', 1024],
  ['kB', 1],
];

/** An amount of memory; a number without a unit is kilobytes. Printed in the largest unit that divides it. */
function memory(value: string, name: string): string {
  const [, number, unit = 'kB'] = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?\s*$/.exec(value) ?? [];
  if (number === undefined) {
    throw invalidValue(name, value, 'Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".');
  }
  const factor = unit === 'B' ? 1 / 1024 : UNITS.find(([known]) => known === unit)![1];
  const kilobytes = Math.round(Number(number) * factor);
  const [largest, size] = UNITS.find(([, size]) => kilobytes % size === 0)!;
  return `${kilobytes / size}${largest}`;
}

function real(value: string, name: string): string {
  if (!/^\s*-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value)) throw invalidValue(name, value);
  return String(Number(value));
}

type Accept = NonNullable<SettingDefinition['accept']>;

const PLAN_TYPES: readonly string[] = [
  ...[
    'async_append',
    'bitmapscan',
    'gathermerge',
    'hashagg',
    'hashjoin',
    'incremental_sort',
    'indexonlyscan',
  ],
  ...['indexscan', 'material', 'memoize', 'mergejoin', 'nestloop', 'parallel_append', 'parallel_hash'],
  ...['partition_pruning', 'seqscan', 'sort', 'tidscan'],
];

const others: readonly (readonly [name: string, initial: string, accept: Accept, description: string])[] = [
  ['work_mem', '4MB', memory, 'Sets the maximum memory to be used for query workspaces.'],
  ['maintenance_work_mem', '64MB', memory, 'Sets the maximum memory to be used for maintenance operations.'],
  ['temp_buffers', '8MB', memory, 'Sets the maximum number of temporary buffers used by each session.'],
  [
    'effective_cache_size',
    '4GB',
    memory,
    "Sets the planner's assumption about the total size of the data caches.",
  ],
  [
    'seq_page_cost',
    '1',
    real,
    "Sets the planner's estimate of the cost of a sequentially fetched disk page.",
  ],
  [
    'random_page_cost',
    '4',
    real,
    "Sets the planner's estimate of the cost of a nonsequentially fetched disk page.",
  ],
  ['cpu_tuple_cost', '0.01', real, "Sets the planner's estimate of the cost of processing each tuple (row)."],
  ['jit', 'on', boolean, 'Allow JIT compilation.'],
  ['geqo', 'on', boolean, 'Enables genetic query optimization.'],
  [
    'from_collapse_limit',
    '8',
    integer(1, 2147483647),
    'Sets the FROM-list size beyond which subqueries are not collapsed.',
  ],
  [
    'join_collapse_limit',
    '8',
    integer(1, 2147483647),
    'Sets the FROM-list size beyond which JOIN constructs are not flattened.',
  ],
  [
    'max_parallel_workers_per_gather',
    '2',
    integer(0, 1024),
    'Sets the maximum number of parallel processes per executor node.',
  ],
  [
    'max_parallel_maintenance_workers',
    '2',
    integer(0, 1024),
    'Sets the maximum number of parallel processes per maintenance operation.',
  ],
  ['default_statistics_target', '100', integer(1, 10000), 'Sets the default statistics target.'],
  [
    'effective_io_concurrency',
    '16',
    integer(0, 1000),
    'Number of simultaneous requests that can be handled efficiently by the disk subsystem.',
  ],
  [
    'constraint_exclusion',
    'partition',
    oneOf(['partition', 'on', 'off']),
    'Enables the planner to use constraints to optimize queries.',
  ],
  [
    'plan_cache_mode',
    'auto',
    oneOf(['auto', 'force_generic_plan', 'force_custom_plan']),
    "Controls the planner's selection of custom or generic plan.",
  ],
];

export const tuning: readonly SettingDefinition[] = [
  ...PLAN_TYPES.map((type): SettingDefinition => ({
    name: `enable_${type}`,
    initial: 'on',
    description: `Enables the planner's use of ${type} plans.`,
    accept: boolean,
    isTuning: true,
  })),
  ...others.map(([name, initial, accept, description]): SettingDefinition => ({
    name,
    initial,
    description,
    accept,
    isTuning: true,
  })),
];
