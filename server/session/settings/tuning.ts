/**
 * Settings by which PostgreSQL is tuned: what memory an operation may take, what its planner makes of a query, what it logs and counts.
 * Nothing here goes by them, so SET says that it has no effect; scripts that set them run, and SHOW gives what was set.
 */
import { SqlError } from '../../../sql/error.ts';
import { type SettingDefinition, boolean, integer, invalidValue, oneOf, text } from './definition.ts';
import { duration } from './duration.ts';

const UNITS: readonly [name: string, kilobytes: number][] = [
  ['TB', 1024 ** 3],
  ['GB', 1024 ** 2],
  ['MB', 1024],
  ['kB', 1],
];

/**
 * An amount of memory from `minimum` on, in units of so many kilobytes, as a number without a unit is read. Printed in the largest
 * unit that divides it.
 */
function memory(minimum: number, unitKilobytes = 1) {
  return (value: string, name: string): string => {
    const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?\s*$/.exec(value) ?? [];
    if (number === undefined) {
      throw invalidValue(name, value, 'Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".');
    }
    const factor =
      unit === undefined
        ? unitKilobytes
        : unit === 'B'
          ? 1 / 1024
          : UNITS.find(([known]) => known === unit)![1];
    const units = Math.round((Number(number) * factor) / unitKilobytes);
    if (units < minimum) {
      const own = unitKilobytes === 1 ? 'kB' : `${unitKilobytes}kB`;
      throw outside(name, `${units} ${own}`, `${minimum} ${own}`, `2147483647 ${own}`);
    }
    if (units === 0) return '0';
    const [largest, size] = UNITS.find(([, size]) => (units * unitKilobytes) % size === 0)!;
    return `${(units * unitKilobytes) / size}${largest}`;
  };
}

function outside(name: string, value: string, minimum: string, maximum: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `${value} is outside the valid range for parameter "${name}" (${minimum} .. ${maximum})`,
  });
}

/** A number in a range; without an end, the largest that there is. */
function real(minimum: number, maximum?: number) {
  return (value: string, name: string): string => {
    if (!/^\s*-?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value)) throw invalidValue(name, value);
    const number = Number(value);
    if (number < minimum || number > (maximum ?? Number.MAX_VALUE)) {
      throw outside(name, String(number), String(minimum), String(maximum ?? '1.79769e+308'));
    }
    return String(number);
  };
}

type Accept = NonNullable<SettingDefinition['accept']>;

const PLAN_TYPES: readonly string[] = [
  ...['async_append', 'bitmapscan', 'distinct_reordering', 'gathermerge', 'group_by_reordering', 'hashagg'],
  ...['hashjoin', 'incremental_sort', 'indexonlyscan', 'indexscan', 'material', 'memoize', 'mergejoin'],
  ...['nestloop', 'parallel_append', 'parallel_hash', 'partition_pruning', 'presorted_aggregate'],
  ...['self_join_elimination', 'seqscan', 'sort', 'tidscan'],
];

const LARGEST = 2147483647;

const LOG_LEVELS: readonly string[] = [
  ...['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'info', 'notice', 'warning', 'error'],
  ...['log', 'fatal', 'panic'],
];

const others: readonly (readonly [name: string, initial: string, accept: Accept, description: string])[] = [
  ['enable_partitionwise_aggregate', 'off', boolean, 'Enables partitionwise aggregation and grouping.'],
  ['enable_partitionwise_join', 'off', boolean, 'Enables partitionwise join.'],
  ['work_mem', '4MB', memory(64), 'Sets the maximum memory to be used for query workspaces.'],
  ['max_stack_depth', '2MB', memory(100), 'Sets the maximum stack depth, in kilobytes.'],
  ['hash_mem_multiplier', '2', real(1, 1000), 'Multiple of "work_mem" to use for hash tables.'],
  [
    'maintenance_work_mem',
    '64MB',
    memory(64),
    'Sets the maximum memory to be used for maintenance operations.',
  ],
  [
    'temp_buffers',
    '8MB',
    memory(100, 8),
    'Sets the maximum number of temporary buffers used by each session.',
  ],
  [
    'effective_cache_size',
    '4GB',
    memory(1, 8),
    "Sets the planner's assumption about the total size of the data caches.",
  ],
  [
    'seq_page_cost',
    '1',
    real(0),
    "Sets the planner's estimate of the cost of a sequentially fetched disk page.",
  ],
  [
    'random_page_cost',
    '4',
    real(0),
    "Sets the planner's estimate of the cost of a nonsequentially fetched disk page.",
  ],
  [
    'cpu_tuple_cost',
    '0.01',
    real(0),
    "Sets the planner's estimate of the cost of processing each tuple (row).",
  ],
  [
    'cpu_index_tuple_cost',
    '0.005',
    real(0),
    "Sets the planner's estimate of the cost of processing each index entry during an index scan.",
  ],
  [
    'cpu_operator_cost',
    '0.0025',
    real(0),
    "Sets the planner's estimate of the cost of processing each operator or function call.",
  ],
  [
    'cursor_tuple_fraction',
    '0.1',
    real(0, 1),
    "Sets the planner's estimate of the fraction of a cursor's rows that will be retrieved.",
  ],
  [
    'recursive_worktable_factor',
    '10',
    real(0.001, 1000000),
    "Sets the planner's estimate of the average size of a recursive query's working table.",
  ],
  ['jit', 'on', boolean, 'Allow JIT compilation.'],
  ['jit_above_cost', '100000', real(-1), 'Perform JIT compilation if query is more expensive.'],
  ['jit_inline_above_cost', '500000', real(-1), 'Perform JIT inlining if query is more expensive.'],
  [
    'jit_optimize_above_cost',
    '500000',
    real(-1),
    'Optimize JIT-compiled functions if query is more expensive.',
  ],
  ['geqo', 'on', boolean, 'Enables genetic query optimization.'],
  [
    'geqo_threshold',
    '12',
    integer(2, LARGEST),
    'Sets the threshold of FROM items beyond which GEQO is used.',
  ],
  ['geqo_effort', '5', integer(1, 10), 'GEQO: effort is used to set the default for other GEQO parameters.'],
  ['geqo_pool_size', '0', integer(0, LARGEST), 'GEQO: number of individuals in the population.'],
  ['geqo_generations', '0', integer(0, LARGEST), 'GEQO: number of iterations of the algorithm.'],
  ['geqo_selection_bias', '2', real(1.5, 2), 'GEQO: selective pressure within the population.'],
  ['geqo_seed', '0', real(0, 1), 'GEQO: seed for random path selection.'],
  [
    'from_collapse_limit',
    '8',
    integer(1, LARGEST),
    'Sets the FROM-list size beyond which subqueries are not collapsed.',
  ],
  [
    'join_collapse_limit',
    '8',
    integer(1, LARGEST),
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
  [
    'max_parallel_workers',
    '8',
    integer(0, 1024),
    'Sets the maximum number of parallel workers that can be active at one time.',
  ],
  [
    'parallel_leader_participation',
    'on',
    boolean,
    'Controls whether Gather and Gather Merge also run subplans.',
  ],
  [
    'parallel_setup_cost',
    '1000',
    real(0),
    "Sets the planner's estimate of the cost of starting up worker processes for parallel query.",
  ],
  [
    'parallel_tuple_cost',
    '0.1',
    real(0),
    "Sets the planner's estimate of the cost of passing each tuple (row) from worker to leader backend.",
  ],
  [
    'min_parallel_table_scan_size',
    '8MB',
    memory(0, 8),
    'Sets the minimum amount of table data for a parallel scan.',
  ],
  [
    'min_parallel_index_scan_size',
    '512kB',
    memory(0, 8),
    'Sets the minimum amount of index data for a parallel scan.',
  ],
  [
    'debug_parallel_query',
    'off',
    oneOf(['off', 'on', 'regress'], { true: 'on', yes: 'on', 1: 'on', false: 'off', no: 'off', 0: 'off' }),
    "Forces the planner's use parallel query nodes.",
  ],
  ['default_statistics_target', '100', integer(1, 10000), 'Sets the default statistics target.'],
  [
    'effective_io_concurrency',
    '16',
    integer(0, 1000),
    'Number of simultaneous requests that can be handled efficiently by the disk subsystem.',
  ],
  [
    'maintenance_io_concurrency',
    '16',
    integer(0, 1000),
    'A variant of "effective_io_concurrency" that is used for maintenance work.',
  ],
  [
    'logical_decoding_work_mem',
    '64MB',
    memory(64),
    'Sets the maximum memory to be used for logical decoding.',
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
  ['deadlock_timeout', '1s', duration, 'Sets the time to wait on a lock before checking for deadlock.'],
  ['vacuum_cost_delay', '0', real(0, 100), 'Vacuum cost delay in milliseconds.'],
  [
    'default_toast_compression',
    'pglz',
    oneOf(['pglz', 'lz4']),
    'Sets the default compression method for compressible values.',
  ],
  [
    'default_text_search_config',
    'pg_catalog.english',
    text,
    'Sets default text search configuration: there is no text search.',
  ],
  ['log_statement', 'none', oneOf(['none', 'ddl', 'mod', 'all']), 'Sets the type of statements logged.'],
  [
    'log_min_duration_statement',
    '-1',
    (value, name) => (value.trim() === '-1' ? '-1' : duration(value, name)),
    'Sets the minimum execution time above which all statements will be logged.',
  ],
  ['log_min_messages', 'warning', oneOf(LOG_LEVELS), 'Sets the message levels that are logged.'],
  [
    'log_min_error_statement',
    'error',
    oneOf(LOG_LEVELS),
    'Causes all statements generating error at or above this level to be logged.',
  ],
  [
    'log_error_verbosity',
    'default',
    oneOf(['terse', 'default', 'verbose']),
    'Sets the verbosity of logged messages.',
  ],
  ['log_duration', 'off', boolean, 'Logs the duration of each completed SQL statement.'],
  ['log_lock_waits', 'off', boolean, 'Logs long lock waits.'],
  ['track_activities', 'on', boolean, 'Collects information about executing commands.'],
  ['track_counts', 'on', boolean, 'Collects statistics on database activity.'],
  ['track_io_timing', 'off', boolean, 'Collects timing statistics for database I/O activity.'],
  [
    'track_functions',
    'none',
    oneOf(['none', 'pl', 'all']),
    'Collects function-level statistics on database activity.',
  ],
  [
    'client_connection_check_interval',
    '0',
    duration,
    'Sets the time interval between checks for disconnection while running queries.',
  ],
  ['tcp_keepalives_idle', '0', integer(0, LARGEST), 'Time between issuing TCP keepalives.'],
  ['tcp_keepalives_interval', '0', integer(0, LARGEST), 'Time between TCP keepalive retransmits.'],
  ['tcp_keepalives_count', '0', integer(0, LARGEST), 'Maximum number of TCP keepalive retransmits.'],
  ['tcp_user_timeout', '0', duration, 'TCP user timeout.'],
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
