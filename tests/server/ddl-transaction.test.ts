/** DDL inside BEGIN … COMMIT: all of it or nothing, seen by its own transaction first. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { errorRaisedBy, rowsOf } from '../support/answers.ts';
import { freshSchema } from '../support/fresh-schema.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
let other: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  other = await server.connect();
});

const schema = freshSchema(() => client);
const { run } = schema;

beforeEach(async () => {
  await other.query(`SET search_path = ${schema.name}`);
});

const rows = (sql: string, by = client): Promise<unknown[][]> => rowsOf(by, sql);

const errorOf = (sql: string, by = client): Promise<pg.DatabaseError> => errorRaisedBy(by, sql);

test('a migration is committed as one', async () => {
  await run(
    'BEGIN',
    'CREATE TABLE t (id int PRIMARY KEY, city text)',
    'CREATE INDEX by_city ON t (city)',
    "INSERT INTO t VALUES (1, 'Oslo'), (2, 'Rome')",
    'CREATE VIEW v AS SELECT city FROM t WHERE id > 1',
    'CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t',
  );
  expect(await rows('SELECT * FROM v')).toEqual([['Rome']]);
  expect(await rows('SELECT n FROM m')).toEqual([['2']]);
  expect(await rows("SELECT relname FROM pg_class WHERE relname IN ('t', 'v', 'm') ORDER BY 1")).toEqual([
    ['m'],
    ['t'],
    ['v'],
  ]);
  expect(await errorOf('SELECT * FROM t', other)).toMatchObject({ code: '42P01' });
  expect(await rows("SELECT count(*) FROM pg_class WHERE relname = 't'", other)).toEqual([['0']]);
  await run('COMMIT');
  expect(await rows('SELECT v.city, m.n, t.id FROM v, m, t ORDER BY id', other)).toEqual([
    ['Rome', '2', 1],
    ['Rome', '2', 2],
  ]);
  await other.query("INSERT INTO t VALUES (3, 'Oslo')");
  expect(await rows('SELECT n FROM m')).toEqual([['3']]);
  expect(await rows("SELECT id FROM t WHERE city = 'Oslo' ORDER BY 1")).toEqual([[1], [3]]);
});

test('after the transaction has read and time has gone on', async () => {
  await run('CREATE TABLE read (x int)', 'BEGIN', 'SELECT * FROM read');
  for (let x = 0; x < 20; x++) await other.query(`INSERT INTO read VALUES (${x})`);
  await run(
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (5)',
    'CREATE MATERIALIZED VIEW m AS SELECT t.x, read.x AS y FROM t JOIN read ON t.x = read.x',
  );
  expect(await rows('SELECT * FROM t')).toEqual([[5]]);
  expect(await rows('SELECT * FROM m')).toEqual([]);
  await run('COMMIT');
  expect(await rows('SELECT * FROM m')).toEqual([[5, 5]]);
});

test('ROLLBACK leaves nothing, and brings back what was dropped or changed', async () => {
  await run(
    'CREATE TABLE kept (x int)',
    'INSERT INTO kept VALUES (1)',
    'CREATE VIEW reads AS SELECT kept.x FROM kept',
    'CREATE TABLE dropped (x int)',
    'INSERT INTO dropped VALUES (7)',
  );
  await run(
    'BEGIN',
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (1)',
    'CREATE MATERIALIZED VIEW m AS SELECT x FROM t',
    'ALTER TABLE kept RENAME TO renamed',
    'ALTER TABLE renamed RENAME COLUMN x TO y',
    'CREATE OR REPLACE VIEW reads AS SELECT -renamed.y AS x FROM renamed',
    'DROP TABLE dropped',
    'CREATE SCHEMA inside_transaction',
  );
  expect(await rows('SELECT x FROM reads')).toEqual([[-1]]);
  expect(await errorOf('SELECT * FROM kept')).toMatchObject({ code: '42P01' });
  await run('ROLLBACK');
  for (const gone of ['t', 'm', 'renamed']) {
    expect(await errorOf(`SELECT * FROM ${gone}`)).toMatchObject({ code: '42P01' });
  }
  expect(await rows('SELECT x FROM reads')).toEqual([[1]]);
  expect(await rows('SELECT x FROM dropped')).toEqual([[7]]);
  expect(await rows("SHOW SCHEMAS LIKE 'inside%'")).toEqual([]);
  await run('CREATE TABLE t (y text)', "INSERT INTO t VALUES ('again')");
  expect(await rows('SELECT * FROM t', other)).toEqual([['again']]);
});

test('a failure undoes all', async () => {
  await run('BEGIN', 'CREATE TABLE t (x int)');
  expect(await errorOf('CREATE TABLE t (x int)')).toMatchObject({ code: '42P07' });
  expect(await errorOf('SELECT 1')).toMatchObject({ code: '25P02' });
  await run('COMMIT');
  expect(await errorOf('SELECT * FROM t')).toMatchObject({ code: '42P01' });
  await run('CREATE TABLE t (x int PRIMARY KEY)');
  await run('BEGIN', 'INSERT INTO t VALUES (1)', 'CREATE TABLE u (x int)');
  await other.query('INSERT INTO t VALUES (1)');
  expect(await errorOf('COMMIT')).toMatchObject({ code: '23505' });
  expect(await errorOf('SELECT * FROM u')).toMatchObject({ code: '42P01' });
  await run('CREATE TABLE u (x int)');
});

test('what is made and dropped in one transaction', async () => {
  await run(
    'BEGIN',
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (1)',
    'CREATE MATERIALIZED VIEW m AS SELECT x FROM t',
    'DROP TABLE t CASCADE',
    'CREATE TABLE t (y text)',
    "INSERT INTO t VALUES ('second')",
    'COMMIT',
  );
  expect(await rows('SELECT y FROM t', other)).toEqual([['second']]);
  expect(await errorOf('SELECT * FROM m')).toMatchObject({ code: '42P01' });
});

test('a savepoint takes back the DDL that came after it', async () => {
  await run(
    'BEGIN',
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (1)',
    'SAVEPOINT s',
    'CREATE TABLE u (x int)',
    'INSERT INTO u VALUES (1)',
    'INSERT INTO t VALUES (2)',
    'ALTER TABLE t RENAME TO renamed',
  );
  expect(await errorOf('SELECT * FROM t')).toMatchObject({ code: '42P01' });
  await run('ROLLBACK TO s');
  expect(await rows('SELECT * FROM t')).toEqual([[1]]);
  expect(await errorOf('SELECT * FROM u')).toMatchObject({ code: '42P01' });
  await run('ROLLBACK TO s', 'CREATE TABLE u (y text)', "INSERT INTO u VALUES ('new')", 'COMMIT');
  expect(await rows('SELECT t.x, u.y FROM t, u', other)).toEqual([[1, 'new']]);
  expect(await rows("SHOW TABLES LIKE 'renamed'")).toEqual([]);
});

test('what cannot be rolled back is refused by name', async () => {
  await run('BEGIN');
  expect(await errorOf('CREATE SOURCE s FROM GENERATOR COUNTER (ROWS 1)')).toMatchObject({
    code: '0A000',
    message: 'CREATE SOURCE inside a transaction block is not supported',
  });
  await run('ROLLBACK', 'BEGIN READ ONLY');
  expect(await errorOf('CREATE TABLE t (x int)')).toMatchObject({
    code: '25006',
    message: 'cannot execute CREATE TABLE in a read-only transaction',
  });
  await run('ROLLBACK');
});

test('another session’s DDL waits for the transaction, at most lock_timeout', async () => {
  await run('BEGIN', 'CREATE TABLE t (x int)');
  await other.query("SET lock_timeout = '50ms'");
  expect(await errorOf('CREATE TABLE u (x int)', other)).toMatchObject({
    code: '55P03',
    message: 'canceling statement due to lock timeout',
  });
  await other.query('SET lock_timeout = 0');
  await other.query("SET statement_timeout = '50ms'");
  expect(await errorOf('CREATE TABLE u (x int)', other)).toMatchObject({ code: '57014' });
  await other.query('SET statement_timeout = 0');
  const waiting = other.query('CREATE TABLE t2 (x int)').catch((error: unknown) => error);
  await run('COMMIT');
  expect(await waiting).not.toBeInstanceOf(Error);
  expect(await rows('SELECT * FROM t, t2', other)).toEqual([]);
});

test('a session that goes away gives the lock back', async () => {
  const third = await server.connect();
  await third.query('BEGIN');
  await third.query('CREATE TABLE public.left_behind (x int)');
  await third.end();
  await other.query('CREATE TABLE t (x int)');
  expect(await errorOf('SELECT * FROM public.left_behind')).toMatchObject({ code: '42P01' });
});

test('several statements of one query string are one transaction, DDL too', async () => {
  await run('CREATE TABLE t (x int)', 'CREATE MATERIALIZED VIEW m AS SELECT sum(x) FROM t');
  const text = 'INSERT INTO t VALUES (1); CREATE TABLE u (x int); DROP TABLE t CASCADE; SELECT 1/0';
  expect(await errorOf(text)).toMatchObject({ code: '22012' });
  expect(await rows('SELECT * FROM m')).toEqual([[null]]);
  expect(await errorOf('SELECT * FROM u')).toMatchObject({ code: '42P01' });
  await run('CREATE TABLE u (x int); INSERT INTO u VALUES (7); CREATE VIEW v AS SELECT x FROM u');
  expect(await rows('SELECT * FROM v', other)).toEqual([[7]]);
});

test('a source among the statements of a query string commits each by itself', async () => {
  const notices: string[] = [];
  client.on('notice', ({ message, detail }) => notices.push(`${message}. ${detail}`));
  const text = 'CREATE TABLE t (x int); CREATE SOURCE one FROM GENERATOR COUNTER (EVENTS 1); SELECT 1/0';
  expect(await errorOf(text)).toMatchObject({ code: '22012' });
  client.removeAllListeners('notice');
  expect(notices).toEqual([
    'these 3 statements are committed one by one. CREATE SOURCE cannot be part of a larger transaction.',
  ]);
  expect(await rows('SELECT * FROM t')).toEqual([]);
});

test('a source and a sink wait for their turn at most lock_timeout', async () => {
  await run('CREATE TABLE t (x int)', 'BEGIN', 'CREATE TABLE u (x int)');
  await other.query("SET lock_timeout = '50ms'");
  const sink = "CREATE SINK s FROM t INTO FILE (PATH '/tmp/tidewire-never.jsonl') FORMAT JSON";
  for (const sql of ['CREATE SOURCE s FROM GENERATOR COUNTER', sink]) {
    expect(await errorOf(sql, other), sql).toMatchObject({ code: '55P03' });
  }
  await other.query('RESET lock_timeout');
  await run('ROLLBACK');
});

test('DO and CREATE SCHEMA with elements are one transaction by the extended protocol too', async () => {
  const extended = (name: string, text: string): Promise<unknown> => client.query({ name, text });
  await extended('made', 'DO $$ BEGIN CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); END $$');
  const failing = "DO $$ BEGIN CREATE TABLE u (a int); EXECUTE 'INSERT INTO t VALUES (1)'; END $$";
  await expect(extended('failed', failing)).rejects.toMatchObject({ code: '23505' });
  expect(await errorOf('SELECT * FROM u')).toMatchObject({ code: '42P01' });
  const elements = `elements_${schema.name}`;
  await extended(
    'schema',
    `CREATE SCHEMA ${elements} CREATE VIEW v AS SELECT a FROM w CREATE TABLE w (a int)`,
  );
  await other.query(`INSERT INTO ${elements}.w VALUES (7)`);
  expect(await rows(`SELECT a FROM t UNION ALL SELECT a FROM ${elements}.v ORDER BY a`, other)).toEqual([
    [1],
    [7],
  ]);
  await run('BEGIN READ ONLY');
  expect(await errorOf('DO $$ BEGIN CREATE TABLE x (a int); END $$')).toMatchObject({ code: '25006' });
  await run('ROLLBACK');
});
