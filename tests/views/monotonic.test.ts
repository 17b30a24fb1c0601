/** Over sources to which rows are only added, views keep what can still win, and show what they would show otherwise. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';
import { startTidewire } from '../support/tidewire.ts';

/** Though others are of the same query. */
const EACH_COMPUTED = `SET disabled_rules = 'read-views'`;

/** Queries over `bid` and `auction` of NEXMARK; those whose state is a part of the input's rows are `less`. */
const QUERIES: Readonly<Record<string, { readonly sql: string; readonly less: boolean }>> = {
  extremes: {
    sql: `SELECT auction, min(price) AS least, max(price) AS most, max(channel) AS c, count(*) AS n, avg(price) AS a,
      min(price) FILTER (WHERE bidder % 2 = 0) AS even, max(nullif(price, price)) AS none FROM bid GROUP BY auction`,
    less: true,
  },
  all_rows: { sql: 'SELECT max(date_time) AS last, min(url) AS u FROM bid', less: true },
  joined: {
    sql: `SELECT a.category, max(b.price) AS most FROM auction a JOIN bid b ON b.auction = a.id GROUP BY a.category`,
    less: false,
  },
  numbers: {
    sql: `SELECT n, count(*) AS c, max(price) AS most FROM (SELECT (price % 50)::numeric / 10 AS n, price FROM bid) AS b GROUP BY n`,
    less: true,
  },
  pairs: {
    sql: `SELECT bidder % 100 AS b, count(DISTINCT channel) AS c, max(price) AS most FROM bid GROUP BY bidder % 100`,
    less: true,
  },
  first: {
    sql: `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, date_time, bidder) AS place
      FROM bid) AS b WHERE place <= 1`,
    less: true,
  },
  best: {
    sql: `SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY bidder % 100 ORDER BY price DESC, date_time, bidder, url) AS place
      FROM bid) AS b WHERE place <= 10`,
    less: true,
  },
  ties: {
    sql: `SELECT price % 100 AS p FROM bid ORDER BY p DESC FETCH FIRST 3 ROWS WITH TIES`,
    less: true,
  },
  behind: {
    sql: `SELECT auction, price, bidder, date_time FROM bid ORDER BY price DESC, date_time, bidder LIMIT 5 OFFSET 7`,
    less: true,
  },
  latest: {
    sql: `SELECT DISTINCT ON (bidder) bidder, auction, price, date_time FROM bid ORDER BY bidder, date_time DESC, price, auction`,
    less: true,
  },
  dearest: {
    sql: `SELECT * FROM bid WHERE (auction, price) IN (SELECT auction, max(price) FROM bid GROUP BY auction)`,
    less: true,
  },
  equal: {
    sql: `SELECT b.bidder, b.price, m.least FROM bid AS b
      JOIN (SELECT bidder % 10 AS k, min(price % 20) AS least FROM bid GROUP BY bidder % 10) AS m
      ON b.bidder % 10 = m.k AND b.price % 20 = m.least`,
    less: true,
  },
  last: { sql: 'SELECT * FROM bid WHERE date_time = (SELECT max(date_time) FROM bid)', less: true },
  united: {
    sql: `SELECT k, max(v) AS v FROM (SELECT auction AS k, price AS v FROM bid WHERE price > 100
      UNION ALL SELECT id, initial_bid FROM auction) AS u GROUP BY k`,
    less: true,
  },
};

async function planOf(client: pg.Client, sql: string): Promise<string> {
  const { rows } = await client.query<[string]>({ text: `EXPLAIN ${sql}`, rowMode: 'array' });
  return rows.map(([line]) => line).join('\n');
}

describe.each([1, 2])('%i workers', (workers) => {
  let client: pg.Client;

  const server = testServer({ workers }, async () => {
    client = await server.connect();
    await client.query(EACH_COMPUTED);
  });

  async function createViews(suffix: string): Promise<void> {
    for (const [name, { sql }] of Object.entries(QUERIES)) {
      await client.query(`CREATE MATERIALIZED VIEW ${name}_part${suffix} AS ${sql}`);
      expect(await planOf(client, `MATERIALIZED VIEW ${name}_part${suffix}`), name).toContain('monotonic)');
      await client.query(`SET disabled_rules = 'monotonic,read-views'`);
      await client.query(`CREATE MATERIALIZED VIEW ${name}_whole${suffix} AS ${sql}`);
      expect(await planOf(client, `CREATE MATERIALIZED VIEW v AS ${sql}`), name).not.toContain('monotonic)');
      await client.query(EACH_COMPUTED);
    }
  }

  async function compare(suffixes: readonly string[], what: string): Promise<void> {
    for (const name of Object.keys(QUERIES)) {
      for (const suffix of suffixes) {
        // Of one moment: each statement sees all views at the same time.
        const { rows } = await client.query<{ n: string }>(`
          SELECT count(*) AS n FROM (
            (SELECT * FROM ${name}_part${suffix} EXCEPT ALL SELECT * FROM ${name}_whole${suffix})
            UNION ALL (SELECT * FROM ${name}_whole${suffix} EXCEPT ALL SELECT * FROM ${name}_part${suffix})) AS d`);
        expect(rows[0]!.n, `${name}${suffix} ${what}`).toBe('0');
      }
    }
  }

  async function bytesOf(view: string): Promise<number> {
    const { rows } = await client.query<[string]>({
      text: `EXPLAIN MEMORY PLAN AS JSON FOR MATERIALIZED VIEW ${view}`,
      rowMode: 'array',
    });
    return (JSON.parse(rows.map(([line]) => line).join('\n')) as { bytes: number }).bytes;
  }

  test('while rows come, and over those that are there', { timeout: 120_000 }, async () => {
    await client.query(
      'CREATE SOURCE nexmark FROM GENERATOR NEXMARK (EVENTS 80000, RATE 16000, SEED 7) FOR ALL TABLES',
    );
    await createViews('');
    const state = async (): Promise<string> =>
      (
        await client.query<{ state: string }>(
          `SELECT state FROM tw_catalog.source_status WHERE name = 'nexmark'`,
        )
      ).rows[0]!.state;
    for (let round = 0; (await state()) !== 'finished' && round < 200; round += 1) {
      await compare([''], `in round ${round}`);
    }
    await expect.poll(state, { timeout: 30_000 }).toBe('finished');
    await createViews('_late');
    await compare(['', '_late'], 'at the end');
    const { rows } = await client.query<{ n: string }>('SELECT count(*) AS n FROM bid');
    // More than wait for the end of their time without being thinned.
    expect(Number(rows[0]!.n)).toBeGreaterThan(1 << 16);
    const [counted] = (await client.query<{ n: string }>('SELECT count(*) AS n FROM extremes_part')).rows;
    expect(Number(counted!.n)).toBeGreaterThan(100);
    for (const [name, { less }] of Object.entries(QUERIES)) {
      if (!less) continue;
      for (const suffix of ['', '_late']) {
        const [part, whole] = [
          await bytesOf(`${name}_part${suffix}`),
          await bytesOf(`${name}_whole${suffix}`),
        ];
        expect(part / whole, `${name}${suffix}: ${part} bytes of ${whole}`).toBeLessThan(0.75);
      }
    }
  });
});

test('over views whose rows only come, for as long as they do', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-monotonic-'));
  const server = await startTidewire();
  const client = await server.connect();
  try {
    const path = join(folder, 'a.csv');
    writeFileSync(path, 'a,1\nb,2\nb,5\n');
    await client.query(`CREATE SOURCE once (k text, v int) FROM FILE (PATH '${path}') FORMAT CSV`);
    await expect
      .poll(async () => (await client.query('SELECT FROM once')).rowCount, { timeout: 20_000 })
      .toBe(3);
    await client.query(`CREATE TABLE t (k text, v int); INSERT INTO t VALUES ('a', 7), ('a', 8)`);
    // Each over the one before; `pairs` and `keys` keep rows of their own.
    const low = 'SELECT x.k, y.v FROM once AS x JOIN once AS y ON x.k = y.k';
    await client.query(`CREATE MATERIALIZED VIEW pairs AS ${low}`);
    await client.query('CREATE MATERIALIZED VIEW keys AS SELECT DISTINCT k, v FROM pairs');
    await client.query('CREATE MATERIALIZED VIEW passed AS SELECT v, k FROM keys WHERE v > 0');
    await client.query('CREATE MATERIALIZED VIEW most AS SELECT k, max(v) AS v FROM passed GROUP BY k');
    await client.query('CREATE MATERIALIZED VIEW counted AS SELECT k, count(*) AS v FROM keys GROUP BY k');
    const monotonic = 'reduce (accumulable, monotonic)';
    const plan = (): Promise<string> => planOf(client, 'MATERIALIZED VIEW most');
    const most = async (): Promise<unknown> => (await client.query('SELECT * FROM most ORDER BY k')).rows;
    expect(await plan()).toContain(monotonic);
    // Counts change: what is over them keeps all.
    const over = (view: string): Promise<string> =>
      planOf(client, `CREATE MATERIALIZED VIEW v AS SELECT max(v) AS m FROM ${view}`);
    expect(await over('keys')).toContain(monotonic);
    for (const view of ['counted', 'most']) expect(await over(view)).not.toContain('monotonic');

    // A view below that may lose rows from now on has those above keep what they need.
    await client.query(`CREATE OR REPLACE MATERIALIZED VIEW pairs AS ${low} UNION ALL SELECT k, v FROM t`);
    expect(await plan()).not.toContain('monotonic');
    expect(await most()).toEqual([
      { k: 'a', v: 8 },
      { k: 'b', v: 5 },
    ]);
    await client.query('DELETE FROM t WHERE v = 8');
    expect(await most()).toEqual([
      { k: 'a', v: 7 },
      { k: 'b', v: 5 },
    ]);
    await client.query(`ALTER MATERIALIZED VIEW pairs AS ${low}`);
    expect(await plan()).toContain(monotonic);
    expect(await most()).toEqual([
      { k: 'a', v: 1 },
      { k: 'b', v: 5 },
    ]);
  } finally {
    await client.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('not over what can lose rows', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-monotonic-'));
  const server = await startTidewire();
  const client = await server.connect();
  try {
    const path = join(folder, 'a.csv');
    writeFileSync(path, 'a,1\nb,2\n');
    const source = (name: string, more: string): string =>
      `CREATE SOURCE ${name} (k text, v int) FROM FILE (PATH '${path}'${more}) FORMAT CSV`;
    await client.query(source('once', ''));
    await client.query(source('followed', ', FOLLOW'));
    await client.query('CREATE TABLE t (k text, v int)');
    await client.query('CREATE MATERIALIZED VIEW m AS SELECT k, v FROM once');
    const maximum = (from: string): string =>
      `CREATE MATERIALIZED VIEW v AS SELECT k, max(v) AS m FROM ${from} GROUP BY k`;
    expect(await planOf(client, maximum('once'))).toContain('reduce (accumulable, monotonic)');
    for (const from of [
      'followed',
      't',
      '(SELECT * FROM once UNION ALL SELECT * FROM t) AS u',
      '(SELECT * FROM once WHERE k NOT IN (SELECT k FROM once WHERE v > 1)) AS a',
      '(SELECT k, count(*) AS v FROM once GROUP BY k) AS c',
    ]) {
      expect(await planOf(client, maximum(from)), from).not.toContain('monotonic');
    }
    expect(await planOf(client, 'SELECT k, max(v) AS m FROM once GROUP BY k')).not.toContain('monotonic');
    // What follows takes rows back.
    await client.query('CREATE MATERIALIZED VIEW most AS SELECT max(v) AS m FROM followed');
    const most = async (): Promise<number | null> =>
      (await client.query<{ m: number | null }>('SELECT m FROM most')).rows[0]!.m;
    await expect.poll(most, { timeout: 20_000 }).toBe(2);
    appendFileSync(path, 'c,9\n');
    await expect.poll(most, { timeout: 20_000 }).toBe(9);
    writeFileSync(path, 'a,1\n');
    await expect.poll(most, { timeout: 20_000 }).toBe(1);
  } finally {
    await client.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
