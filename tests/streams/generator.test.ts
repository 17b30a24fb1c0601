/** GENERATOR sources over a real server. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let client: pg.Client;

beforeAll(async () => {
  server = await startTidewire({ workers: 2 });
  client = await server.connect();
}, 60_000);

afterAll(async () => {
  await client?.end();
  // Sources that run do not keep a server from ending in order.
  const code = await server?.stop();
  if (code !== undefined) expect(code).toBe(0);
});

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

function becomes(sql: string): ReturnType<typeof expect.poll> {
  return expect.poll(() => rows(sql), { timeout: 30_000, interval: 20 });
}

test('NEXMARK gives its three tables in their ratios, and shows where it stands', async () => {
  await client.query('CREATE SOURCE nexmark FROM GENERATOR NEXMARK (EVENTS 25000, SEED 7) FOR ALL TABLES');
  await becomes('SELECT "partition", "offset" FROM nexmark').toEqual([['events', '25000']]);
  expect(
    await rows(
      'SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM auction), (SELECT count(*) FROM bid)',
    ),
  ).toEqual([['500', '1500', '23000']]);
  // Bids run ahead of auctions by a few numbers, as in Nexmark's own generator; none is for a number left out.
  expect(
    await rows(`SELECT count(*) FROM bid
      WHERE auction NOT IN (SELECT id FROM auction) AND auction <= (SELECT max(id) FROM auction)`),
    'bids for auctions that do not exist',
  ).toEqual([['0']]);
});

test('the same seed gives the same events in another source, another seed others', async () => {
  const sum = (prefix: string): string =>
    `SELECT count(*), sum(price), sum(auction), sum(bidder), min(date_time)::text FROM ${prefix}bid`;
  await client.query(`CREATE SOURCE again FROM GENERATOR NEXMARK (EVENTS 25000, SEED 7)
    FOR TABLES (bid AS again_bid, person AS again_person)`);
  await client.query(`CREATE SOURCE other FROM GENERATOR NEXMARK (EVENTS 25000, SEED 8, RATE 100000)
    FOR TABLES (bid AS other_bid)`);
  await becomes('SELECT count(*) FROM again_bid').toEqual([['23000']]);
  await becomes('SELECT count(*) FROM other_bid').toEqual([['23000']]);
  expect(await rows(sum('again_'))).toEqual(await rows(sum('')));
  expect(await rows(sum('other_'))).not.toEqual(await rows(sum('')));
});

test('Nexmark q11: sessions of bids a bidder, equal to a query that numbers them', async () => {
  await client.query(`CREATE MATERIALIZED VIEW q11 AS
    SELECT bid.bidder, count(*) AS bids, window_start AS starttime, window_end AS endtime
    FROM SESSION(bid, date_time, INTERVAL '10' SECOND PARTITION BY bidder)
    GROUP BY bid.bidder, window_start, window_end`);
  const numbered = `SELECT bidder, count(*), min(date_time), max(date_time) + INTERVAL '10' SECOND FROM (
      SELECT *, sum(CASE WHEN date_time <= previous + INTERVAL '10' SECOND THEN 0 ELSE 1 END)
        OVER (PARTITION BY bidder ORDER BY date_time) AS session
      FROM (SELECT *, lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time) AS previous FROM bid) AS lagged
    ) AS sessions GROUP BY bidder, session`;
  expect(await rows('SELECT count(*) > 100, max(bids) > 1, sum(bids) FROM q11')).toEqual([
    [true, true, '23000'],
  ]);
  const other = (left: string, right: string): string =>
    `SELECT * FROM (${left}) AS l EXCEPT SELECT * FROM (${right}) AS r`;
  expect(await rows(other('TABLE q11', numbered)), 'sessions that there are not').toEqual([]);
  expect(await rows(other(numbered, 'TABLE q11')), 'sessions that are missing').toEqual([]);
});

test('a view over a running generator has every row at each timestamp', async () => {
  await client.query('CREATE SOURCE ticks FROM GENERATOR COUNTER (EVENTS 50000)');
  await client.query(
    'CREATE MATERIALIZED VIEW tick_totals AS SELECT count(*) AS n, sum(counter) AS total, max(counter) AS last FROM ticks',
  );
  await becomes(
    'SELECT n, total = n * (n + 1) / 2, last = n, n = (SELECT count(*) FROM ticks) FROM tick_totals WHERE n = 50000',
  ).toEqual([['50000', true, true, true]]);
});

test('a table leaves its source alone; a source takes all its tables with it', async () => {
  await client.query(
    'CREATE SOURCE going FROM GENERATOR NEXMARK (RATE 5000) FOR TABLES (bid AS b, person AS p)',
  );
  await becomes('SELECT count(*) > 0 FROM p').toEqual([[true]]);
  await client.query('DROP SOURCE b');
  const [[before]] = (await rows('SELECT count(*) FROM p')) as [[string]];
  await becomes(`SELECT count(*) > ${before} FROM p`).toEqual([[true]]);
  await client.query('ALTER SOURCE going PAUSE');
  await client.query('ALTER SOURCE going RESUME');
  const [[paused]] = (await rows('SELECT count(*) FROM p')) as [[string]];
  await becomes(`SELECT count(*) > ${paused} FROM p`).toEqual([[true]]);
  await client.query('DROP SOURCE going');
  await expect(client.query('SELECT * FROM p')).rejects.toMatchObject({ code: '42P01' });
});

test('mistakes are refused by name', async () => {
  const refused = (sql: string): Promise<unknown> =>
    client.query(sql).then(
      () => 'accepted',
      (error: { code: string; message: string; hint?: string }) => [error.code, error.hint ?? error.message],
    );
  expect(await refused('CREATE SOURCE s FROM GENERATOR NEXMARK (EVENTS 1)')).toEqual([
    '22023',
    'Add FOR ALL TABLES, or FOR TABLES (name, …).',
  ]);
  expect(await refused('CREATE SOURCE s FROM GENERATOR NEXMARK (EVENTS 1) FOR TABLES (bids)')).toEqual([
    '42P01',
    'Perhaps you meant "bid".',
  ]);
  expect(await refused('CREATE SOURCE s FROM GENERATOR NEXMARK (SEEED 1) FOR ALL TABLES')).toEqual([
    '22023',
    'Perhaps you meant the option "seed".',
  ]);
  // A name that is taken takes the whole statement with it.
  expect(await refused('CREATE SOURCE s FROM GENERATOR NEXMARK (EVENTS 1) FOR ALL TABLES')).toEqual([
    '42P07',
    'relation "person" already exists',
  ]);
  expect(await refused('SELECT * FROM s')).toEqual(['42P01', expect.anything()]);
  expect(await refused('INSERT INTO person SELECT * FROM person')).not.toEqual('accepted');
});

test("RisingWave's form gives one table", async () => {
  await client.query(`CREATE SOURCE rw_bid (auction bigint, bidder bigint)
    WITH (connector = 'nexmark', nexmark.table.type = 'Bid', nexmark.event.num = 5000)`);
  await becomes('SELECT count(*) FROM rw_bid').toEqual([['4600']]);
});
