/** Foreign keys where statements alone do not show them: transactions side by side, prepared plans, much data. */
import type pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let one: pg.Client;
let two: pg.Client;
const tidewire = testServer({ workers: 2 }, async () => {
  one = await tidewire.connect();
  two = await tidewire.connect();
});

beforeEach(async () => {
  await one.query('DROP TABLE IF EXISTS lines, orders');
  await one.query('CREATE TABLE orders (id int PRIMARY KEY, code text UNIQUE)');
  await one.query('CREATE TABLE lines (id int PRIMARY KEY, of int REFERENCES orders ON UPDATE CASCADE)');
  await one.query(`INSERT INTO orders VALUES (1, 'a'), (2, 'b')`);
});

test('of a reference that comes and a key that goes, the later commit fails', async () => {
  for (const client of [one, two]) await client.query('BEGIN');
  await one.query('INSERT INTO lines VALUES (1, 1)');
  await two.query('DELETE FROM orders WHERE id = 1');
  await one.query('COMMIT');
  await expect(two.query('COMMIT')).rejects.toMatchObject({
    code: '23503',
    message:
      'update or delete on table "orders" violates foreign key constraint "lines_of_fkey" on table "lines"',
    detail: 'Key (id)=(1) is still referenced from table "lines".',
    schema: 'public',
    table: 'lines',
    constraint: 'lines_of_fkey',
  });

  for (const client of [one, two]) await client.query('BEGIN');
  await one.query('INSERT INTO lines VALUES (2, 2)');
  await two.query('DELETE FROM orders WHERE id = 2');
  await two.query('COMMIT');
  await expect(one.query('COMMIT')).rejects.toMatchObject({
    code: '23503',
    detail: 'Key (of)=(2) is not present in table "orders".',
  });
  expect((await one.query('SELECT * FROM lines')).rows).toEqual([{ id: 1, of: 1 }]);
});

test('rows that many clients refer by and delete at once leave nothing that refers to nothing', async () => {
  await one.query('ALTER TABLE lines DROP CONSTRAINT lines_of_fkey');
  await one.query('ALTER TABLE lines ADD FOREIGN KEY (of) REFERENCES orders ON DELETE CASCADE');
  await one.query('INSERT INTO orders SELECT i FROM generate_series(10, 29) AS i');
  const clients = await Promise.all(Array.from({ length: 4 }, () => tidewire.connect()));
  const outcomes = await Promise.all(
    clients.flatMap((client, i) =>
      Array.from({ length: 20 }, (_, at) =>
        client
          .query(
            i % 2 === 0
              ? `INSERT INTO lines VALUES (${100 * i + at}, ${10 + at})`
              : `DELETE FROM orders WHERE id = ${10 + ((at + 10 * i) % 20)}`,
          )
          .then(
            () => 'ok',
            (error: { code: string }) => error.code,
          ),
      ),
    ),
  );
  await Promise.all(clients.map((client) => client.end()));
  expect([...new Set(outcomes)].filter((outcome) => outcome !== 'ok' && outcome !== '23503')).toEqual([]);
  const orphans = 'SELECT id FROM lines WHERE of NOT IN (SELECT id FROM orders)';
  expect((await one.query(orphans)).rows).toEqual([]);
  expect((await one.query('SELECT count(*)::int AS n FROM orders WHERE id >= 10')).rows).toEqual([{ n: 0 }]);
});

test('a statement that was prepared before a foreign key came obeys it', async () => {
  const insert = { name: 'line', text: 'INSERT INTO lines VALUES ($1, $2)' };
  const remove = { name: 'order', text: 'DELETE FROM orders WHERE id = $1' };
  await one.query({ ...insert, values: [1, 1] });
  await one.query({ ...remove, values: [99] });
  await two.query('ALTER TABLE lines DROP CONSTRAINT lines_of_fkey');
  await one.query({ ...insert, values: [2, 50] });
  await two.query('DELETE FROM lines WHERE id = 2');
  await two.query('ALTER TABLE lines ADD FOREIGN KEY (of) REFERENCES orders ON DELETE CASCADE');
  await expect(one.query({ ...insert, values: [2, 50] })).rejects.toMatchObject({ code: '23503' });
  await one.query({ ...remove, values: [1] });
  expect((await one.query('SELECT * FROM lines')).rows).toEqual([]);
});

test('a view over what refers follows what is done to it', async () => {
  await one.query('ALTER TABLE lines DROP CONSTRAINT lines_of_fkey');
  await one.query(
    'ALTER TABLE lines ADD FOREIGN KEY (of) REFERENCES orders ON DELETE SET NULL ON UPDATE CASCADE',
  );
  await one.query('INSERT INTO lines SELECT i, 1 + i % 2 FROM generate_series(1, 4000) AS i');
  await one.query('CREATE MATERIALIZED VIEW per AS SELECT of, count(*)::int AS n FROM lines GROUP BY of');
  await one.query('UPDATE orders SET id = 20 WHERE id = 2');
  await one.query('DELETE FROM orders WHERE id = 1');
  expect((await one.query('SELECT * FROM per ORDER BY of')).rows).toEqual([
    { of: 20, n: 2000 },
    { of: null, n: 2000 },
  ]);
  await one.query('DROP MATERIALIZED VIEW per');
});
