/** A transaction sees its own writes through views of every kind, with the rows that the views have for everybody. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
const server = testServer({}, async () => {
  client = await server.connect();
});

let number = 0;
beforeEach(async () => {
  await run('ROLLBACK', 'RESET ALL', `CREATE SCHEMA s${++number}`, `SET search_path = s${number}`);
});

async function run(...statements: string[]): Promise<void> {
  for (const sql of statements) await client.query(sql);
}

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

test('views on views, kept ones and those that are not', async () => {
  await run(
    'CREATE TABLE t (a int)',
    'CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM t',
    'CREATE VIEW plain AS SELECT n * 10 AS n FROM counted',
    'CREATE MATERIALIZED VIEW kept WITH (stored) AS SELECT n + 1 AS n FROM plain',
    'CREATE MATERIALIZED VIEW passing AS SELECT n FROM kept',
    'CREATE FUNCTION called() RETURNS bigint LANGUAGE SQL AS $$ SELECT n FROM kept $$',
    'CREATE TABLE seen (plain bigint, kept bigint, passing bigint, called bigint)',
  );
  const all = 'SELECT plain.n, kept.n, passing.n, called() FROM plain, kept, passing';
  expect(await rows(all)).toEqual([['0', '1', '1', '1']]);
  await run('BEGIN', 'INSERT INTO t VALUES (1), (2)', `INSERT INTO seen ${all}`);
  expect(await rows(all)).toEqual([['20', '21', '21', '21']]);
  expect(await rows('SELECT * FROM seen')).toEqual([['20', '21', '21', '21']]);
  await run('ROLLBACK');
  expect(await rows(all)).toEqual([['0', '1', '1', '1']]);
  await run('BEGIN', 'INSERT INTO t VALUES (3)', 'SAVEPOINT s', 'INSERT INTO t VALUES (4)', 'ROLLBACK TO s');
  expect(await rows(all)).toEqual([['10', '11', '11', '11']]);
  await run('COMMIT');
  expect(await rows(all)).toEqual([['10', '11', '11', '11']]);
});

test('a view has the same rows in sessions of all time zones', async () => {
  await run(
    'CREATE TABLE moments (id int PRIMARY KEY, at timestamptz, local timestamp)',
    "INSERT INTO moments VALUES (1, '2024-01-01 20:00+00', '2024-01-01 20:30')",
    'CREATE MATERIALIZED VIEW kept AS SELECT id, at::date AS day, at::text AS t FROM moments',
    // All columns, hardly changed: a comparison of two kinds of time is one by the time zone.
    'CREATE MATERIALIZED VIEW compared AS SELECT id, at, local, at > local AS later FROM moments',
    'CREATE VIEW over AS SELECT day, t FROM kept',
  );
  const all = 'SELECT day::text, t, later FROM over, compared';
  const expected = [['2024-01-01', '2024-01-01 20:00:00+00', false]];
  expect(await rows(all)).toEqual(expected);
  await run("SET TimeZone = 'Asia/Tokyo'");
  expect(await rows(all)).toEqual(expected);
  for (const name of ['kept', 'compared', 'over']) {
    await run('ROLLBACK', 'BEGIN', "UPDATE moments SET at = '2024-01-02 20:00+00'");
    await expect(client.query(`SELECT * FROM ${name}`)).rejects.toMatchObject({
      code: '0A000',
      hint: expect.stringContaining("SET TimeZone = 'UTC'") as string,
    });
  }
  await run(
    'ROLLBACK',
    'BEGIN',
    "UPDATE moments SET at = '2024-01-02 20:00+00'",
    "SET LOCAL TimeZone = 'UTC'",
  );
  expect(await rows(all)).toEqual([['2024-01-02', '2024-01-02 20:00:00+00', true]]);
  await run('COMMIT');
  expect(await rows(all)).toEqual([['2024-01-02', '2024-01-02 20:00:00+00', true]]);
});
