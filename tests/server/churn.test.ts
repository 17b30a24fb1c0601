/** What was replaced again and again takes no more memory than what is there, some seconds after. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
});

async function size(relation: string): Promise<number> {
  const { rows } = await client.query<{ size: string }>(`SELECT pg_relation_size('${relation}') AS size`);
  return Number(rows[0]!.size);
}

test('a table and a view give back what is gone', async () => {
  await client.query('CREATE TABLE items (key int8 PRIMARY KEY, part int8, value text)');
  await client.query('INSERT INTO items SELECT i, i % 10, md5(i::text) FROM generate_series(1, 50000) AS i');
  await client.query('CREATE MATERIALIZED VIEW copies AS SELECT key, part, upper(value) AS value FROM items');
  const relations = ['items', 'copies'];
  const loaded = await Promise.all(relations.map(size));
  for (let i = 0; i < 5; i++) await client.query('UPDATE items SET part = part + 1, value = md5(value)');
  const churned = await Promise.all(relations.map(size));
  expect(churned[0]).toBeGreaterThan(loaded[0]! * 1.2);
  await expect
    .poll(async () => Promise.all(relations.map(size)), { timeout: 20_000, interval: 200 })
    .toEqual(loaded);
});
