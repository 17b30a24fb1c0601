/**
 * Plans that are kept answer as if they had been made anew after any DDL that concerns them: what names mean, what
 * relations are, what the optimizer relied on.
 */
import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
/** What has the plans was another's, who does the DDL. */
let other: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  other = await server.connect();
});

beforeEach(async () => {
  names.clear();
  for (const each of [client, other]) {
    await each.query('DROP SCHEMA IF EXISTS a CASCADE');
    await each.query('DROP SCHEMA IF EXISTS b CASCADE');
    await each.query('CREATE SCHEMA a');
    await each.query('CREATE SCHEMA b');
    await each.query('SET search_path = a, b');
  }
});

/** Of the prepared statements of a test, by text. */
const names = new Map<string, string>();
let prepared = 0;

/** The rows by a named prepared statement, by one without a name, and by a text: the same, or the same error. */
async function rows(sql: string): Promise<unknown> {
  let name = names.get(sql);
  if (name === undefined) names.set(sql, (name = `s${prepared++}`));
  const answers: unknown[] = [];
  for (const config of [{ name, text: sql }, { text: sql, values: [] }, { text: sql }]) {
    // Twice: the first run may be the one that makes a plan.
    for (let time = 0; time < 2; time++) {
      const query = { ...config, rowMode: 'array' } as const;
      answers.push(
        await client.query<unknown[]>(query).then(
          ({ rows }) => rows,
          ({ code }: pg.DatabaseError) => code,
        ),
      );
    }
  }
  for (const answer of answers) expect(answer, sql).toEqual(answers[0]);
  return answers[0];
}

/** DDL of another session. */
const run = (sql: string) => other.query(sql);

/** After something that has nothing to do with it. */
async function unrelated(): Promise<void> {
  await run('CREATE TABLE a.nothing_else (x int)');
  await run('CREATE VIEW b.nothing_else_either AS SELECT x FROM a.nothing_else');
  await run('DROP TABLE a.nothing_else CASCADE');
}

test('a table that comes before another in the search path, and goes again', async () => {
  await run("CREATE TABLE b.t (x text); INSERT INTO b.t VALUES ('b')");
  expect(await rows('SELECT x FROM t')).toEqual([['b']]);
  await unrelated();
  expect(await rows('SELECT x FROM t')).toEqual([['b']]);
  await run("CREATE TABLE a.t (x text); INSERT INTO a.t VALUES ('a')");
  expect(await rows('SELECT x FROM t')).toEqual([['a']]);
  await run('DROP TABLE a.t');
  expect(await rows('SELECT x FROM t')).toEqual([['b']]);
  await run("CREATE VIEW a.t AS SELECT 'view' AS x");
  expect(await rows('SELECT x FROM t')).toEqual([['view']]);
  await run('DROP VIEW a.t');
  await run('ALTER TABLE b.t SET SCHEMA a');
  expect(await rows('SELECT x FROM t')).toEqual([['b']]);
  expect(await rows('SELECT x FROM b.t')).toBe('42P01');
});

test('renaming tables, columns and schemas', async () => {
  await run("CREATE TABLE a.t (x text); INSERT INTO a.t VALUES ('first')");
  await run("CREATE TABLE a.u (x text); INSERT INTO a.u VALUES ('second')");
  expect(await rows('SELECT x FROM t')).toEqual([['first']]);
  await run('ALTER TABLE a.t RENAME TO v');
  await run('ALTER TABLE a.u RENAME TO t');
  expect(await rows('SELECT x FROM t')).toEqual([['second']]);
  await run('ALTER TABLE a.t RENAME COLUMN x TO y');
  expect(await rows('SELECT x FROM t')).toBe('42703');
  await run('ALTER TABLE a.t RENAME COLUMN y TO x');
  expect(await rows('SELECT x FROM t')).toEqual([['second']]);
  await run('ALTER SCHEMA a RENAME TO c');
  expect(await rows('SELECT x FROM t')).toBe('42P01');
  await run('ALTER SCHEMA c RENAME TO a');
  expect(await rows('SELECT x FROM t')).toEqual([['second']]);
});

test('a table that is dropped and made again, and one of the same name in a transaction', async () => {
  await run("CREATE TABLE b.t (x text); INSERT INTO b.t VALUES ('first')");
  expect(await rows('SELECT x FROM t')).toEqual([['first']]);
  await run('DROP TABLE b.t');
  expect(await rows('SELECT x FROM t')).toBe('42P01');
  await run("CREATE TABLE b.t (x text); INSERT INTO b.t VALUES ('again')");
  expect(await rows('SELECT x FROM t')).toEqual([['again']]);
  await client.query('BEGIN');
  await client.query("CREATE TABLE a.t (x text); INSERT INTO a.t VALUES ('own')");
  expect(await rows('SELECT x FROM t')).toEqual([['own']]);
  expect((await other.query('SELECT x FROM t')).rows).toEqual([{ x: 'again' }]);
  await client.query('ROLLBACK');
  expect(await rows('SELECT x FROM t')).toEqual([['again']]);
  await client.query('BEGIN');
  await client.query("CREATE TABLE a.t (x text); INSERT INTO a.t VALUES ('own')");
  expect(await rows('SELECT x FROM t')).toEqual([['own']]);
  await client.query('COMMIT');
  expect(await rows('SELECT x FROM t')).toEqual([['own']]);
  expect((await other.query('SELECT x FROM t')).rows).toEqual([{ x: 'own' }]);
});

test('columns that come, change and go', async () => {
  await run('CREATE TABLE a.t (x int); INSERT INTO a.t VALUES (1)');
  const all = async (): Promise<unknown[]> =>
    (await client.query({ text: 'SELECT * FROM t', rowMode: 'array' })).rows as unknown[];
  expect(await all()).toEqual([[1]]);
  expect(await rows('SELECT x FROM t')).toEqual([[1]]);
  const named = { name: 'star', text: 'SELECT * FROM t', rowMode: 'array' } as const;
  expect((await client.query(named)).rows).toEqual([[1]]);
  await run('ALTER TABLE a.t ADD COLUMN y int DEFAULT 2');
  expect(await all()).toEqual([[1, 2]]);
  expect(await rows('SELECT x FROM t')).toEqual([[1]]);
  await expect(client.query(named)).rejects.toMatchObject({
    code: '0A000',
    message: 'cached plan must not change result type',
  });
  await run('ALTER TABLE a.t DROP COLUMN x');
  expect(await all()).toEqual([[2]]);
  await run('ALTER TABLE a.t RENAME COLUMN y TO x');
  expect((await client.query(named)).rows).toEqual([[2]]);
});

test('defaults and constraints of what is written', async () => {
  await run('CREATE TABLE a.t (x int, y int DEFAULT 1)');
  const insert = { name: 'insert', text: 'INSERT INTO t (x) VALUES ($1)', values: [7] };
  const code = (): Promise<string> =>
    client.query(insert).then(
      () => 'done',
      ({ code }: pg.DatabaseError) => code!,
    );
  for (let time = 0; time < 3; time++) expect(await code()).toBe('done');
  await run('ALTER TABLE a.t ALTER y SET DEFAULT 2');
  expect(await code()).toBe('done');
  expect(await rows('SELECT y, count(*)::int FROM t GROUP BY y ORDER BY y')).toEqual([
    [1, 3],
    [2, 1],
  ]);
  await run('DELETE FROM a.t');
  await run('ALTER TABLE a.t ADD CONSTRAINT small CHECK (x < 7)');
  expect(await code()).toBe('23514');
  await run('ALTER TABLE a.t DROP CONSTRAINT small');
  await run('ALTER TABLE a.t ADD CONSTRAINT once UNIQUE (x)');
  expect(await code()).toBe('done');
  expect(await code()).toBe('23505');
  await run('ALTER TABLE a.t DROP CONSTRAINT once');
  expect(await code()).toBe('done');
  expect(await rows('SELECT DISTINCT x FROM t')).toEqual([[7]]);
});

test('keys and foreign keys that a plan relies on', async () => {
  await run(
    'CREATE TABLE a.p (id int PRIMARY KEY); CREATE TABLE a.c (p int NOT NULL, n int UNIQUE NOT NULL)',
  );
  await run('ALTER TABLE a.c ADD CONSTRAINT refers FOREIGN KEY (p) REFERENCES a.p');
  await run('INSERT INTO a.p VALUES (1); INSERT INTO a.c VALUES (1, 1)');
  const joined = 'SELECT c.n FROM c JOIN p ON p.id = c.p ORDER BY 1';
  const distinct = 'SELECT count(*)::int FROM (SELECT DISTINCT n FROM c) AS d';
  expect(await rows(joined)).toEqual([[1]]);
  expect(await rows(distinct)).toEqual([[1]]);
  await run('ALTER TABLE a.c DROP CONSTRAINT refers');
  await run('ALTER TABLE a.c DROP CONSTRAINT c_n_key');
  await run('INSERT INTO a.c VALUES (2, 2), (2, 2)');
  expect(await rows(joined)).toEqual([[1]]);
  expect(await rows(distinct)).toEqual([[2]]);
  // What a row's going does to others is found when it goes.
  const remove = { name: 'remove', text: 'DELETE FROM p WHERE id = $1' };
  await client.query({ ...remove, values: [9] });
  await run('DELETE FROM a.c WHERE p = 2');
  await run('ALTER TABLE a.c ADD CONSTRAINT refers FOREIGN KEY (p) REFERENCES a.p ON DELETE CASCADE');
  await client.query({ ...remove, values: [1] });
  expect(await rows('SELECT * FROM c')).toEqual([]);
});

test('indexes that come are used, and those that go are not', async () => {
  await run('CREATE TABLE a.t (x int, y int)');
  await run('INSERT INTO a.t SELECT n, n % 10 FROM generate_series(1, 1000) AS n');
  const plan = async (): Promise<string> =>
    ((await rows('EXPLAIN SELECT x FROM t WHERE y = 3')) as string[][]).flat().join('\n');
  const count = 'SELECT count(*)::int FROM t WHERE y = 3';
  expect(await plan()).not.toContain('t_y');
  expect(await rows(count)).toEqual([[100]]);
  await run('CREATE INDEX t_y ON a.t (y)');
  expect(await plan()).toContain('a.t[y]');
  expect(await rows(count)).toEqual([[100]]);
  await run('DROP INDEX a.t_y');
  expect(await plan()).not.toContain('a.t[y]');
  expect(await rows(count)).toEqual([[100]]);
});

test('arrangements that views share', async () => {
  await run('CREATE TABLE a.t (x int, y int); CREATE TABLE a.u (x int, y int)');
  await run('INSERT INTO a.t VALUES (1, 1), (2, 2); INSERT INTO a.u VALUES (1, 10), (3, 30)');
  const join = 'SELECT t.y, u.y FROM t JOIN u ON t.x = u.x';
  for (let time = 0; time < 2; time++) {
    expect(await rows(join)).toEqual([[1, 10]]);
    await run('CREATE MATERIALIZED VIEW a.m AS SELECT t.y AS ty, u.y AS uy FROM a.t JOIN a.u ON t.x = u.x');
    expect(await rows(join)).toEqual([[1, 10]]);
    expect(await rows('SELECT * FROM m')).toEqual([[1, 10]]);
    await run('DROP MATERIALIZED VIEW a.m');
  }
  expect(await rows(join)).toEqual([[1, 10]]);
});

test('views that are replaced, and views of them', async () => {
  await run('CREATE TABLE a.t (x int); INSERT INTO a.t VALUES (1), (2)');
  await run('CREATE VIEW a.v AS SELECT x FROM a.t WHERE x > 1');
  await run('CREATE VIEW b.w AS SELECT x + 10 AS x FROM a.v');
  expect(await rows('SELECT x FROM w ORDER BY x')).toEqual([[12]]);
  await unrelated();
  await run('CREATE OR REPLACE VIEW a.v AS SELECT x FROM a.t');
  expect(await rows('SELECT x FROM w ORDER BY x')).toEqual([[11], [12]]);
  await run('DROP VIEW a.v CASCADE');
  await run('CREATE MATERIALIZED VIEW a.w AS SELECT count(*)::int AS x FROM a.t');
  expect(await rows('SELECT x FROM w ORDER BY x')).toEqual([[2]]);
  await run('CREATE OR REPLACE MATERIALIZED VIEW a.w AS SELECT sum(x)::int AS x FROM a.t');
  expect(await rows('SELECT x FROM w ORDER BY x')).toEqual([[3]]);
  await run('ALTER TABLE a.t ADD COLUMN z int DEFAULT 5');
  expect(await rows('SELECT x FROM w ORDER BY x')).toEqual([[3]]);
});

test('functions that are replaced, or come before others', async () => {
  await run("CREATE FUNCTION b.f(x int) RETURNS text LANGUAGE sql AS 'SELECT ''b''::text'");
  expect(await rows('SELECT f(1)')).toEqual([['b']]);
  await unrelated();
  await run("CREATE OR REPLACE FUNCTION b.f(x int) RETURNS text LANGUAGE sql AS 'SELECT ''new''::text'");
  expect(await rows('SELECT f(1)')).toEqual([['new']]);
  await run("CREATE FUNCTION a.f(x int) RETURNS text LANGUAGE sql AS 'SELECT ''a''::text'");
  expect(await rows('SELECT f(1)')).toEqual([['a']]);
  await run('DROP FUNCTION a.f(int)');
  expect(await rows('SELECT f(1)')).toEqual([['new']]);
  await run("CREATE FUNCTION a.g(x bigint) RETURNS text LANGUAGE sql AS 'SELECT ''bigint''::text'");
  expect(await rows('SELECT g(1)')).toEqual([['bigint']]);
  await run("CREATE FUNCTION b.g(x int) RETURNS text LANGUAGE sql AS 'SELECT ''int''::text'");
  expect(await rows('SELECT g(1)')).toEqual([['int']]);
  // One that is PostgreSQL's own is found first, unless the path says otherwise.
  expect(await rows("SELECT upper('x')")).toEqual([['X']]);
  await run("CREATE FUNCTION a.upper(x text) RETURNS text LANGUAGE sql AS 'SELECT ''own''::text'");
  expect(await rows("SELECT upper('x')")).toEqual([['X']]);
});

test('types, their names and labels, and domains', async () => {
  await run("CREATE TYPE b.mood AS ENUM ('sad', 'happy')");
  expect(await rows("SELECT 'happy'::mood > 'sad'::mood")).toEqual([[true]]);
  expect(await rows("SELECT 'glad'::mood::text")).toBe('22P02');
  await run("ALTER TYPE b.mood ADD VALUE 'glad'");
  expect(await rows("SELECT 'glad'::mood::text")).toEqual([['glad']]);
  await run("ALTER TYPE b.mood RENAME VALUE 'glad' TO 'merry'");
  expect(await rows("SELECT 'glad'::mood::text")).toBe('22P02');
  await run("CREATE TYPE a.mood AS ENUM ('glad')");
  expect(await rows("SELECT 'glad'::mood::text")).toEqual([['glad']]);
  expect(await rows("SELECT pg_typeof('glad'::mood)::text")).toEqual([['mood']]);
  await run('ALTER TYPE a.mood RENAME TO temper');
  expect(await rows("SELECT pg_typeof('glad'::temper)::text")).toEqual([['temper']]);
  await run('CREATE DOMAIN b.small AS int CHECK (VALUE < 10)');
  expect(await rows('SELECT 20::small')).toBe('23514');
  expect(await rows('SELECT 7::small')).toEqual([[7]]);
  await run('ALTER DOMAIN b.small DROP CONSTRAINT small_check');
  expect(await rows('SELECT 20::small')).toEqual([[20]]);
  await run('ALTER DOMAIN b.small ADD CHECK (VALUE < 5)');
  expect(await rows('SELECT 7::small')).toBe('23514');
  await run('CREATE DOMAIN a.small AS int CHECK (VALUE = 7)');
  expect(await rows('SELECT 7::small')).toEqual([[7]]);
});

test('sequences, and what names stand for as constants', async () => {
  await run('CREATE SEQUENCE b.s START 100');
  const next = { name: 'next', text: "SELECT nextval('s')::int AS n" };
  const n = async (): Promise<number> => (await client.query<{ n: number }>(next)).rows[0]!.n;
  expect([await n(), await n()]).toEqual([100, 101]);
  await run('CREATE SEQUENCE a.s START 500');
  expect([await n(), await n()]).toEqual([500, 501]);
  await run('DROP SEQUENCE a.s; DROP SEQUENCE b.s; CREATE SEQUENCE b.s START 7');
  expect(await n()).toBe(7);
  await run('CREATE TABLE b.t (x int)');
  expect(await rows("SELECT to_regclass('t') IS NULL, 't'::regclass = 'b.t'::regclass")).toEqual([
    [false, true],
  ]);
  await run('CREATE TABLE a.t (x int)');
  expect(await rows("SELECT to_regclass('t') IS NULL, 't'::regclass = 'b.t'::regclass")).toEqual([
    [false, false],
  ]);
});

test('what psql shows: visible relations, types, definitions', async () => {
  const visible = `SELECT n.nspname, pg_table_is_visible(c.oid), c.oid::regclass::text FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 't' ORDER BY 1`;
  const types = `SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a WHERE a.attrelid = 't'::regclass ORDER BY attnum`;
  await run("CREATE TYPE b.mood AS ENUM ('sad'); CREATE TABLE b.t (x mood, y varchar(3))");
  expect(await rows(visible)).toEqual([['b', true, 't']]);
  expect(await rows(types)).toEqual([['mood'], ['character varying(3)']]);
  await run('ALTER TYPE b.mood RENAME TO temper');
  expect(await rows(types)).toEqual([['temper'], ['character varying(3)']]);
  await run('CREATE VIEW a.t AS SELECT 1 AS x');
  expect(await rows(visible)).toEqual([
    ['a', true, 't'],
    ['b', false, 'b.t'],
  ]);
  expect(await rows(types)).toEqual([['integer']]);
  await run('DROP VIEW a.t');
  expect(await rows(visible)).toEqual([['b', true, 't']]);
});
