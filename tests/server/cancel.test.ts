/** A query that makes very many rows in one step of an operator ends when it is told to, and others go on. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  await client.query('CREATE TABLE g (x int); INSERT INTO g SELECT generate_series(1, 30000)');
});

test.each([
  'SELECT count(*) FROM generate_series(1, 100000) a(x), generate_series(1, 100000) b(y) WHERE x * y::int8 % 7 = 3',
  'SELECT count(*) FROM g a, g b WHERE a.x * b.x::int8 % 7 = 3',
  'SELECT sum(x) FROM generate_series(1, 1000000000) a(x)',
  'SELECT sum(exp(x::numeric % 300) * power(x::numeric, 2000)) FROM g',
  'SELECT max(s) FROM (SELECT sum(x) OVER (ORDER BY x DESC ROWS BETWEEN 20000 PRECEDING AND CURRENT ROW EXCLUDE TIES) s FROM g) w',
  'SELECT length(jsonb_agg(a.x ORDER BY b.x)::text) FROM g a, g b',
  'SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY a.x * b.x::int8) FROM g a, g b',
])('%s', { timeout: 30_000 }, async (sql) => {
  await client.query("SET statement_timeout = '100ms'");
  const before = Date.now();
  await expect(client.query(sql)).rejects.toMatchObject({ code: '57014' });
  expect(Date.now() - before, 'milliseconds until it was cancelled').toBeLessThan(10_000);
  await client.query('RESET statement_timeout');
  expect((await client.query('SELECT count(*) FROM g')).rows).toEqual([{ count: '30000' }]);
});

// What costs much is not computed on the thread that serves all sessions: neither a constant while its statement is planned,
// nor a statement that reads little.
test.each([
  "SELECT regexp_replace(repeat('ab', 3000000), '(a|b)', 'c', 'g') = ''",
  "SELECT length(regexp_replace(repeat('ab', 3000000), '(a|b)', x::text, 'g')) > 0 FROM g WHERE x = 1",
  "INSERT INTO written VALUES (length(regexp_replace(repeat('ab', 3000000), '(a|b)', 'c', 'g')))",
])('others go on during %s', { timeout: 60_000 }, async (sql) => {
  await client.query('CREATE TABLE IF NOT EXISTS written (x int)');
  const other = await server.connect();
  const ended: string[] = [];
  const costly = client.query(sql).then(() => ended.push('costly'));
  const cheap = other.query('SELECT 1').then(() => ended.push('cheap'));
  await Promise.all([costly, cheap]);
  await other.end();
  expect(ended).toEqual(['cheap', 'costly']);
});
