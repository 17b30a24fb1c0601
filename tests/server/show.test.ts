/** SHOW of lists: LIKE and WHERE, a condition like any other. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { errorRaisedBy, rowsOf } from '../support/answers.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  await client.query('CREATE TABLE orders (id int PRIMARY KEY, city text)');
  await client.query('CREATE TABLE "Ärger" (x int)');
  await client.query('CREATE INDEX by_city ON orders (city)');
  await client.query('CREATE VIEW cities AS SELECT city FROM orders');
});

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

const errorOf = (sql: string): Promise<pg.DatabaseError> => errorRaisedBy(client, sql);

test('WHERE is a condition over the list', async () => {
  expect(await rows("SHOW TABLES WHERE name ~ '^o'")).toEqual([['orders']]);
  expect(await rows("SHOW OBJECTS WHERE type = 'view' OR name IN (SELECT 'Ärger')")).toEqual([
    ['cities', 'view'],
    ['Ärger', 'table'],
  ]);
  expect(await rows("SHOW COLUMNS FROM orders WHERE type = 'text'")).toEqual([['city', true, 'text']]);
  expect(await rows('SHOW COLUMNS FROM orders WHERE position = 1')).toEqual([['id', false, 'integer']]);
  expect(await rows("SHOW SCHEMAS WHERE name = 'public'")).toEqual([['public']]);
  expect(await rows('SHOW INDEXES WHERE is_primary')).toEqual([['orders_pkey', 'orders']]);
  expect(await rows('SHOW TABLES WHERE NULL')).toEqual([]);
});

test('LIKE compares names', async () => {
  expect(await rows("SHOW TABLES LIKE 'o%'")).toEqual([['orders']]);
  expect(await rows("SHOW INDEXES ON orders LIKE 'by\\_%'")).toEqual([['by_city', 'orders']]);
  expect(await rows("SHOW SCHEMAS LIKE 'pub%'")).toEqual([['public']]);
});

test('mistakes have their place in the text', async () => {
  expect(await errorOf("SHOW TABLES WHERE nome = 'x'")).toMatchObject({ code: '42703', position: '19' });
  expect(await errorOf('SHOW TABLES WHERE name')).toMatchObject({ code: '42804', position: '19' });
  expect(await errorOf('SHOW TABLES WHERE')).toMatchObject({ code: '42601' });
  expect(await errorOf('SHOW SCHEMAS FROM public')).toMatchObject({ code: '42601', position: '19' });
  expect(await errorOf('SHOW TABLES ON orders')).toMatchObject({ code: '42601', position: '16' });
});

async function createText(sql: string): Promise<unknown> {
  return (await rows(sql))[0]?.[1];
}

test('SHOW CREATE has the options that a source has now', async () => {
  const generator = 'CREATE SOURCE ticks FROM GENERATOR COUNTER';
  await client.query(generator);
  for (const [change, text] of [
    ['SET (RATE 5)', `${generator} (RATE 5)`],
    ['SET (RATE = 7, ON ERROR = FAIL)', `${generator} (RATE 7) ON ERROR FAIL`],
    ['RESET (RATE)', `${generator} ON ERROR FAIL`],
    ['RESET (on_error)', generator],
  ] as const) {
    await client.query(`ALTER SOURCE ticks ${change}`);
    expect(await createText('SHOW CREATE SOURCE ticks'), change).toBe(text);
  }
  const file = (options: string, policy: string): string =>
    `CREATE SOURCE f (a int) FROM FILE (PATH '/nowhere/*'${options}) FORMAT CSV ON ERROR ${policy} INCLUDE LINE`;
  await client.query(file(", POLL INTERVAL '1 min', FOLLOW", 'SKIP INTO refused'));
  await client.query("ALTER SOURCE f SET (ON DELETE = KEEP, POLL INTERVAL = '2 s', ON ERROR = FAIL)");
  expect(await createText('SHOW CREATE SOURCE f')).toBe(
    file(", POLL INTERVAL '2000 ms', FOLLOW, ON DELETE keep", 'FAIL'),
  );
  await client.query('ALTER SOURCE f RESET (POLL INTERVAL, ON DELETE)');
  expect(await createText('SHOW CREATE SOURCE f')).toBe(file(', FOLLOW', 'FAIL'));
});

test('SHOW CREATE has a materialized view’s on_error', async () => {
  const text = (options: string): string =>
    `CREATE MATERIALIZED VIEW m (a)${options} AS SELECT (id::text)::int AS a FROM orders`;
  await client.query(text(''));
  await client.query('ALTER MATERIALIZED VIEW m SET (on_error = skip)');
  expect(await createText('SHOW CREATE MATERIALIZED VIEW m')).toBe(text(' WITH (on_error = skip)'));
  await client.query('ALTER MATERIALIZED VIEW m RESET (on_error)');
  expect(await createText('SHOW CREATE MATERIALIZED VIEW m')).toBe(text(''));
});
