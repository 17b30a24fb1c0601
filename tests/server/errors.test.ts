/**
 * Wrong statements beside PostgreSQL: SQLSTATE, message, detail, hint and position are the same. Where PostgreSQL says no
 * position or hint, ours may.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { projectRoot } from '../support/root.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const STATEMENTS = readFileSync(join(projectRoot, 'tests/fixtures/wrong-statements.sql'), 'utf8')
  .trim()
  .split('\n');
const SCHEMA = [
  'CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, city text)',
  'CREATE TABLE orders (id int PRIMARY KEY, customer_id int, amount numeric(10,2), at timestamp, tags text[])',
  'CREATE VIEW big AS SELECT * FROM orders WHERE amount > 10',
];

let server: Tidewire;
let postgres: Postgres;
let client: pg.Client;
let theirs: pg.Client;

beforeAll(async () => {
  [server, postgres] = await Promise.all([startTidewire(), startPostgres()]);
  [client, theirs] = await Promise.all([server.connect(), postgres.connect()]);
  for (const sql of SCHEMA) await Promise.all([client.query(sql), theirs.query(sql)]);
});
afterAll(async () => {
  await Promise.all([client?.end(), theirs?.end()]);
  await Promise.all([server?.stop(), postgres?.stop()]);
});

type Told = Pick<pg.DatabaseError, 'code' | 'message' | 'detail' | 'hint' | 'position'>;

async function errorOf(connection: pg.Client, sql: string): Promise<Told | null> {
  try {
    await connection.query(sql);
    return null;
  } catch (error) {
    const { code, message, detail, hint, position } = error as pg.DatabaseError;
    return { code, message, detail, hint, position };
  }
}

test.each(STATEMENTS)('%s', async (sql) => {
  const [ours, wanted] = [await errorOf(client, sql), await errorOf(theirs, sql)];
  const told = ours && {
    ...ours,
    hint: wanted?.hint === undefined ? undefined : ours.hint,
    position: wanted?.position === undefined ? undefined : ours.position,
  };
  expect(told).toEqual(wanted);
});

test('a relation that is not there: the nearest name', async () => {
  expect(await errorOf(client, 'SELECT * FROM ordres')).toMatchObject({
    hint: 'Perhaps you meant the relation "orders".',
  });
});

test.each([
  'INSERT INTO of_domains (p) VALUES (0)',
  'INSERT INTO of_domains (p) VALUES (null)',
  'INSERT INTO of_domains (p, e) SELECT 1, 7',
  'INSERT INTO of_domains (p, e) VALUES (1, -2)',
  'UPDATE of_domains SET p = p - 10',
  'SELECT 0::positive',
  'SELECT null::positive',
  'SELECT $$-1$$::"Even"',
  'SELECT checked(-5)',
])('%s names the domain and its constraint', async (sql) => {
  const setup = [
    'CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0)',
    'CREATE DOMAIN "Even" AS int CONSTRAINT "no odd" CHECK (VALUE % 2 = 0) CHECK (VALUE > 0)',
    'CREATE FUNCTION checked(x positive) RETURNS int LANGUAGE SQL RETURN x',
    'CREATE TABLE of_domains (p positive, e "Even")',
    'INSERT INTO of_domains VALUES (1, 2)',
  ];
  const fields = async (connection: pg.Client): Promise<unknown> => {
    await connection.query('BEGIN');
    try {
      for (const statement of setup) await connection.query(statement);
      await connection.query(sql);
      return null;
    } catch (error) {
      const { code, message, schema, table, column, dataType, constraint } = error as pg.DatabaseError;
      return { code, message, schema, table, column, dataType, constraint };
    } finally {
      await connection.query('ROLLBACK');
    }
  };
  const [found, wanted] = [await fields(client), await fields(theirs)];
  expect(found).toEqual(wanted);
  expect(found).toMatchObject({ schema: 'public', dataType: expect.any(String) as string });
});
