/** Temporary objects: seen by their session alone, found first, and gone with it. What is expected is what PostgreSQL gives. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
let other: pg.Client;

const server = testServer({}, async () => {
  other = await server.connect();
  await other.query('CREATE TABLE t (a int); INSERT INTO t VALUES (1)');
});

beforeEach(async () => {
  await client?.end();
  client = await server.connect();
});

/** The rows of a query, each as its values joined. */
async function rows(of: pg.Client, sql: string, name?: string): Promise<string[]> {
  const result = await of.query<unknown[]>({ text: sql, rowMode: 'array', ...(name ? { name } : {}) });
  return result.rows.map((row) => row.map(String).join(' '));
}

/** SQLSTATE and message. */
async function error(of: pg.Client, sql: string): Promise<string> {
  return of.query(sql).then(
    () => 'none',
    ({ code, message }: { code: string; message: string }) => `${code} ${message}`,
  );
}

async function temporaries(): Promise<string[]> {
  return rows(other, "SELECT relname FROM pg_class WHERE relpersistence = 't' ORDER BY 1");
}

test('a temporary table is found before others, by its session alone', async () => {
  expect(await rows(client, 'SELECT pg_my_temp_schema()')).toEqual(['0']);
  await client.query('CREATE TEMP TABLE t (a int PRIMARY KEY, b serial, c text UNIQUE)');
  await client.query('INSERT INTO t (a) VALUES (10), (11)');
  expect(await rows(client, 'SELECT a, b FROM t ORDER BY a')).toEqual(['10 1', '11 2']);
  expect(await rows(client, 'SELECT a FROM pg_temp.t ORDER BY a')).toEqual(['10', '11']);
  expect(await rows(client, 'SELECT * FROM public.t')).toEqual(['1']);
  expect(await rows(other, 'SELECT * FROM t')).toEqual(['1']);
  const shown = `SELECT relname, relkind, pg_table_is_visible(oid), relnamespace = pg_my_temp_schema(), pg_is_other_temp_schema(relnamespace)
    FROM pg_class WHERE relpersistence = 't' ORDER BY 1`;
  const objects = ['t r', 't_b_seq S', 't_c_key i', 't_pkey i'];
  expect(await rows(client, shown)).toEqual(objects.map((each) => `${each} true true false`));
  expect(await rows(other, shown)).toEqual(objects.map((each) => `${each} false false true`));
  expect(await rows(client, "SELECT 't'::regclass = 'pg_temp.t'::regclass")).toEqual(['true']);
  const [schema] = await rows(client, 'SELECT pg_my_temp_schema()::regnamespace');
  expect(await error(other, `SELECT * FROM ${schema}.t`)).toBe(
    '0A000 cannot access temporary tables of other sessions',
  );
  expect(await error(other, `CREATE TABLE ${schema}.x (a int)`)).toBe(
    '42P16 cannot create relations in temporary schemas of other sessions',
  );
  expect(
    await rows(
      client,
      "SELECT table_type FROM information_schema.tables WHERE table_name = 't' ORDER BY table_schema",
    ),
  ).toEqual(['LOCAL TEMPORARY', 'BASE TABLE']);
  // Others' are not shown.
  for (const view of ['tables', 'columns']) {
    const shown = `SELECT DISTINCT table_schema FROM information_schema.${view} WHERE table_name = 't'`;
    expect(await rows(other, shown)).toEqual(['public']);
  }
});

test('prepared statements see a table that comes to be found first, in their session', async () => {
  const read = 'SELECT a FROM t';
  for (const each of [client, other, client]) expect(await rows(each, read, 'read')).toEqual(['1']);
  const third = await server.connect();
  await third.query('CREATE TEMP TABLE unrelated (a int)');
  expect(await rows(third, read, 'read')).toEqual(['1']);
  await client.query('CREATE TEMP TABLE t AS SELECT 7 AS a');
  await third.query('CREATE TEMP TABLE t AS SELECT 8 AS a');
  expect(await rows(client, read, 'read')).toEqual(['7']);
  expect(await rows(client, read)).toEqual(['7']);
  expect(await rows(third, read, 'read')).toEqual(['8']);
  expect(await rows(other, read, 'read')).toEqual(['1']);
  await client.query('DROP TABLE t');
  expect(await rows(client, read, 'read')).toEqual(['1']);
  await third.end();
});

test('what is temporary goes with its session', async () => {
  await client.query(`CREATE TEMP TABLE gone (a int PRIMARY KEY); CREATE INDEX ON gone (a); CREATE TEMP SEQUENCE s;
    CREATE TEMP VIEW v AS SELECT * FROM gone; CREATE TYPE pg_temp.mood AS ENUM ('sad');
    CREATE TEMP TABLE of_mood (m mood); CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 7'`);
  expect(await rows(client, "SELECT nextval('s'), pg_temp.f(), 'sad'::mood")).toEqual(['1 7 sad']);
  expect(await error(client, 'SELECT f()')).toBe('42883 function f() does not exist');
  expect((await temporaries()).length).toBe(6);
  await client.end();
  await expect.poll(temporaries).toEqual([]);
  await expect
    .poll(() => rows(other, "SELECT nspname FROM pg_namespace WHERE nspname ~ '^pg_temp'"))
    .toEqual([]);
  expect(await rows(other, "SELECT count(*) FROM pg_proc WHERE proname = 'f'")).toEqual(['0']);
  client = await server.connect();
});

test('DISCARD TEMP and DISCARD ALL', async () => {
  await client.query('CREATE TEMP TABLE x (a int)');
  await client.query('DISCARD TEMP');
  expect(await error(client, 'SELECT * FROM x')).toBe('42P01 relation "x" does not exist');
  await client.query('CREATE TEMP TABLE x (a int); INSERT INTO x VALUES (1)');
  await client.query('BEGIN');
  await client.query('DISCARD TEMP');
  expect(await error(client, 'SELECT * FROM x')).toBe('42P01 relation "x" does not exist');
  await client.query('ROLLBACK');
  expect(await rows(client, 'SELECT * FROM x')).toEqual(['1']);
  await client.query('DISCARD ALL');
  expect(await error(client, 'SELECT * FROM x')).toBe('42P01 relation "x" does not exist');
});

test('ON COMMIT', async () => {
  await client.query('CREATE TEMP TABLE emptied (a int) ON COMMIT DELETE ROWS');
  await client.query('INSERT INTO emptied VALUES (1)');
  expect(await rows(client, 'SELECT * FROM emptied')).toEqual([]);
  await client.query({ text: 'INSERT INTO emptied VALUES ($1)', values: [1], name: 'fill' });
  await client.query({ text: 'INSERT INTO emptied VALUES ($1)', values: [1], name: 'fill' });
  expect(await rows(client, 'SELECT * FROM emptied')).toEqual([]);
  await client.query('BEGIN');
  await client.query('INSERT INTO emptied VALUES (1), (2)');
  expect(await rows(client, 'SELECT * FROM emptied ORDER BY a')).toEqual(['1', '2']);
  await client.query('COMMIT');
  expect(await rows(client, 'SELECT * FROM emptied')).toEqual([]);
  await client.query('CREATE TEMP TABLE once ON COMMIT DROP AS SELECT 1 AS a');
  expect(await error(client, 'SELECT * FROM once')).toBe('42P01 relation "once" does not exist');
  await client.query('BEGIN');
  await client.query('CREATE TEMP TABLE once (a int) ON COMMIT DROP');
  await client.query('INSERT INTO once VALUES (1)');
  expect(await rows(client, 'SELECT * FROM once')).toEqual(['1']);
  await client.query('COMMIT');
  expect(await error(client, 'SELECT * FROM once')).toBe('42P01 relation "once" does not exist');
  await client.query('CREATE TEMP TABLE kept (a int) ON COMMIT PRESERVE ROWS');
  await client.query('INSERT INTO kept VALUES (1)');
  expect(await rows(client, 'SELECT * FROM kept')).toEqual(['1']);
  expect(await error(client, 'CREATE TABLE kept2 (a int) ON COMMIT DROP')).toBe(
    '42P16 ON COMMIT can only be used on temporary tables',
  );
});

test('a rollback takes the first temporary table back, and what it shadowed is found again', async () => {
  await client.query('BEGIN');
  await client.query('CREATE TEMP TABLE t (b text)');
  expect(await rows(client, 'SELECT * FROM t')).toEqual([]);
  await client.query('ROLLBACK');
  expect(await rows(client, 'SELECT * FROM t')).toEqual(['1']);
  expect(await rows(client, 'SELECT pg_my_temp_schema()')).toEqual(['0']);
});

test('CREATE TABLE AS, SELECT INTO, pg_temp, and the search path', async () => {
  await client.query('CREATE TEMPORARY TABLE a1 AS SELECT 1 AS x');
  await client.query('SELECT 2 AS x INTO TEMP a2');
  await client.query('CREATE TABLE pg_temp.a3 (x int)');
  await client.query('SET search_path = pg_temp, public');
  await client.query('CREATE TABLE a4 (x int)');
  expect(await temporaries()).toEqual(['a1', 'a2', 'a3', 'a4']);
  expect(await rows(client, 'SELECT x FROM a1 UNION ALL SELECT x FROM a2 ORDER BY 1')).toEqual(['1', '2']);
  await client.query('ALTER TABLE a4 ADD COLUMN y int DEFAULT 5; INSERT INTO a4 VALUES (1)');
  expect(await rows(client, 'SELECT * FROM a4')).toEqual(['1 5']);
  await client.query('CREATE TEMP TABLE IF NOT EXISTS a4 (z int)');
  expect(await error(client, 'CREATE TEMP TABLE a4 (z int)')).toBe('42P07 relation "a4" already exists');
  expect(await error(client, 'ALTER TABLE a4 SET SCHEMA public')).toBe(
    '0A000 cannot move objects into or out of temporary schemas',
  );
  expect(await error(client, 'CREATE TEMP TABLE public.a5 (z int)')).toBe(
    '42P16 cannot create temporary relation in non-temporary schema',
  );
  expect(await error(client, 'CREATE UNLOGGED TABLE pg_temp.a5 (z int)')).toBe(
    '42P16 only temporary relations may be created in temporary schemas',
  );
});

test('what stays does not depend on what goes', async () => {
  const notices: (string | undefined)[] = [];
  client.on('notice', ({ message }) => notices.push(message));
  await client.query('CREATE TEMP TABLE x (a int PRIMARY KEY)');
  await client.query('CREATE VIEW over_x AS SELECT * FROM x');
  expect(notices).toEqual(['view "over_x" will be a temporary view']);
  expect(await error(other, 'SELECT * FROM over_x')).toBe('42P01 relation "over_x" does not exist');
  expect(await error(client, 'CREATE VIEW public.v AS SELECT * FROM x')).toBe(
    '42P16 cannot create temporary relation in non-temporary schema',
  );
  expect(await error(client, 'CREATE MATERIALIZED VIEW m AS SELECT * FROM over_x')).toBe(
    '0A000 materialized views must not use temporary tables or views',
  );
  expect(await error(client, 'CREATE TABLE p (a int REFERENCES x)')).toBe(
    '42P16 constraints on permanent tables may reference only permanent tables',
  );
  await client.query('CREATE TABLE key (a int PRIMARY KEY)');
  expect(await error(client, 'CREATE TEMP TABLE p (a int REFERENCES key)')).toBe(
    '42P16 constraints on temporary tables may reference only temporary tables',
  );
  await client.query('CREATE TEMP TABLE p (a int REFERENCES x)');
  expect(await error(client, 'INSERT INTO p VALUES (1)')).toContain('23503');
});
