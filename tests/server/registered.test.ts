/** regclass, regtype and their like: names of objects as values, as PostgreSQL shows them. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  await client.query('CREATE TABLE orders (id int); CREATE SCHEMA "My s"; CREATE TABLE "My s"."T" (x int)');
});

async function row(sql: string): Promise<unknown[]> {
  return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows[0]!;
}

test('a type as its name', async () => {
  expect(
    await row(`SELECT 'int4'::regtype::text, 25::oid::regtype::text, 'Character  Varying'::regtype::text,
      0::oid::regtype::text, 99::oid::regtype::text, to_regtype('double precision')::text, to_regtype('hstore')::text`),
  ).toEqual(['integer', 'text', 'character varying', '-', '99', 'double precision', null]);
  expect(await row(`SELECT oid::regtype::text FROM pg_type WHERE typname = 'timestamptz'`)).toEqual([
    'timestamp with time zone',
  ]);
  // What psycopg asks for a type that it registers.
  expect(
    await row(`SELECT typname AS name, oid, oid::regtype::text AS regtype, typdelim AS delimiter
      FROM pg_type t WHERE t.oid = to_regtype('bytea') ORDER BY t.oid`),
  ).toMatchObject(['bytea', expect.anything(), 'bytea', ',']);
  const text = 'SELECT to_regtype($1)::oid::text AS oid';
  expect((await client.query(text, ['timestamptz'])).rows).toEqual([{ oid: '1184' }]);
  expect((await client.query(text, ['hstore'])).rows).toEqual([{ oid: null }]);
});

test('a relation as its name, with its schema where that is not searched', async () => {
  expect(
    await row(`SELECT 'public.orders'::regclass::text, '"My s"."T"'::regclass::text, 'pg_class'::regclass::text,
      'tidewire'::regrole::text`),
  ).toEqual(['orders', '"My s"."T"', 'pg_class', 'tidewire']);
  await client.query('SET search_path = "My s"');
  expect(await row(`SELECT 'public.orders'::regclass::text, '"T"'::regclass::text`)).toEqual([
    'public.orders',
    '"T"',
  ]);
  await client.query('RESET search_path');
});

test("PostgreSQL's functions call its own functions, whatever others are called", async () => {
  await client.query(`CREATE FUNCTION quote_ident(name) RETURNS text LANGUAGE sql AS $$ SELECT 'another' $$`);
  expect(
    await row(
      `SELECT DISTINCT attrelid::regclass::text FROM pg_attribute WHERE attrelid = 'orders'::regclass`,
    ),
  ).toEqual(['orders']);
  expect(await row(`SELECT quote_ident(relname) FROM pg_class WHERE relname = 'orders'`)).toEqual([
    'another',
  ]);
  await client.query('DROP FUNCTION quote_ident(name)');
});

test('to_regclass gives NULL where there is no such relation', async () => {
  expect(
    await row(`SELECT to_regclass('orders')::text, to_regclass('orders') IS NULL, to_regclass('nowhere.orders') IS NULL,
      to_regclass('not a name') IS NULL, to_regclass(NULL) IS NULL`),
  ).toEqual(['orders', false, true, true, true]);
  expect(
    await row(`SELECT count(*)::int > 50, count(*) FILTER (WHERE to_regclass(relname) IS NULL)::int
      FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace`),
  ).toEqual([true, 0]);
  const inView = client.query(
    'CREATE VIEW named AS SELECT to_regclass(name) FROM (VALUES ($$orders$$)) AS v(name)',
  );
  await expect(inView).rejects.toMatchObject({ code: '0A000' });
});

test('a view does not keep the name that a relation had', async () => {
  const create = "CREATE VIEW v AS SELECT 'orders'::regclass::text AS a";
  await expect(client.query(create)).rejects.toMatchObject({ code: '0A000' });
});

test('a parameter is the name of an object', async () => {
  await client.query(`CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2'`);
  const named: [type: string, text: string, shown: string][] = [
    ['regclass', 'orders', 'orders'],
    ['regclass', '"My s"."T"', '"My s"."T"'],
    ['regclass', '-', '-'],
    ['regclass[]', '{orders,"\\"My s\\".\\"T\\"",NULL}', '{orders,"\\"My s\\".\\"T\\"",NULL}'],
    ['regtype', 'integer[]', 'integer[]'],
    ['regtype', 'orders', 'orders'],
    ['regproc', 'twice', 'twice'],
    ['regprocedure', 'twice(int)', 'twice(integer)'],
    ['regnamespace', '"My s"', '"My s"'],
    ['regrole', 'tidewire', 'tidewire'],
  ];
  for (const [type, text, shown] of named) {
    const { rows } = await client.query<{ a: string; b: boolean }>(
      `SELECT $1::${type}::text AS a, $1 IS NULL AS b`,
      [text],
    );
    expect(rows, type).toEqual([{ a: shown, b: false }]);
  }
  const { rows } = await client.query(
    `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0`,
    ['orders'],
  );
  expect(rows).toEqual([{ attname: 'id' }]);
  await client.query('INSERT INTO orders SELECT relnatts FROM pg_class WHERE oid = $1::regclass', ['orders']);
  expect((await client.query('SELECT id FROM orders')).rows).toEqual([{ id: 1 }]);
});

test('a parameter that names nothing is refused as it is bound', async () => {
  const refused: [type: string, text: string, code: string, message: string][] = [
    ['regclass', 'nothing', '42P01', 'relation "nothing" does not exist'],
    ['regclass', 'not a name', '42602', 'invalid name syntax'],
    ['regtype', 'nothing', '42704', 'type "nothing" does not exist'],
    ['regproc', 'abs', '42725', 'more than one function named "abs"'],
    ['regnamespace', 'nothing', '3F000', 'schema "nothing" does not exist'],
    ['regrole', 'nobody', '42704', 'role "nobody" does not exist'],
    ['regclass[]', '{orders,nothing}', '42P01', 'relation "nothing" does not exist'],
  ];
  for (const [type, text, code, message] of refused) {
    const asked = client.query(`SELECT $1::${type}`, [text]);
    await expect(asked, type).rejects.toMatchObject({
      code,
      message,
      where: "unnamed portal parameter $1 = '...'",
    });
  }
  // A prepared statement looks the name up each time.
  const text = { name: 'columns', text: 'SELECT relnatts FROM pg_class WHERE oid = $1::regclass' };
  await expect(client.query({ ...text, values: ['later'] })).rejects.toMatchObject({ code: '42P01' });
  await client.query('CREATE TABLE later (a int, b int)');
  expect((await client.query({ ...text, values: ['later'] })).rows).toEqual([{ relnatts: 2 }]);
});
