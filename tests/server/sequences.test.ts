/** ALTER SEQUENCE, OWNED BY and TRUNCATE … RESTART IDENTITY beside PostgreSQL: the same rows, notices and errors. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { outcome } from '../support/outcome.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let postgres: Postgres;
let client: pg.Client;
let theirs: pg.Client;

beforeAll(async () => {
  [server, postgres] = await Promise.all([startTidewire(), startPostgres()]);
  [client, theirs] = await Promise.all([server.connect(), postgres.connect()]);
});
afterAll(async () => {
  await Promise.all([client?.end(), theirs?.end()]);
  await Promise.all([server?.stop(), postgres?.stop()]);
});

const SCRIPTS: Record<string, string[]> = {
  options: [
    'CREATE SEQUENCE s START 10',
    "SELECT nextval('s'), nextval('s')",
    'ALTER SEQUENCE s INCREMENT 5',
    "SELECT nextval('s')",
    'ALTER SEQUENCE s RESTART',
    "SELECT nextval('s')",
    'ALTER SEQUENCE s RESTART WITH 3 MAXVALUE 9 CYCLE',
    "SELECT nextval('s'), nextval('s'), nextval('s')",
    'ALTER SEQUENCE s MAXVALUE 1',
    'ALTER SEQUENCE s START 100',
    'ALTER SEQUENCE s RESTART 50',
    'ALTER SEQUENCE s AS smallint NO MAXVALUE NO CYCLE',
    'SELECT data_type, start_value, min_value, max_value, increment_by, cycle FROM pg_sequences',
    'ALTER SEQUENCE s INCREMENT 0',
    'ALTER SEQUENCE nothing INCREMENT 2',
    'ALTER SEQUENCE IF EXISTS nothing INCREMENT 2',
    'ALTER SEQUENCE s RENAME TO other',
    "SELECT nextval('other')",
    "SELECT nextval('s')",
    'DROP SEQUENCE other',
  ],
  owners: [
    'CREATE TABLE t (id int, x serial)',
    'CREATE SEQUENCE t_id OWNED BY t.id',
    "ALTER TABLE t ALTER id SET DEFAULT nextval('t_id')",
    'INSERT INTO t DEFAULT VALUES RETURNING id, x',
    'ALTER SEQUENCE t_id OWNED BY t.zz',
    'ALTER SEQUENCE t_id OWNED BY t',
    'ALTER SEQUENCE t_x_seq RENAME TO numbers',
    'ALTER SEQUENCE t_id RENAME TO ids',
    'INSERT INTO t DEFAULT VALUES RETURNING id, x',
    'CREATE SCHEMA far',
    'ALTER SEQUENCE numbers SET SCHEMA far',
    'ALTER TABLE t SET SCHEMA far',
    'INSERT INTO far.t DEFAULT VALUES RETURNING id, x',
    'ALTER SCHEMA far RENAME TO near',
    'INSERT INTO near.t DEFAULT VALUES RETURNING id, x',
    "SELECT pg_get_serial_sequence('near.t', 'x')",
    'ALTER SEQUENCE near.numbers OWNED BY NONE',
    "SELECT pg_get_serial_sequence('near.t', 'x')",
    'DROP TABLE near.t',
    "SELECT relname FROM pg_class WHERE relname IN ('ids', 'numbers')",
  ],
  truncate: [
    'CREATE TABLE r (id int GENERATED ALWAYS AS IDENTITY (START 5), x text)',
    "INSERT INTO r (x) VALUES ('a'), ('b')",
    'TRUNCATE r',
    "INSERT INTO r (x) VALUES ('c') RETURNING id",
    'TRUNCATE r RESTART IDENTITY',
    "INSERT INTO r (x) VALUES ('d') RETURNING id",
    'BEGIN',
    'TRUNCATE r RESTART IDENTITY',
    "INSERT INTO r (x) VALUES ('e') RETURNING id",
    'ROLLBACK',
    "INSERT INTO r (x) VALUES ('f') RETURNING id",
    'BEGIN',
    'TRUNCATE r RESTART IDENTITY',
    'COMMIT',
    "INSERT INTO r (x) VALUES ('g') RETURNING id",
    'SELECT * FROM r ORDER BY id',
  ],
};

describe.each(Object.entries(SCRIPTS))('%s', (_name, statements) => {
  test('as PostgreSQL', async () => {
    for (const sql of statements) {
      const ours = await outcome(client, sql);
      expect(ours, sql).toEqual(await outcome(theirs, sql));
    }
  });
});
