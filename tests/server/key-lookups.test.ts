/** Keys by rows and by the elements of arrays: SELECT, UPDATE and DELETE look them up. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
const tidewire = testServer({ workers: 2 }, async () => {
  client = await tidewire.connect();
  await client.query('CREATE TABLE one (id int PRIMARY KEY, v text)');
  await client.query('CREATE TABLE two (a int, b text, v int, PRIMARY KEY (a, b))');
  await client.query(`INSERT INTO one SELECT i, 'v' || i FROM generate_series(1, 100) AS i`);
  await client.query(`INSERT INTO two SELECT i % 10, 'b' || i, i FROM generate_series(1, 100) AS i`);
});

const values: unknown[] = [[3, null, 5, 3, 1000]];
const names: unknown[] = [['b13', 'b23', 'b99']];

test.each([
  ['SELECT id FROM one WHERE id = ANY ($1::int[])', values, '(each $1)', [3, 5]],
  ['UPDATE one SET v = v WHERE id = ANY ($1::int[])', values, '(each $1)', 2],
  ['DELETE FROM one WHERE id = ANY ($1::int[])', values, '(each $1)', 2],
  ['SELECT v FROM two WHERE a = 3 AND b = ANY ($1::text[])', names, '(3, each $1)', [13, 23]],
  [`SELECT v FROM two WHERE (a, b) IN ((1, 'b11'), (2, 'b22'), (3, 'b1'))`, [], `(1, 'b11')`, [11, 22]],
  [`SELECT v FROM two WHERE (b, a) IN (('b11', 1), ($1, 2))`, ['b22'], `(1, 'b11'), (2, $1)`, [11, 22]],
  [`UPDATE two SET v = v WHERE (a, b) IN ((1, 'b11'), (2, 'b22'))`, [], `(1, 'b11'), (2, 'b22')`, 2],
  [`DELETE FROM two WHERE (a, b) IN ((1, 'b11'), (2, 'b22'))`, [], `(1, 'b11'), (2, 'b22')`, 2],
] as [string, unknown[], string, number[] | number][])('%s', async (sql, parameters, keys, found) => {
  const explained = await client.query<string[]>({ text: `EXPLAIN (GENERIC_PLAN) ${sql}`, rowMode: 'array' });
  const lookup = explained.rows.map(([line]) => line).find((line) => line?.includes('lookup in'));
  expect(lookup).toContain(keys);
  const result = await client.query<number[]>({ text: sql, values: parameters, rowMode: 'array' });
  const rows = result.rows.map(([value]) => value!).toSorted((x, y) => x - y);
  expect(typeof found === 'number' ? result.rowCount : rows).toEqual(found);
});

test('a NULL array finds nothing', async () => {
  const { rows } = await client.query('SELECT id FROM one WHERE id = ANY ($1::int[])', [null]);
  expect(rows).toEqual([]);
});
