/** COMMENT ON: what the catalog shows of it, and that it goes with its object. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  await client.query(`
    CREATE SCHEMA app;
    CREATE DOMAIN app.age AS int CONSTRAINT grown CHECK (VALUE > 17);
    CREATE TYPE app.mood AS ENUM ('sad', 'ok');
    CREATE TABLE app.t (id int CONSTRAINT t_key PRIMARY KEY, a int CONSTRAINT positive CHECK (a > 0), b int REFERENCES app.t, c int);
    CREATE INDEX by_a ON app.t (a);
    CREATE VIEW app.v AS SELECT id, a FROM app.t;
    CREATE MATERIALIZED VIEW app.m AS SELECT id, a FROM app.t;
    CREATE SEQUENCE app.s;
    CREATE FUNCTION app.f(x int) RETURNS int LANGUAGE sql AS 'SELECT x'`);
});

/** Comments of the objects of the test, with what they are of. */
async function comments(): Promise<string[]> {
  const { rows } = await client.query<{ text: string }>(
    `SELECT classoid::regclass || ' ' || objsubid || ' ' || description AS text FROM pg_description
     WHERE objoid >= 16384 ORDER BY 1`,
  );
  return rows.map(({ text }) => text);
}

test('comments are in pg_description, and functions give them', async () => {
  await client.query(`
    COMMENT ON SCHEMA app IS 'schema';
    COMMENT ON DOMAIN app.age IS 'domain';
    COMMENT ON CONSTRAINT grown ON DOMAIN app.age IS 'domain constraint';
    COMMENT ON TYPE app.mood IS 'type';
    COMMENT ON TABLE app.t IS 'it''s a table';
    COMMENT ON COLUMN app.t.a IS 'column';
    COMMENT ON COLUMN app.m.a IS 'column of m';
    COMMENT ON CONSTRAINT t_key ON app.t IS 'key';
    COMMENT ON CONSTRAINT positive ON app.t IS 'check';
    COMMENT ON CONSTRAINT t_b_fkey ON app.t IS 'foreign key';
    COMMENT ON INDEX app.t_key IS 'index of the key';
    COMMENT ON INDEX app.by_a IS 'index';
    COMMENT ON VIEW app.v IS 'view';
    COMMENT ON MATERIALIZED VIEW app.m IS 'materialized view';
    COMMENT ON SEQUENCE app.s IS 'sequence';
    COMMENT ON FUNCTION app.f(int) IS 'function'`);
  expect(await comments()).toEqual([
    'pg_class 0 index',
    'pg_class 0 index of the key',
    "pg_class 0 it's a table",
    'pg_class 0 materialized view',
    'pg_class 0 sequence',
    'pg_class 0 view',
    'pg_class 2 column',
    'pg_class 2 column of m',
    'pg_constraint 0 check',
    'pg_constraint 0 domain constraint',
    'pg_constraint 0 foreign key',
    'pg_constraint 0 key',
    'pg_namespace 0 schema',
    'pg_proc 0 function',
    'pg_type 0 domain',
    'pg_type 0 type',
  ]);
  const { rows } = await client.query({
    text: `SELECT obj_description('app.t'::regclass, 'pg_class'), obj_description('app.t'::regclass),
      col_description('app.t'::regclass, 2), col_description('app.t'::regclass, 1),
      obj_description((SELECT oid FROM pg_proc WHERE proname = 'f'), 'pg_proc')`,
    rowMode: 'array',
  });
  expect(rows).toEqual([["it's a table", "it's a table", 'column', null, 'function']]);
});

test('comments stay with what is altered or replaced, and go with what is dropped', async () => {
  await client.query(`
    ALTER TABLE app.t ADD COLUMN d int, DROP COLUMN c;
    ALTER TABLE app.t RENAME COLUMN a TO renamed;
    CREATE OR REPLACE VIEW app.v AS SELECT id, renamed AS a FROM app.t WHERE id > 0;
    COMMENT ON COLUMN app.v.a IS 'column of v';
    CREATE OR REPLACE VIEW app.v AS SELECT id, renamed AS a FROM app.t WHERE id > 1;
    CREATE OR REPLACE FUNCTION app.f(x int) RETURNS int LANGUAGE sql AS 'SELECT x + 1';
    COMMENT ON TYPE app.mood IS NULL;
    COMMENT ON DOMAIN app.age IS '';
    ALTER SCHEMA app RENAME TO other;
    DROP MATERIALIZED VIEW other.m;
    DROP SEQUENCE other.s`);
  expect(await comments()).toEqual([
    'pg_class 0 index',
    'pg_class 0 index of the key',
    "pg_class 0 it's a table",
    'pg_class 0 view',
    'pg_class 2 column',
    'pg_class 2 column of v',
    'pg_constraint 0 check',
    'pg_constraint 0 domain constraint',
    'pg_constraint 0 foreign key',
    'pg_constraint 0 key',
    'pg_namespace 0 schema',
    'pg_proc 0 function',
  ]);
});

test('a transaction takes comments back', async () => {
  const before = await comments();
  await client.query(`BEGIN; COMMENT ON TABLE other.t IS 'another'; ROLLBACK`);
  expect(await comments()).toEqual(before);
});

test.each([
  ["COMMENT ON TABLE nowhere IS 'x'", '42P01', 'relation "nowhere" does not exist'],
  ["COMMENT ON TABLE other.v IS 'x'", '42809', '"v" is not a table'],
  ["COMMENT ON COLUMN other.t.nothing IS 'x'", '42703', 'column "nothing" of relation "t" does not exist'],
  [
    "COMMENT ON CONSTRAINT nothing ON other.t IS 'x'",
    '42704',
    'constraint "nothing" for table "t" does not exist',
  ],
  ["COMMENT ON TYPE nothing IS 'x'", '42704', 'type "nothing" does not exist'],
  ["COMMENT ON SCHEMA nothing IS 'x'", '3F000', 'schema "nothing" does not exist'],
  ["COMMENT ON FUNCTION nothing(int) IS 'x'", '42883', 'function nothing(integer) does not exist'],
  ["COMMENT ON EXTENSION hstore IS 'x'", '42704', 'extension "hstore" does not exist'],
  ["COMMENT ON ROLE tidewire IS 'x'", '0A000', 'COMMENT ON ROLE is not supported'],
])('%s', async (sql, code, message) => {
  await expect(client.query(sql)).rejects.toMatchObject({ code, message });
});
