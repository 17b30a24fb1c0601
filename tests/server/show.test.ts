/** SHOW of lists: LIKE and WHERE, a condition like any other. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let client: pg.Client;

beforeAll(async () => {
  server = await startTidewire();
  client = await server.connect();
  await client.query('CREATE TABLE orders (id int PRIMARY KEY, city text)');
  await client.query('CREATE TABLE "Ärger" (x int)');
  await client.query('CREATE INDEX by_city ON orders (city)');
  await client.query('CREATE VIEW cities AS SELECT city FROM orders');
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

async function rows(sql: string): Promise<unknown[][]> {
  return (await client.query({ text: sql, rowMode: 'array' })).rows as unknown[][];
}

async function errorOf(sql: string): Promise<{ code?: string; message: string; position?: string }> {
  try {
    await client.query(sql);
  } catch (error) {
    return error as { code?: string; message: string };
  }
  throw new Error(`no error from: ${sql}`);
}

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
