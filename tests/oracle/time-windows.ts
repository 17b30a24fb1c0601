/** Windows of time in FROM, and the queries that PostgreSQL has for them. */
import type { ScopeColumn } from './expressions.ts';
import { scopeOfTable, type From } from './from.ts';
import { dialect } from './node.ts';
import type { State } from './queries.ts';
import type { Random } from './random.ts';
import type { Column, Table } from './schema.ts';

const isTime = ({ type }: Column): boolean => type === 'timestamp' || type === 'timestamptz';

/**
 * A window over a table with a time, if it is wanted so with one that may be unknown; null if there is none, or its times are
 * at the ends of their type.
 */
export function timeWindow(
  { schema, features }: State,
  random: Random,
  alias: string,
  unknown = false,
): From | null {
  const times = schema.tables.flatMap((table) =>
    table.columns
      .filter((column) => isTime(column) && (column.nullable || !unknown))
      .map((time) => ({ table, time })),
  );
  if (schema.extremes || times.length === 0) return null;
  const { table, time } = random.pick(times);
  const make = random.pick([tumble, hop, session]);
  features.add(`${make.name} window`);
  const { ours, theirs } = make(random, table, time);
  const window = ['window_start', 'window_end'].map((name): ScopeColumn => ({
    sql: `${alias}.${name}`,
    type: time.type,
  }));
  return {
    tree: dialect(`${ours} AS ${alias}`, `(${theirs}) AS ${alias}`),
    scope: [...scopeOfTable(table.columns, alias), ...window],
  };
}

interface Forms {
  readonly ours: string;
  readonly theirs: string;
}

const interval = (text: string): string => `INTERVAL '${text}'`;
const origin = ({ type }: Column): string => `'1970-01-01 00:00:00+00'::${type}`;

function tumble(random: Random, { name }: Table, time: Column): Forms {
  const size = interval(random.pick(['1 day', '12 hours', '45 minutes', '31 days']));
  const at = time.name;
  const start = `date_bin(${size}, ${at}, ${origin(time)})`;
  return {
    ours: `TUMBLE(${name}, ${at}, ${size})`,
    theirs: `SELECT *, ${start} AS window_start, ${start} + ${size} AS window_end FROM ${name} WHERE ${at} IS NOT NULL`,
  };
}

/** From the last window that has begun to the first that has not ended; a slide may be longer than the windows. */
function hop(random: Random, { name }: Table, time: Column): Forms {
  const [slide, size] = random
    .pick([
      ['1 day', '3 days'],
      ['12 hours', '1 day 06:00:00'],
      ['2 days', '1 day'],
      ['10 days', '30 days'],
      ['7 days', '7 days'],
    ])
    .map(interval);
  const at = `t.${time.name}`;
  const last = `date_bin(${slide}, ${at}, ${origin(time)})`;
  const starts = `generate_series(${last}, ${at} - ${size} + INTERVAL '1 microsecond', - ${slide!})`;
  return {
    ours: `HOP(${name}, ${time.name}, ${slide}, ${size})`,
    theirs: `SELECT t.*, start AS window_start, start + ${size} AS window_end FROM ${name} AS t, ${starts} AS start`,
  };
}

/** The sessions of a table, which PostgreSQL makes of window functions. */
function session(random: Random, table: Table, time: Column): Forms {
  const at = time.name;
  const gap = interval(random.pick(['1 day', '29 days', '31 days', '3 hours']));
  const others = table.columns.filter(({ name }) => name !== at);
  const key = random.chance(0.5) && others.length > 0 ? random.pick(others).name : null;
  const partition = key === null ? '' : `PARTITION BY ${key}`;
  const names = table.columns.map(({ name }) => name).join(', ');
  const begins = `CASE WHEN ${at} - lag(${at}) OVER (${partition} ORDER BY ${at}) <= ${gap} THEN 0 ELSE 1 END`;
  const marked = `SELECT *, ${begins} AS first FROM ${table.name} WHERE ${at} IS NOT NULL`;
  const numbered = `SELECT *, sum(first) OVER (${partition} ORDER BY ${at}) AS number FROM (${marked}) AS marked`;
  const same = `PARTITION BY ${key === null ? '' : `${key}, `}number`;
  return {
    ours: `SESSION(${table.name}, ${at}, ${gap}${key === null ? '' : ` ${partition}`})`,
    theirs: `SELECT ${names}, min(${at}) OVER (${same}) AS window_start, max(${at}) OVER (${same}) + ${gap} AS window_end
    FROM (${numbered}) AS numbered`,
  };
}
