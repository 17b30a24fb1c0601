/** Queries as texts. */
import { expect, test } from 'vitest';
import { SqlError } from '../../../sql/error.ts';
import { N, fakeServer } from '../fake-server.ts';

const { executor, open } = fakeServer();

test('rows, an empty query, several statements', async () => {
  const client = await open();
  expect(await client.query('SELECT n FROM numbers(2)')).toEqual([
    N,
    'DataRow 1',
    'DataRow 2',
    'CommandComplete SELECT 2',
    'ReadyForQuery I',
  ]);
  expect(await client.query(' ; -- nothing')).toEqual(['EmptyQueryResponse', 'ReadyForQuery I']);
  expect(await client.query("SELECT 'a'; SELECT 'b'")).toEqual([
    'RowDescription ?column?:25/-1/-1/text',
    'DataRow a',
    'CommandComplete SELECT 1',
    'RowDescription ?column?:25/-1/-1/text',
    'DataRow b',
    'CommandComplete SELECT 1',
    'ReadyForQuery I',
  ]);
  expect(client.referenceMessages).toContain('emptyQuery');
});

test('several statements are one transaction', async () => {
  const client = await open();
  await client.query('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)');
  expect(executor.log.splice(0)).toEqual(['commit 2']);
  const failed = await client.query('INSERT INTO t VALUES (1); SELECT 1/0; INSERT INTO t VALUES (2)');
  expect(failed.slice(-2)).toEqual([
    'ErrorResponse ERROR 22012 division by zero H=a hint P=9',
    'ReadyForQuery I',
  ]);
  expect(executor.log.splice(0)).toEqual(['rollback 1']);
  await client.query('INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2)');
  expect(executor.log.splice(0)).toEqual(['commit 1', 'commit 1']);
  await client.query('INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)');
  expect(executor.log.splice(0)).toEqual([]);
  expect(await client.query('COMMIT')).toEqual(['CommandComplete COMMIT', 'ReadyForQuery I']);
  expect(executor.log.splice(0)).toEqual(['commit 2']);
});

test('a failed commit is reported instead of the completion', async () => {
  const client = await open();
  executor.commitError = new SqlError({ sqlstate: '40001', message: 'conflict' });
  expect(await client.query('INSERT INTO t VALUES (1)')).toEqual([
    'NoticeResponse NOTICE 00000 inserted',
    'ErrorResponse ERROR 40001 conflict',
    'ReadyForQuery I',
  ]);
});

test('parse errors have a position; a bug costs the statement only', async () => {
  const client = await open();
  expect((await client.query('SELEC 1'))[0]).toBe(
    'ErrorResponse ERROR 42601 syntax error at or near "SELEC" P=1',
  );
  expect((await client.query('SELECT bug'))[0]).toBe('ErrorResponse ERROR XX000 internal error: a bug');
  expect((await client.query("SELECT 'fine'"))[1]).toBe('DataRow fine');
});
