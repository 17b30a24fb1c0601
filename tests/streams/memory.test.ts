/** Updates of the same keys, again and again, with a view over them and a subscriber: memory stays where it was. */
import { connect } from 'node:net';
import { serialize } from 'pg-protocol';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { residentMegabytes } from '../support/memory.ts';
import { testServer } from '../support/test-server.ts';

const KEYS = 1000;
/** Growth that garbage and fragmentation explain, in MiB. Every version kept would be over 100. */
const SLACK = 48;

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
});

test(
  '400,000 updates in batches and 20,000 in commits of one row leave no trace',
  { timeout: 180_000 },
  async () => {
    await client.query('CREATE TABLE counters (id int PRIMARY KEY, n int8, note text)');
    const values = Array.from({ length: KEYS }, (_, id) => `(${id}, 0, repeat('x', 50))`);
    await client.query(`INSERT INTO counters VALUES ${values.join(',')}`);
    await client.query(
      'CREATE MATERIALIZED VIEW by_rest AS SELECT id % 10 AS rest, count(*) AS c, sum(n) AS total, max(n) AS top FROM counters GROUP BY id % 10',
    );
    await client.query('CREATE INDEX by_n ON counters (n)');
    let received = 0;
    const subscriber = connect({ host: '127.0.0.1', port: server.port });
    subscriber.on('data', (chunk: Buffer) => (received += chunk.length));
    subscriber.write(serialize.startup({ user: 'tidewire', database: 'tidewire' }));
    subscriber.write(serialize.query('COPY (SUBSCRIBE by_rest) TO STDOUT'));

    // A subscription that nobody fetches from, in a transaction that stays open, keeps no old versions either.
    const idle = await server.connect();
    await idle.query('BEGIN');
    await idle.query('DECLARE c CURSOR FOR SUBSCRIBE by_rest');

    const batches = async (count: number): Promise<void> => {
      for (let batch = 0; batch < count; batch++) await client.query('UPDATE counters SET n = n + 1');
    };
    const singles = async (count: number): Promise<void> => {
      const writers = await Promise.all([1, 2, 3, 4].map(() => server.connect()));
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let i = 0; i < count / writers.length; i++) {
            const id = (i * writers.length + w) % KEYS;
            await writer.query({
              name: 'one',
              text: 'UPDATE counters SET n = n + 1 WHERE id = $1',
              values: [id],
            });
          }
          await writer.end();
        }),
      );
    };
    const sizes: number[] = [];
    for (let round = 0; round < 5; round++) {
      await batches(80);
      await singles(4000);
      sizes.push(Math.round(residentMegabytes(server)));
    }
    expect((await client.query('SELECT sum(total) AS t FROM by_rest')).rows[0].t).toBe(
      String(400 * KEYS + 20_000),
    );
    expect(received, 'bytes at the subscriber').toBeGreaterThan(100_000);
    // The first round warms up heaps and buffers; garbage comes and goes.
    expect(
      Math.min(...sizes.slice(-2)) - sizes[0]!,
      `resident MiB after each round: ${sizes.join(', ')}`,
    ).toBeLessThan(SLACK);
    subscriber.destroy();
    await idle.end();
  },
);
