/** Joins that a foreign key makes needless: the answers are those without the rule, whenever the foreign key holds. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { freshSchema } from '../support/fresh-schema.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const tidewire = testServer({}, async () => {
  client = await tidewire.connect();
});

const schema = freshSchema(
  () => client,
  `
    CREATE TABLE customers (id int PRIMARY KEY, name text);
    CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, total int);
    CREATE TABLE lines (id int PRIMARY KEY, "order" int NOT NULL REFERENCES orders, piece text);
    INSERT INTO customers VALUES (1, 'ann'), (2, 'bob'), (3, 'cid');
    INSERT INTO orders VALUES (10, 1, 5), (11, 1, 7), (12, NULL, 9), (13, 3, 5);
    INSERT INTO lines VALUES (100, 10, 'nut'), (101, 10, 'bolt'), (102, 12, 'nut'), (103, 13, 'nut');
  `,
);

const rows = (sql: string, on = client): Promise<unknown[][]> => rowsOf(on, sql);

async function plan(sql: string): Promise<string> {
  return (await rows(`EXPLAIN ${sql}`)).flat().join('\n');
}

const ORDERS = 'SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer ORDER BY 1';
const QUERIES = [
  ORDERS,
  'SELECT c.id, sum(total) FROM orders o JOIN customers c ON c.id = o.customer GROUP BY c.id ORDER BY 1',
  'SELECT l.piece FROM lines l JOIN orders o ON o.id = l."order" ORDER BY 1',
  'SELECT l.id, o.id FROM lines l JOIN orders o ON o.id = l."order" JOIN customers c ON c.id = o.customer ORDER BY 1',
  'SELECT l.id FROM lines l, orders o, customers c WHERE o.id = l."order" AND c.id = o.customer AND c.id <> 1 ORDER BY 1',
  'SELECT count(*) FROM lines l JOIN orders o ON o.id = l."order" AND o.id > 10',
  'SELECT o.id FROM orders o LEFT JOIN customers c ON c.id = o.customer WHERE c.id IS NOT NULL ORDER BY 1',
  'SELECT a.id, b.id FROM orders a JOIN customers c ON c.id = a.customer JOIN orders b ON b.customer = c.id ORDER BY 1, 2',
];

test('the same rows with the rule and without', async () => {
  for (const sql of QUERIES) {
    expect(await plan(sql), sql).not.toContain('customers[');
    const fast = await rows(sql);
    await client.query(`SET disabled_rules = 'foreign-key-join'`);
    expect(await plan(sql), sql).toMatch(/\.(customers|orders)\[/);
    expect(fast, sql).toEqual(await rows(sql));
    await client.query('RESET disabled_rules');
    expect(fast.length, sql).toBeGreaterThan(0);
  }
  await client.query('BEGIN; DELETE FROM orders WHERE id = 11; INSERT INTO orders VALUES (20, 2, 1)');
  expect(await rows(ORDERS)).toEqual([[10], [13], [20]]);
  await client.query('ROLLBACK');
});

test('not when the foreign key is gone, can be deferred or was not looked at', async () => {
  expect(await rows(ORDERS)).toEqual([[10], [11], [13]]);
  await client.query('ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey');
  await client.query('INSERT INTO orders VALUES (14, 99, 1)');
  expect(await rows(ORDERS)).toEqual([[10], [11], [13]]);
  await client.query(
    'ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer) REFERENCES customers NOT VALID',
  );
  expect(await plan(ORDERS)).toContain('customers[');
  expect(await rows(ORDERS)).toEqual([[10], [11], [13]]);
  await client.query('DELETE FROM orders WHERE id = 14');
  await client.query('ALTER TABLE orders VALIDATE CONSTRAINT fk');
  expect(await plan(ORDERS)).not.toContain('customers[');
  await client.query('ALTER TABLE orders DROP CONSTRAINT fk');
  await client.query(
    'ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers DEFERRABLE INITIALLY DEFERRED',
  );
  await client.query('BEGIN; INSERT INTO orders VALUES (15, 99, 1)');
  expect(await rows(ORDERS)).toEqual([[10], [11], [13]]);
  await client.query('ROLLBACK');
});

test('not in a view, which may outlive it', async () => {
  await client.query(`CREATE MATERIALIZED VIEW v AS ${ORDERS}`);
  await client.query('ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey');
  await client.query('INSERT INTO orders VALUES (14, 99, 1)');
  expect(await rows('SELECT * FROM v ORDER BY 1')).toEqual([[10], [11], [13]]);
});

test('not at a time before the foreign key', async () => {
  await client.query('ALTER TABLE orders DROP CONSTRAINT orders_customer_fkey');
  await client.query('INSERT INTO orders VALUES (14, 99, 1)');
  const old = await tidewire.connect();
  await old.query(`SET search_path = ${schema.name}`);
  await old.query('BEGIN');
  expect(await rows('SELECT max(id) FROM orders', old)).toEqual([[14]]);
  await client.query('DELETE FROM orders WHERE id = 14');
  await client.query('ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers');
  // Compiled by others first, whose snapshot is younger.
  expect(await rows(ORDERS)).toEqual([[10], [11], [13]]);
  expect(await rows('SELECT max(id) FROM orders', old)).toEqual([[14]]);
  expect(await rows(ORDERS, old)).toEqual([[10], [11], [13]]);
  await old.query('COMMIT');
  await old.end();
});
