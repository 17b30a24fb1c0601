/** SQL of other streaming databases: what is not there is refused with what to write, what means nothing here says so. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let client: pg.Client;

beforeAll(async () => {
  server = await startTidewire();
  client = await server.connect();
  await client.query('CREATE TABLE t (a int, b text, at timestamp); CREATE VIEW v AS SELECT a FROM t');
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

const LATE = 'Leave it out: a view is right however late a row comes.';
const TUMBLE = /^Write TUMBLE\(relation, column, size\) in FROM/;
const INTERVAL = /^Write INTERVAL '10 minutes'/;

/** What is refused, its SQLSTATE, the word at its position, and the hint. */
const REFUSED: readonly (readonly [sql: string, code: string, near: string, hint: string | RegExp])[] = [
  ["CREATE TABLE x (at timestamp LATENESS INTERVAL '1' HOUR)", '42601', 'LATENESS', LATE],
  ["CREATE TABLE x (at timestamp, WATERMARK FOR at AS at - INTERVAL '5' SECOND)", '42601', '', LATE],
  ['CREATE TABLE x (a int) APPEND ONLY', '42601', '', /^Leave it out/],
  ['CREATE TABLE x (a int) WITH (appendonly = true)', '22023', 'appendonly', /^Leave it out/],
  ['ALTER TABLE t SWAP WITH u', '0A000', '', 'Rename both in a transaction: ALTER … RENAME TO.'],
  ['SELECT first_value(a ORDER BY b) FROM t', '42809', 'first_value', /^As an aggregate write \(array_agg/],
  ['SELECT _row_id FROM t', '42703', '_row_id', /^Rows have no hidden key/],
  [
    "SELECT * FROM TUMBLE(t, at, INTERVAL '1 hour', INTERVAL '1 hour', INTERVAL '1 hour')",
    '42883',
    'TUMBLE',
    /an offset can stand behind\.$/,
  ],
  [
    "CREATE TABLE x (a int) WITH ('materialized' = 'true')",
    '42601',
    "'materialized'",
    /^Leave properties out/,
  ],
  ['CREATE TABLE x (a int, b int AS a + 1)', '42601', 'AS', 'Write GENERATED ALWAYS AS (…) STORED.'],
  ['CREATE TABLE x (a int FOREIGN KEY REFERENCES t(a))', '42601', 'FOREIGN', /^Write REFERENCES/],
  ['CREATE TABLE x (a STRUCT<b int>)', '42601', '<', /^Use CREATE TYPE/],
  ['CREATE TABLE x (a map[text=>int])', '42601', 'text', /^Maps are jsonb/],
  ['CREATE TABLE x (a int list)', '42601', 'list', /^Lists are arrays/],
  ['CREATE TYPE x AS int', '42601', 'int', 'Use CREATE DOMAIN … AS type.'],
  ['CREATE LOCAL VIEW x AS SELECT 1', '42601', 'VIEW', 'Use CREATE VIEW.'],
  ['DECLARE RECURSIVE VIEW x (a int)', '42601', 'VIEW', 'Recursive views are not there yet.'],
  ['CREATE FUNCTION x(a int) RETURNS int AS a + 1', '42601', 'a', /^Write RETURN expression/],
  ['SELECT a FROM t QUALIFY row_number() OVER () = 1', '42601', 'row_number', /^Put the query/],
  ["SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(at), INTERVAL '1' HOUR))", '42601', 'TABLE', TUMBLE],
  ["SELECT abs(INTERVAL '10' MINUTES)", '42601', 'MINUTES', INTERVAL],
  ['SELECT at - INTERVAL 5 DAY FROM t', '42601', '5', INTERVAL],
  ['SELECT (at - at) SECOND FROM t', '42601', 'SECOND', /^Use a - b/],
  ['SELECT floor(at TO HOUR) FROM t', '42601', 'TO', "Use date_trunc('hour', …)."],
  ["SELECT '1'; SELECT try_cast('x' AS int)", '42601', 'AS', /^Use CAST/],
  ['SELECT * EXCEPT (a) FROM t', '42601', 'a', 'Name the columns that are wanted.'],
  ['SELECT * FROM t EMIT CHANGES', '42601', 'CHANGES', /SUBSCRIBE/],
  ['SELECT TOP 1 a FROM t', '42601', '1', 'Use LIMIT.'],
  ['SELECT `a` FROM t', '42601', 'FROM', /double quotes/],
  ["SELECT a FROM t WHERE b RLIKE 'x'", '42601', 'RLIKE', 'Use the operator ~.'],
  [
    "SELECT first_value(at) OVER (ORDER BY at SESSION WITH GAP INTERVAL '1 minute') FROM t",
    '42601',
    'SESSION',
    /^Use SESSION\(relation/,
  ],
  ['SELECT * FROM t ASOF JOIN t u ON t.a = u.a AND t.at >= u.at', '0A000', 'ASOF', /^Use JOIN LATERAL/],
  ['SELECT * FROM t JOIN t FOR SYSTEM_TIME AS OF proctime() u ON true', '0A000', 'FOR', /^Leave it out/],
  [
    'CREATE MATERIALIZED VIEW x AS SELECT count(*) FROM t EMIT ON WINDOW CLOSE',
    '0A000',
    'EMIT',
    /^Leave it out/,
  ],
  ['SELECT timestampdiff(SECOND, at, at) FROM t', '42703', 'SECOND', /^Use a - b/],
  ["SELECT listagg(b, ',') WITHIN GROUP (ORDER BY b) FROM t", '42883', 'listagg', 'Use string_agg.'],
  ["SELECT * FROM t PIVOT (sum(a) FOR b IN ('x' AS x))", '42601', '\\(', /^Use aggregates/],
  ["SELECT b RLIKE 'x' FROM t", '42601', "'x'", 'Use the operator ~.'],
  ['SELECT lag(a) IGNORE NULLS OVER (ORDER BY at) FROM t', '42601', 'NULLS', /IS NOT NULL in FROM/],
  ['SELECT some(a > 0) FROM t', '42601', 'some', 'Use bool_or.'],
  ['UPSERT INTO t VALUES (1)', '42601', 'UPSERT', /^Use INSERT … ON CONFLICT/],
  ['CREATE MATERIALIZED VIEW x EMIT ON WINDOW CLOSE AS SELECT a FROM t', '42601', 'EMIT', LATE],
  [
    'CREATE MATERIALIZED VIEW x WITH (backfill_order = FIXED(t -> v)) AS SELECT a FROM t',
    '42601',
    '\\(',
    'Leave it out.',
  ],
  [
    "CREATE MATERIALIZED VIEW x WITH (REFRESH EVERY '1 day') AS SELECT a FROM t",
    '22023',
    'REFRESH',
    'Leave it out: a view is always up to date.',
  ],
  [
    'CREATE MATERIALIZED VIEW x WITH (ASSERT NOT NULL a) AS SELECT a FROM t',
    '22023',
    'ASSERT',
    /IS NOT NULL into the query/,
  ],
  ['CREATE FUNCTION x(a int) RETURNS int LANGUAGE python AS $$ $$', '42704', '', /in SQL/],
  ['SELECT array_transform(ARRAY[1], x -> x + 1)', '42703', 'x', /^Use ARRAY\(SELECT/],
  ["SELECT map_keys('{}'::jsonb)", '42883', 'map_keys', /^Maps are jsonb/],
  ['SELECT * FROM mz_objects', '42P01', 'mz_objects', /^Use pg_catalog/],
  ['SELECT * FROM rw_catalog.rw_tables', '42P01', 'rw_catalog', /^Use pg_catalog/],
  ['SELECT mz_now()', '42883', 'mz_now', /^Filters on the current time/],
  ['CREATE INDEX ON v (a)', '42809', '', 'A materialized view can have indexes.'],
];

test.each(REFUSED)('%s', async (sql, code, near, hint) => {
  const error = await client.query(sql).then(
    () => null,
    (failure: pg.DatabaseError) => failure,
  );
  expect(error?.code).toBe(code);
  expect(error?.hint).toMatch(hint);
  if (near !== '') expect(sql.slice(Number(error?.position) - 1)).toMatch(new RegExp(`^${near}`));
});

test('a plain syntax error has no hint', async () => {
  for (const sql of ['SELECT a FROM WHERE', 'CREATE TABLE x (a int b int)', 'SELECT (a) a b FROM t']) {
    await expect(client.query(sql)).rejects.toMatchObject({ code: '42601', hint: undefined });
  }
});

describe('what means nothing here is accepted', () => {
  test.each([
    ['SET cluster = quickstart', 'parameter "cluster" has no effect here'],
    ['SET streaming_parallelism = 4', 'parameter "streaming_parallelism" has no effect here'],
    ['SET enable_join_ordering = false', 'parameter "enable_join_ordering" has no effect here'],
    [
      'SELECT a, max(b) FROM t GROUP BY a OPTIONS (AGGREGATE INPUT GROUP SIZE = 100)',
      'OPTIONS (… GROUP SIZE …) has no effect here',
    ],
    [
      'SELECT * FROM t, LATERAL (SELECT b FROM t u WHERE u.a = t.a OPTIONS (LIMIT INPUT GROUP SIZE = 9) ORDER BY b LIMIT 1) l',
      'OPTIONS (… GROUP SIZE …) has no effect here',
    ],
  ])('%s', async (sql, message) => {
    const told: (string | undefined)[] = [];
    const listen = (notice: { message?: string | undefined }): void => void told.push(notice.message);
    client.on('notice', listen);
    await client.query(sql);
    client.off('notice', listen);
    expect(told).toEqual([message]);
  });
});
