/** A query that makes very many rows in one step of an operator ends when it is told to, and others go on. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let client: pg.Client;

beforeAll(async () => {
  server = await startTidewire();
  client = await server.connect();
  await client.query('CREATE TABLE g (x int); INSERT INTO g SELECT generate_series(1, 30000)');
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

test.each([
  'SELECT count(*) FROM generate_series(1, 100000) a(x), generate_series(1, 100000) b(y) WHERE x * y::int8 % 7 = 3',
  'SELECT count(*) FROM g a, g b WHERE a.x * b.x::int8 % 7 = 3',
  'SELECT sum(x) FROM generate_series(1, 1000000000) a(x)',
])('%s', { timeout: 30_000 }, async (sql) => {
  await client.query("SET statement_timeout = '100ms'");
  const before = Date.now();
  await expect(client.query(sql)).rejects.toMatchObject({ code: '57014' });
  expect(Date.now() - before, 'milliseconds until it was cancelled').toBeLessThan(10_000);
  await client.query('RESET statement_timeout');
  expect((await client.query('SELECT count(*) FROM g')).rows).toEqual([{ count: '30000' }]);
});
