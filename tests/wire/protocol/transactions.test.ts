/** Transaction blocks and savepoints. */
import { expect, test } from 'vitest';
import { fakeServer } from '../fake-server.ts';

const { executor, open } = fakeServer();

test('a failed transaction takes nothing but its end', async () => {
  const client = await open();
  expect(await client.query('BEGIN')).toEqual(['CommandComplete BEGIN', 'ReadyForQuery T']);
  expect((await client.query('SELECT 1/0')).at(-1)).toBe('ReadyForQuery E');
  expect(await client.query("SELECT 'x'")).toEqual([
    'ErrorResponse ERROR 25P02 current transaction is aborted, commands ignored until end of transaction block',
    'ReadyForQuery E',
  ]);
  expect(await client.query('COMMIT')).toEqual(['CommandComplete ROLLBACK', 'ReadyForQuery I']);
});

test('warnings as in PostgreSQL', async () => {
  const client = await open();
  expect((await client.query('COMMIT'))[0]).toBe(
    'NoticeResponse WARNING 25P01 there is no transaction in progress',
  );
  await client.query('BEGIN');
  expect((await client.query('BEGIN'))[0]).toBe(
    'NoticeResponse WARNING 25001 there is already a transaction in progress',
  );
});

test('DDL in a transaction is told to the executor; sources and sinks among others commit by themselves, with a notice', async () => {
  const client = await open();
  await client.query('BEGIN');
  expect(await client.query('CREATE TABLE t (a int)')).toEqual([
    'CommandComplete CREATE TABLE',
    'ReadyForQuery T',
  ]);
  await client.query('ROLLBACK');
  expect(executor.log).toEqual(['begin ddl']);
  expect(await client.query('INSERT INTO t VALUES (1); CREATE TABLE t (a int)')).toEqual([
    'NoticeResponse NOTICE 00000 inserted',
    'CommandComplete INSERT 0 1',
    'CommandComplete CREATE TABLE',
    'ReadyForQuery I',
  ]);
  expect(executor.log).toEqual(['begin ddl', 'begin ddl', 'commit 1']);
  expect((await client.query('INSERT INTO t VALUES (1); CREATE SOURCE s FROM GENERATOR COUNTER'))[0]).toBe(
    'NoticeResponse NOTICE 00000 these 2 statements are committed one by one D=CREATE SOURCE cannot be part of a larger transaction.',
  );
  expect(executor.log).toEqual(['begin ddl', 'begin ddl', 'commit 1', 'commit 1']);
});

test('settings follow the transaction', async () => {
  const client = await open();
  await client.query("BEGIN; SET TimeZone = 'europe/berlin'; SET LOCAL application_name = 'local'");
  expect(client.parameters.get('TimeZone')).toBe('Europe/Berlin');
  expect(client.parameters.get('application_name')).toBe('local');
  await client.query('ROLLBACK');
  expect(client.parameters.get('TimeZone')).toBe('UTC');
  expect(client.parameters.get('application_name')).toBe('');
  await client.query("BEGIN; SET TimeZone = 'Asia/Tokyo'; SET LOCAL application_name = 'local'; COMMIT");
  expect(client.parameters.get('TimeZone')).toBe('Asia/Tokyo');
  expect(client.parameters.get('application_name')).toBe('');
});

test('savepoints recover a transaction, and take back what was written after them', async () => {
  const client = await open();
  await client.query('BEGIN; SAVEPOINT a');
  expect((await client.query('SELECT 1/0')).at(-1)).toBe('ReadyForQuery E');
  expect(await client.query('ROLLBACK TO a')).toEqual(['CommandComplete ROLLBACK', 'ReadyForQuery T']);
  await client.query('INSERT INTO t VALUES (1)');
  executor.log.length = 0;
  await client.query('SAVEPOINT b; INSERT INTO t VALUES (2); ROLLBACK TO b; COMMIT');
  expect(executor.log).toContain('commit 1');
});

test('serializable, to read and to write', async () => {
  const client = await open();
  for (const mode of ['', ' READ ONLY']) {
    const begun = await client.query(`BEGIN ISOLATION LEVEL SERIALIZABLE${mode}`);
    expect(begun[0]).toBe('CommandComplete BEGIN');
    if (mode === '') await client.query('ROLLBACK');
  }
  expect(await client.query('SHOW transaction isolation level')).toContain('DataRow serializable');
});
