/** DROP TYPE … CASCADE over several tables is one change: all of it or nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

describe('a type whose columns are in several tables', () => {
  let client: pg.Client;
  const directory = mkdtempSync(join(tmpdir(), 'tidewire-drop-type-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const tidewire = testServer({}, async () => {
    client = await tidewire.connect();
  });

  const rows = async (table: string): Promise<unknown> =>
    (await client.query(`SELECT * FROM ${table} ORDER BY 1`)).rows;

  test('goes from all of them at one time', async () => {
    await client.query(`
      CREATE DOMAIN price AS int CHECK (VALUE > 0);
      CREATE TABLE offers (id price PRIMARY KEY, name text);
      CREATE TABLE orders (id int PRIMARY KEY, offer price REFERENCES offers);
      INSERT INTO offers VALUES (1, 'one');
      INSERT INTO orders VALUES (7, 1);
      CREATE VIEW named AS SELECT orders.id, name FROM orders JOIN offers ON offer = offers.id;
    `);
    const watcher = await tidewire.connect();
    await watcher.query('BEGIN');
    await watcher.query(`DECLARE c CURSOR FOR SUBSCRIBE (
      SELECT c.relname::text, a.attname::text FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
      WHERE c.relname IN ('offers', 'orders', 'named') AND a.attnum > 0
    ) WITH (SNAPSHOT = false)`);
    const notices: string[] = [];
    client.on('notice', ({ detail }) => notices.push(detail ?? ''));
    await client.query('DROP DOMAIN price CASCADE');
    const changes: Record<string, unknown>[] = [];
    while (changes.length < 4) {
      const { rows } = await watcher.query<Record<string, unknown>>("FETCH 4 c WITH (TIMEOUT = '10s')");
      if (rows.length === 0) break;
      changes.push(...rows);
    }
    await watcher.end();
    const gone = changes.filter((change) => change['tw_diff'] === '-1');
    expect(new Set(gone.map(({ relname, attname }) => `${String(relname)}.${String(attname)}`))).toEqual(
      new Set(['offers.id', 'orders.offer', 'named.id', 'named.name']),
    );
    expect(new Set(changes.map((change) => change['tw_timestamp'])).size).toBe(1);
    expect(notices).toEqual([
      'drop cascades to column offer of table orders\n' +
        'drop cascades to view named\n' +
        'drop cascades to column id of table offers',
    ]);
    expect(await rows('offers')).toEqual([{ name: 'one' }]);
    expect(await rows('orders')).toEqual([{ id: 7 }]);
  });

  test('stays in all of them where one of them cannot change', async () => {
    await client.query(`
      CREATE TYPE mood AS ENUM ('good', 'bad');
      CREATE TABLE a (id int, mood mood);
      CREATE TABLE b (id int, mood mood);
      CREATE TABLE c (mood mood, id int);
      INSERT INTO a VALUES (1, 'good');
      INSERT INTO c VALUES ('bad', 1);
    `);
    await client.query('CREATE MATERIALIZED VIEW counted AS SELECT id, count(*) FROM b GROUP BY id');
    await client.query(
      `CREATE SINK out FROM counted INTO FILE (PATH '${join(directory, 'out')}') FORMAT JSON`,
    );
    await expect(client.query('DROP TYPE mood CASCADE')).rejects.toMatchObject({
      message: 'cannot alter table "b" because sink out is fed from it',
    });
    expect(await rows('a')).toEqual([{ id: 1, mood: 'good' }]);
    expect(await rows('c')).toEqual([{ mood: 'bad', id: 1 }]);
    // They can be written, and the type is there.
    await client.query(`INSERT INTO a VALUES (2, 'bad'); INSERT INTO b VALUES (1, 'good')`);
    await client.query('DROP SINK out');
    await client.query('DROP TYPE mood CASCADE');
    expect(await rows('a')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await rows('b')).toEqual([{ id: 1 }]);
    expect(await rows('counted')).toEqual([{ id: 1, count: '1' }]);
  });

  test('stays where a transaction is rolled back', async () => {
    await client.query(`
      CREATE DOMAIN size AS int;
      CREATE TABLE d (id int, size size);
      CREATE TABLE e (id int, size size);
    `);
    await client.query('BEGIN; DROP DOMAIN size CASCADE; INSERT INTO d VALUES (1); ROLLBACK');
    await client.query('INSERT INTO d VALUES (1, 2)');
    expect(await rows('d')).toEqual([{ id: 1, size: 2 }]);
  });

  test('takes sinks along that are fed from what goes', async () => {
    await client.query('CREATE DOMAIN weight AS int');
    await client.query('CREATE TABLE f (id int, weight weight)');
    await client.query('CREATE TABLE g (weight weight, id int)');
    await client.query('CREATE MATERIALIZED VIEW heavy AS SELECT weight, count(*) FROM g GROUP BY weight');
    await client.query(
      `CREATE SINK heavy_out FROM heavy INTO FILE (PATH '${join(directory, 'heavy')}') FORMAT JSON`,
    );
    await client.query('DROP DOMAIN weight CASCADE');
    await client.query('INSERT INTO g VALUES (1)');
    expect(await rows('g')).toEqual([{ id: 1 }]);
    await expect(rows('heavy')).rejects.toMatchObject({ code: '42P01' });
  });
});
