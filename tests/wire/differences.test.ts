/**
 * The deliberate differences of docs/differences.md, each as both systems have it: what PostgreSQL does too would be no difference.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ask, failed } from '../oracle/client.ts';
import { projectRoot } from '../support/root.ts';
import { startPostgres, type Postgres } from '../support/postgres.ts';
import { startTidewire, type Tidewire } from '../support/tidewire.ts';

let postgres: Postgres;
let tidewire: Tidewire;
let theirs: pg.Client;
let ours: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  tidewire = await startTidewire();
  theirs = await postgres.connect();
  ours = await tidewire.connect();
});

afterAll(async () => {
  await tidewire?.stop();
  await postgres?.stop();
});

afterEach(async () => {
  for (const client of [ours, theirs]) await client.query('ROLLBACK');
});

/** The rows, columns parted by a bar, or the SQLSTATE. */
async function answer(client: pg.Client, sql: string): Promise<string | string[]> {
  const given = await ask(client, sql);
  return failed(given) ? given.error : given.rows.map((row) => row.join('|'));
}

/** Both systems' answers. */
async function both(
  sql: string,
): Promise<{ readonly tidewire: string | string[]; readonly postgres: string | string[] }> {
  return { tidewire: await answer(ours, sql), postgres: await answer(theirs, sql) };
}

async function setUp(...statements: string[]): Promise<void> {
  for (const sql of statements) expect(await both(sql), sql).toEqual({ tidewire: [], postgres: [] });
}

/** The notices that a statement gives in Tidewire. */
async function noticesOf(sql: string): Promise<string[]> {
  const notices: string[] = [];
  const listen = (notice: { readonly message?: string | undefined }): void => {
    notices.push(notice.message ?? '');
  };
  ours.on('notice', listen);
  try {
    expect(await answer(ours, sql), sql).toEqual([]);
  } finally {
    ours.off('notice', listen);
  }
  return notices;
}

/** By how the list's item begins. */
const DIFFERENCES: Readonly<Record<string, () => Promise<void>>> = {
  'A materialized view is always up to date.': async () => {
    await setUp('CREATE TABLE fresh (x int)', 'CREATE MATERIALIZED VIEW fresh_view AS SELECT x FROM fresh');
    await setUp('INSERT INTO fresh VALUES (1)');
    expect(await both('SELECT count(*) FROM fresh_view')).toEqual({ tidewire: ['1'], postgres: ['0'] });
    expect(await noticesOf('REFRESH MATERIALIZED VIEW fresh_view')).toHaveLength(1);
  },
  "An error in a view's row is an error of the view": async () => {
    await setUp('CREATE TABLE wrong (x int)', 'INSERT INTO wrong VALUES (0), (1)');
    const create = 'CREATE MATERIALIZED VIEW quotients AS SELECT 1 / x AS q FROM wrong';
    expect(await both(create)).toEqual({ tidewire: [], postgres: '22012' });
    expect(await answer(ours, 'SELECT q FROM quotients')).toBe('22012');
    await setUp('DELETE FROM wrong WHERE x = 0');
    expect(await answer(ours, 'SELECT q FROM quotients')).toEqual(['1']);
  },
  'Snapshot isolation, first committer wins.': async () => {
    await setUp('CREATE TABLE shared (id int PRIMARY KEY, n int)', 'INSERT INTO shared VALUES (1, 0)');
    const other = await tidewire.connect();
    for (const client of [ours, other]) {
      expect(await answer(client, 'BEGIN')).toEqual([]);
      expect(await answer(client, 'UPDATE shared SET n = n + 1')).toEqual([]);
    }
    expect(await answer(ours, 'COMMIT')).toEqual([]);
    expect(await answer(other, 'COMMIT')).toBe('40001');
    await other.end();
    await setUp('BEGIN');
    expect(await both('LOCK TABLE shared')).toEqual({ tidewire: '0A000', postgres: [] });
  },
  'Keys are checked for all rows of a statement together': async () => {
    await setUp('CREATE TABLE numbered (id int PRIMARY KEY)', 'INSERT INTO numbered VALUES (1), (2)');
    const shift = 'UPDATE numbered SET id = id + 1';
    expect(await both(shift)).toEqual({ tidewire: [], postgres: '23505' });
  },
  'Both sides of a join, of EXCEPT and of INTERSECT are computed': async () => {
    await setUp('CREATE TABLE one (x int)', 'INSERT INTO one VALUES (1)');
    const none = 'SELECT x FROM one WHERE x > 1';
    const raises = 'SELECT 1 / (x - 1) AS y FROM one';
    for (const sql of [
      `SELECT x, y FROM (${none}) a CROSS JOIN (${raises}) b`,
      `${none} EXCEPT ${raises}`,
      `${none} INTERSECT ${raises}`,
    ])
      expect(await both(sql), sql).toEqual({ tidewire: '22012', postgres: [] });
  },
  'FULL JOIN is on any condition.': async () => {
    const sql = 'SELECT x, y FROM (VALUES (1)) a(x) FULL JOIN (VALUES (0), (2)) b(y) ON x < y ORDER BY y';
    expect(await both(sql)).toEqual({ tidewire: ['|0', '1|2'], postgres: '0A000' });
  },
  'Text compares by code point.': async () => {
    const sql = `SELECT 'a' < 'B' COLLATE "en-x-icu"`;
    expect(await both(sql)).toEqual({ tidewire: '0A000', postgres: ['t'] });
    for (const name of ['default', 'C', 'POSIX', 'ucs_basic', 'C.UTF-8'])
      expect(await answer(ours, `SELECT 'a' < 'B' COLLATE "${name}"`), name).toEqual(['f']);
    await setUp('CREATE TABLE collated (a text COLLATE "C", b text COLLATE "POSIX")');
    await setUp("CREATE VIEW reads_collated AS SELECT a, a || 'x' AS longer FROM collated");
    const shown = `SELECT attname, attcollation FROM pg_attribute WHERE attrelid = 'reads_collated'::regclass ORDER BY attnum`;
    expect(await both(shown)).toEqual({
      tidewire: ['a|950', 'longer|100'],
      postgres: ['a|950', 'longer|950'],
    });
    await setUp("INSERT INTO collated VALUES ('a', 'b')");
    expect(await both('SELECT a < b FROM collated')).toEqual({ tidewire: ['t'], postgres: '42P22' });
  },
  'A constant part of an expression raises its error where it is reached': async () => {
    await setUp('CREATE TABLE small (x int)', 'INSERT INTO small VALUES (1)');
    expect(await both('SELECT CASE WHEN x > 100 THEN 1 / 0 END AS q FROM small')).toEqual({
      tidewire: [''],
      postgres: '22012',
    });
  },
  'A set-returning function gives all its rows': async () => {
    const sql = "SELECT generate_series('2024-01-01'::timestamp, 'infinity', '1 year') LIMIT 1";
    expect(await both(sql)).toEqual({ tidewire: '22008', postgres: ['2024-01-01 00:00:00'] });
  },
  "Rows that tie in a window's order": async () => {
    await setUp('CREATE TABLE ties (x int)', 'INSERT INTO ties VALUES (2), (1)');
    expect(await both('SELECT x, row_number() OVER () FROM ties ORDER BY 2')).toEqual({
      tidewire: ['1|1', '2|2'],
      postgres: ['2|1', '1|2'],
    });
    expect(await both('SELECT array_agg(x), any_value(x) FROM ties')).toEqual({
      tidewire: ['{1,2}|1'],
      postgres: ['{2,1}|2'],
    });
  },
  'Sums, averages, variances, correlations and regressions of floats': async () => {
    await setUp('CREATE TABLE reals (x real)', 'INSERT INTO reals VALUES (16777216), (1), (1), (1), (1)');
    expect(await both('SELECT sum(x) FROM reals')).toEqual({
      tidewire: ['1.677722e+07'],
      postgres: ['1.6777216e+07'],
    });
  },
  'A view has no order.': async () => {
    await setUp('CREATE TABLE falling (x int)', 'INSERT INTO falling VALUES (1), (2), (3)');
    await setUp('CREATE MATERIALIZED VIEW falling_view AS SELECT x FROM falling ORDER BY x DESC');
    expect(await both('SELECT array_agg(x) FROM falling_view')).toEqual({
      tidewire: ['{1,2,3}'],
      postgres: ['{3,2,1}'],
    });
  },
  'now(), current_user and volatile functions are refused in views': async () => {
    for (const value of ['now()', 'current_user', 'random()']) {
      const created = await both(`CREATE MATERIALIZED VIEW session_view AS SELECT ${value} AS v`);
      expect(created, value).toEqual({ tidewire: '0A000', postgres: [] });
      await answer(theirs, 'DROP MATERIALIZED VIEW session_view');
    }
  },
  'Materialized views compute in UTC': async () => {
    await setUp("SET TimeZone = 'Asia/Tokyo'", 'CREATE TABLE moments (at timestamptz)');
    await setUp("INSERT INTO moments VALUES ('2024-01-01 20:00+00')");
    // The literals are the same moment, whoever computes with them.
    const moment = "timestamptz '2024-01-02 05:00'";
    await setUp(
      `CREATE MATERIALIZED VIEW shown AS SELECT at::text AS t, at::date AS d, ${moment}::text AS ct,
        extract(day FROM ${moment}) AS cd, '2024-01-01 20:00'::text::timestamptz = at AS r FROM moments WHERE at = ${moment}`,
    );
    expect(await both('SELECT * FROM shown')).toEqual({
      tidewire: ['2024-01-01 20:00:00+00|2024-01-01|2024-01-01 20:00:00+00|1|t'],
      postgres: ['2024-01-02 05:00:00+09|2024-01-02|2024-01-02 05:00:00+09|2|f'],
    });
    await setUp('RESET TimeZone');
  },
  'CREATE MATERIALIZED VIEW': async () => {
    const create = 'CREATE MATERIALIZED VIEW tagged AS SELECT 1 AS x';
    // pg gives a tag's first word, and its count.
    expect(await ours.query(create)).toMatchObject({ command: 'CREATE', rowCount: null });
    expect(await theirs.query(create)).toMatchObject({ command: 'SELECT', rowCount: 1 });
  },
  "A domain's NOT NULL has no row in `pg_constraint`": async () => {
    await setUp('CREATE DOMAIN present AS int NOT NULL CHECK (value > 0)');
    const rows = "SELECT conname FROM pg_constraint WHERE contypid = 'present'::regtype ORDER BY 1";
    expect(await both(rows)).toEqual({
      tidewire: ['present_check'],
      postgres: ['present_check', 'present_not_null'],
    });
  },
  'Expressions and queries are shown as they were written': async () => {
    await setUp('CREATE TABLE written (c numeric CHECK (c > 1), d numeric DEFAULT 1)');
    await setUp('CREATE INDEX written_twice ON written ((c * 2)) WHERE (c > 2)');
    await setUp('CREATE VIEW reads_written AS SELECT c+1 AS d FROM written WHERE c>1');
    const constraints =
      "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'written_c_check'";
    expect(await both(constraints)).toEqual({
      tidewire: ['CHECK ((c > 1))'],
      postgres: ['CHECK ((c > (1)::numeric))'],
    });
    const index = 'CREATE INDEX written_twice ON public.written USING btree';
    expect(await both("SELECT pg_get_indexdef('written_twice'::regclass)")).toEqual({
      tidewire: [`${index} (((c * 2))) WHERE (c > 2)`],
      postgres: [`${index} (((c * (2)::numeric))) WHERE (c > (2)::numeric)`],
    });
    expect(await both("SELECT pg_get_viewdef('reads_written'::regclass)")).toEqual({
      tidewire: ['SELECT c+1 AS d FROM written WHERE c>1;'],
      postgres: [' SELECT (c + (1)::numeric) AS d\n   FROM written\n  WHERE (c > (1)::numeric);'],
    });
  },
  'Virtual generated columns': async () => {
    await setUp('CREATE DOMAIN natural_number AS int CHECK (VALUE >= 0)');
    const column = 'twice natural_number GENERATED ALWAYS AS (x * 2) VIRTUAL';
    expect(await both(`CREATE TABLE doubled (x int, ${column})`)).toEqual({
      tidewire: [],
      postgres: '0A000',
    });
  },
  'Values of a domain over an enum, and arrays of domains': async () => {
    await setUp("CREATE TYPE weather AS ENUM ('dry', 'wet')", 'CREATE DOMAIN nice AS weather');
    await setUp('CREATE DOMAIN counted AS int', 'CREATE TYPE place AS (x int, y int)');
    const refusals = {
      "'dry'::nice = 'dry'": '42883',
      'ARRAY[1::counted] = ARRAY[1]': '42883',
      "(1, 2)::place = '(1,2)'": '0A000',
    };
    for (const [compared, postgres] of Object.entries(refusals))
      expect(await both(`SELECT ${compared} AS compared`), compared).toEqual({ tidewire: ['t'], postgres });
    expect(await both('SELECT pg_typeof(ARRAY[1::counted])')).toEqual({
      tidewire: ['integer[]'],
      postgres: ['counted[]'],
    });
  },
  'Partitioned tables': async () => {
    const create = 'CREATE TABLE parted (x int) PARTITION BY RANGE (x)';
    expect(await both(create)).toEqual({ tidewire: '0A000', postgres: [] });
    expect(await noticesOf('CREATE UNLOGGED TABLE unlogged (x int) WITH (fillfactor = 50)')).toHaveLength(2);
  },
  'Greedy and lazy quantifiers in one regular expression': async () => {
    const match = (pattern: string) => both(`SELECT substring('aaabbb' FROM '${pattern}')`);
    expect(await match('a+b*?')).toEqual({ tidewire: ['aaa'], postgres: ['aaabbb'] });
    expect(await match('a+?(b*)')).toEqual({ tidewire: [''], postgres: [''] });
    expect(await match('c*?(a{1,2})')).toEqual({ tidewire: ['aa'], postgres: ['a'] });
    expect(await match('a+b*')).toEqual({ tidewire: ['aaabbb'], postgres: ['aaabbb'] });
  },
  '`IN CLUSTER name` and `FLUSH`': async () => {
    expect(await answer(theirs, 'FLUSH')).toBe('42601');
    expect(await noticesOf('FLUSH')).toHaveLength(1);
    expect(
      await noticesOf('CREATE MATERIALIZED VIEW clustered IN CLUSTER quick AS SELECT 1 AS x'),
    ).toHaveLength(1);
    for (const sql of ['VACUUM', 'ANALYZE', 'CHECKPOINT']) expect(await noticesOf(sql), sql).toHaveLength(1);
  },
  Errors: async () => {
    await setUp('CREATE TABLE customers (id int)');
    const sql = 'SELECT * FROM customer';
    const [mine, reference] = [await ask(ours, sql), await ask(theirs, sql)];
    expect(mine).toMatchObject({ error: '42P01', hint: 'Perhaps you meant the relation "customers".' });
    expect(reference).toMatchObject({ error: '42P01', hint: undefined });
  },
};

/** How the items of the list of deliberate differences begin. */
function documented(): string[] {
  const page = readFileSync(join(projectRoot, 'docs/differences.md'), 'utf8');
  const list = page.slice(page.indexOf('## Deliberate'), page.indexOf('## Until they are built'));
  return [...list.matchAll(/^- \*\*(.+?)\*\*/gms)].map((item) => item[1]!.replaceAll(/\s+/g, ' '));
}

describe('deliberate differences from PostgreSQL', () => {
  test('are all documented, and all tested', () => {
    expect(documented()).toEqual(Object.keys(DIFFERENCES));
  });

  test.each(Object.entries(DIFFERENCES))('%s', async (_, check) => {
    await check();
  });
});
