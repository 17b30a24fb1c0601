/** The typed client against the server. */
import type pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { type Change, type Client, type Progress, connect } from '../../clients/typescript/index.ts';
import { testServer } from '../support/test-server.ts';
import { startTidewire } from '../support/tidewire.ts';

let writer: pg.Client;
let client: Client;

interface City {
  city: string;
  n: bigint;
}

const server = testServer({}, async () => {
  writer = await server.connect();
  await writer.query(
    `CREATE TABLE sales (city text, amount numeric, details jsonb, at timestamptz);
     CREATE MATERIALIZED VIEW cities AS SELECT city, count(*) AS n FROM sales GROUP BY city;
     INSERT INTO sales VALUES ('Oslo', 1.50, '{"a": [1, null]}', '2024-01-01 00:00:00+00')`,
  );
  client = await connect(`postgres://tidewire@127.0.0.1:${server.port}/tidewire`);
});
afterAll(() => {
  client?.close();
});

/** The next of a live query. */
async function next<T>(changes: AsyncGenerator<T, void>): Promise<T> {
  const { value, done } = await changes.next();
  if (done === true) throw new Error('it ended');
  return value as T;
}

test('values of a query', async () => {
  const { rows, columns, tag } = await client.query(
    'SELECT city, amount, details, at, true AS yes, 7 AS seven, 2::int8 AS two, NULL::text AS nothing FROM sales',
  );
  expect(rows).toEqual([
    {
      ...{ city: 'Oslo', amount: '1.50', details: { a: [1, null] }, at: '2024-01-01 00:00:00+00' },
      ...{ yes: true, seven: 7, two: 2n, nothing: null },
    },
  ]);
  expect(columns.map(({ name }) => name).slice(0, 2)).toEqual(['city', 'amount']);
  expect(tag).toBe('SELECT 1');
  expect(
    (await client.query('SELECT $1::int + $2::int8 AS sum, $3::bool AS no', [1, 2n, false])).rows,
  ).toEqual([{ sum: 3n, no: false }]);
});

test('errors have their fields, and the next statement works', async () => {
  await expect(client.query('SELECT nothing FROM sales')).rejects.toMatchObject({
    code: '42703',
    position: '8',
  });
  const [failed, worked] = await Promise.allSettled([
    client.query('SELECT 1 / 0'),
    client.query('SELECT 1 AS one'),
  ]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { code: '22012' } });
  expect(worked).toMatchObject({ status: 'fulfilled', value: { rows: [{ one: 1 }] } });
});

test('a relation: contents, then changes', async () => {
  const changes = client.subscribe<City>('cities');
  const first = await next(changes);
  expect(first).toEqual({
    timestamp: expect.any(Number),
    progressed: false,
    diff: 1,
    row: { city: 'Oslo', n: 1n },
  });
  await writer.query("INSERT INTO sales (city) VALUES ('Oslo')");
  const change = [await next(changes), await next(changes)].toSorted((a, b) => a.diff - b.diff);
  expect(change.map(({ diff, row }) => [diff, row.n])).toEqual([
    [-1, 1n],
    [1, 2n],
  ]);
  expect(change[0]!.timestamp).toBeGreaterThan(first.timestamp);
  await changes.return();
});

test('a query without its contents, with progress', async () => {
  const changes = client.subscribe<{ n: bigint }>("SELECT n FROM cities WHERE city = 'Rome'", {
    snapshot: false,
    progress: true,
  });
  const begun = await next(changes);
  expect(begun).toEqual({ timestamp: expect.any(Number), progressed: true });
  await writer.query("INSERT INTO sales (city) VALUES ('Rome')");
  const seen: (Change<{ n: bigint }> | Progress)[] = [];
  while (!(seen.at(-1)?.progressed && seen.some(({ progressed }) => !progressed)))
    seen.push(await next(changes));
  const change = seen.find((item) => !item.progressed);
  expect(change).toMatchObject({ diff: 1, row: { n: 1n } });
  expect(seen.at(-1)!.timestamp).toBeGreaterThan(change!.timestamp);
  await changes.return();
});

test('a whole statement: an envelope, and columns of the relation that are called as the statement calls its own', async () => {
  const changes = client.subscribe(
    "SUBSCRIBE (SELECT city, n AS tw_diff FROM cities WHERE city = 'Oslo') ENVELOPE UPSERT (KEY (city));",
  );
  expect(await next(changes)).toMatchObject({ state: 'upsert', diff: 1, row: { city: 'Oslo', tw_diff: 2n } });
  await writer.query("DELETE FROM sales WHERE city = 'Oslo'");
  expect(await next(changes)).toMatchObject({
    state: 'delete',
    diff: -1,
    row: { city: 'Oslo', tw_diff: null },
  });
  await changes.return();
});

test("a refused subscription, and one that fails on its way, throw the server's error", async () => {
  await expect(client.subscribe('nowhere').next()).rejects.toMatchObject({ code: '42P01' });
  const failing = client.subscribe('SELECT 1 / (amount - 5) AS q FROM sales WHERE amount IS NOT NULL', {
    progress: true,
  });
  await next(failing);
  await writer.query("INSERT INTO sales (city, amount) VALUES ('Bergen', 5)");
  const drained = (async () => {
    for await (const change of failing) expect(change.timestamp).toBeGreaterThan(0);
  })();
  await expect(drained).rejects.toMatchObject({ code: '22012' });
  await writer.query("DELETE FROM sales WHERE city = 'Bergen'");
});

test('a signal ends it', async () => {
  const controller = new AbortController();
  const changes = client.subscribe('SELECT * FROM cities WHERE false', { signal: controller.signal });
  const waiting = changes.next();
  controller.abort();
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('a lost connection is an error, and a new client works', async () => {
  const own = await startTidewire();
  const lost = await connect({ port: own.port });
  await lost.query('CREATE TABLE t (one int)');
  await lost.query('INSERT INTO t VALUES (1)');
  const changes = lost.subscribe('t');
  expect(await next(changes)).toMatchObject({ row: { one: 1 } });
  const waiting = changes.next();
  own.process.kill('SIGKILL');
  await expect(waiting).rejects.toThrow(/closed the connection|ECONNRESET/);
  await expect(lost.query('SELECT 1')).rejects.toThrow(/closed the connection|ECONNRESET/);
  await own.stop();
  await expect(connect({ port: own.port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
