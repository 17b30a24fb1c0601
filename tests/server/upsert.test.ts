/** INSERT … ON CONFLICT and MERGE where several clients write the same keys at once. */
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

const CLIENTS = 8;
const ROUNDS = 25;

describe('clients that write the same keys', () => {
  let clients: pg.Client[];
  const tidewire = testServer({ workers: 2 }, async () => {
    clients = await Promise.all(Array.from({ length: CLIENTS }, () => tidewire.connect()));
    await clients[0]!.query('CREATE TABLE hits (page text PRIMARY KEY, n int NOT NULL)');
    await clients[0]!.query('CREATE MATERIALIZED VIEW total AS SELECT sum(n) AS n FROM hits');
  });

  const total = async (): Promise<unknown> =>
    (await clients[0]!.query('SELECT (SELECT n FROM total) AS view, sum(n) AS rows FROM hits')).rows[0];

  test('no upsert is lost, and none fails', async () => {
    const upsert = `INSERT INTO hits VALUES ($1, 1), ($2, 1) ON CONFLICT (page) DO UPDATE SET n = hits.n + excluded.n`;
    const work = clients.map(async (client, i) => {
      for (let round = 0; round < ROUNDS; round++) {
        await client.query(upsert, [`page ${round % 3}`, `own ${(i + round) % 5}`]);
      }
    });
    await Promise.all(work);
    const expected = String(CLIENTS * ROUNDS * 2);
    expect(await total()).toEqual({ view: expected, rows: expected });
  });

  test('DO NOTHING inserts a key once', async () => {
    const answers = clients.map((client) =>
      client.query(`INSERT INTO hits VALUES ('once', 0) ON CONFLICT DO NOTHING RETURNING page`),
    );
    const inserted = (await Promise.all(answers)).map(({ rowCount }) => rowCount);
    expect(inserted.filter((count) => count === 1)).toHaveLength(1);
    expect(inserted.filter((count) => count === 0)).toHaveLength(CLIENTS - 1);
  });

  test('in a transaction block the second to commit is to run again', async () => {
    const [one, two] = [clients[0]!, clients[1]!];
    const upsert = `INSERT INTO hits VALUES ('block', 1) ON CONFLICT (page) DO UPDATE SET n = hits.n + 1`;
    for (const client of [one, two]) await client.query('BEGIN');
    for (const client of [one, two]) await client.query(upsert);
    await one.query('COMMIT');
    await expect(two.query('COMMIT')).rejects.toMatchObject({ code: '40001' });
    await two.query(upsert);
    expect((await one.query(`SELECT n FROM hits WHERE page = 'block'`)).rows).toEqual([{ n: 2 }]);
  });

  test('an insert without ON CONFLICT fails with the key', async () => {
    const [one, two] = [clients[0]!, clients[1]!];
    for (const client of [one, two]) await client.query('BEGIN');
    for (const client of [one, two]) await client.query(`INSERT INTO hits VALUES ('plain', 1)`);
    await one.query('COMMIT');
    await expect(two.query('COMMIT')).rejects.toMatchObject({
      code: '23505',
      detail: 'Key (page)=(plain) already exists.',
    });
  });

  test('of two rows of one command the first is inserted', async () => {
    const client = clients[0]!;
    const twice = `INSERT INTO hits VALUES ('a', 1), ('a', 2) ON CONFLICT (page) DO NOTHING RETURNING n`;
    expect((await client.query(twice)).rows).toEqual([{ n: 1 }]);
    // Also where one of them is computed.
    const computed = `INSERT INTO hits VALUES ('b', 1 + 2), ('b', 4) ON CONFLICT (page) DO NOTHING RETURNING n`;
    expect((await client.query(computed)).rows).toEqual([{ n: 3 }]);
  });
});
