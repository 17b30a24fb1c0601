/** Options and forms of CREATE and ALTER that have no effect here: none is taken silently. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let client: pg.Client;

beforeAll(async () => {
  server = await startTidewire();
  client = await server.connect();
  await client.query('CREATE TABLE t (x int)');
  await client.query('CREATE VIEW v AS SELECT x FROM t');
  await client.query('CREATE MATERIALIZED VIEW m AS SELECT x FROM t');
  await client.query('CREATE INDEX i ON t (x)');
});

afterAll(async () => {
  await client?.end();
  await server?.stop();
});

test.each(['TABLE t', 'VIEW v', 'MATERIALIZED VIEW m', 'INDEX i'])('ALTER %s', async (object) => {
  const position = String(`ALTER ${object} SET (`.length + 1);
  await expect(client.query(`ALTER ${object} SET (nothing = 1)`)).rejects.toMatchObject({
    code: '22023',
    message: 'unrecognized parameter "nothing"',
    position,
  });
  await expect(client.query(`ALTER ${object} RESET (nothing)`)).rejects.toMatchObject({ code: '22023' });
  await expect(client.query(`ALTER ${object} SET (fillfactor = 70)`)).rejects.toMatchObject({
    code: '0A000',
    message: 'storage parameter "fillfactor" is not supported',
  });
});

test('a missing object is told first', async () => {
  await expect(client.query('ALTER TABLE nowhere SET (x = 1)')).rejects.toMatchObject({ code: '42P01' });
  await client.query('ALTER TABLE IF EXISTS nowhere SET (x = 1)');
});

test.each([
  ['CREATE TEMP TABLE n (x int)', 'CREATE TEMPORARY TABLE is not supported'],
  ['CREATE UNLOGGED TABLE n (x int)', 'CREATE UNLOGGED TABLE is not supported'],
  ['CREATE TABLE n (x int) PARTITION BY RANGE (x)', 'CREATE TABLE with partitions is not supported'],
  ['CREATE TABLE n (y int) INHERITS (t)', 'CREATE TABLE … INHERITS is not supported'],
  ['CREATE TABLE n (x int) TABLESPACE fast', 'CREATE TABLE … TABLESPACE is not supported'],
  ['CREATE TABLE n (x int) WITH (fillfactor = 70)', 'storage parameter "fillfactor" is not supported'],
  ['CREATE INDEX n ON t (x) WITH (fillfactor = 70)', 'storage parameter "fillfactor" is not supported'],
  ['CREATE INDEX n ON t (x) TABLESPACE fast', 'CREATE INDEX … TABLESPACE is not supported'],
])('%s', async (sql, message) => {
  await expect(client.query(sql)).rejects.toMatchObject({ code: '0A000', message });
});
