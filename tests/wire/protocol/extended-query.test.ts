/** Parse, Bind, Describe, Execute and Sync. */
import { expect, test } from 'vitest';
import { bind, close, describe, execute, parse, query, flush, sync } from '../transcript.ts';
import { fakeServer } from '../fake-server.ts';

const { executor, open } = fakeServer();

test('parse, describe, bind, execute, sync in one write', async () => {
  const client = await open();
  client.send(
    parse('SELECT $1', 's', [23]),
    describe('S', 's'),
    bind({ statement: 's', values: [Buffer.from([0, 0, 0, 7])], formats: [1], resultFormats: [1] }),
    describe('P'),
    execute(),
    sync,
  );
  expect(await client.until('Z')).toEqual([
    'ParseComplete',
    'ParameterDescription 23',
    'RowDescription value:23/4/-1/text',
    'BindComplete',
    'RowDescription value:23/4/-1/binary',
    'DataRow x00000007',
    'CommandComplete SELECT 1',
    'ReadyForQuery I',
  ]);
});

test('row limits suspend a portal, which goes on', async () => {
  const client = await open();
  client.send(parse('SELECT n FROM numbers(5)'), bind({ portal: 'p' }), execute('p', 2), execute('p', 2));
  client.send(execute('p', 2), execute('p', 2), sync);
  expect(await client.until('Z')).toEqual([
    'ParseComplete',
    'BindComplete',
    'DataRow 1',
    'DataRow 2',
    'PortalSuspended',
    'DataRow 3',
    'DataRow 4',
    'PortalSuspended',
    'DataRow 5',
    'CommandComplete SELECT 1',
    'CommandComplete SELECT 0',
    'ReadyForQuery I',
  ]);
  client.send(execute('p'), sync);
  expect(await client.until('Z')).toEqual([
    'ErrorResponse ERROR 34000 portal "p" does not exist',
    'ReadyForQuery I',
  ]);
});

test('portals live to the end of an explicit transaction', async () => {
  const client = await open();
  await client.query('BEGIN');
  client.send(parse('SELECT n FROM numbers(3)'), bind({ portal: 'p' }), execute('p', 1), sync);
  await client.until('Z');
  client.send(execute('p', 0), sync);
  expect(await client.until('Z')).toEqual([
    'DataRow 2',
    'DataRow 3',
    'CommandComplete SELECT 2',
    'ReadyForQuery T',
  ]);
});

test('an error skips to Sync and undoes the pipeline', async () => {
  const client = await open();
  client.send(parse('INSERT INTO t VALUES (1)', 'i'), bind({ statement: 'i' }), execute());
  client.send(
    bind({ statement: 'missing' }),
    execute(),
    query("SELECT 'skipped'"),
    parse('SELECT 1/0'),
    sync,
  );
  expect(await client.until('Z')).toEqual([
    'ParseComplete',
    'BindComplete',
    'NoticeResponse NOTICE 00000 inserted',
    'CommandComplete INSERT 0 1',
    'ErrorResponse ERROR 26000 prepared statement "missing" does not exist',
    'ReadyForQuery I',
  ]);
  expect(executor.log).toEqual(['rollback 1']);
});

test('statements before one Sync are one transaction', async () => {
  const client = await open();
  client.send(parse('INSERT INTO t VALUES (1)', 'i'));
  for (let index = 0; index < 3; index++) client.send(bind({ statement: 'i' }), execute());
  client.send(sync);
  await client.until('Z');
  expect(executor.log).toEqual(['commit 3']);
});

test('an Execute whose Sync comes later', async () => {
  const client = await open();
  client.send(parse('SELECT n FROM numbers(1)'), bind(), execute());
  client.send(flush);
  expect((await client.until('C')).at(-1)).toBe('CommandComplete SELECT 1');
  client.send(sync);
  expect(await client.until('Z')).toEqual(['ReadyForQuery I']);
});

test('close, duplicate names, wrong counts, several commands', async () => {
  const client = await open();
  const expectError = async (expected: string, ...messages: Buffer[]): Promise<void> => {
    client.send(...messages, sync);
    expect((await client.until('Z')).find((line) => line.startsWith('ErrorResponse'))).toBe(
      `ErrorResponse ERROR ${expected}`,
    );
  };
  client.send(parse("SELECT 'x'", 's'), sync);
  await client.until('Z');
  await expectError('42P05 prepared statement "s" already exists', parse("SELECT 'x'", 's'));
  await expectError(
    '08P01 bind message supplies 1 parameters, but prepared statement "s" requires 0',
    bind({ statement: 's', values: ['1'] }),
  );
  await expectError(
    '08P01 bind message has 2 result formats but query has 1 columns',
    bind({ statement: 's', resultFormats: [0, 1] }),
  );
  await expectError(
    '42601 cannot insert multiple commands into a prepared statement',
    parse('SELECT 1; SELECT 2'),
  );
  await expectError('42704 type with OID 99999 does not exist', parse('SELECT $1', '', [99999]));
  client.send(close('S', 's'), close('S', 'never'), close('P'), sync);
  expect(await client.until('Z')).toEqual([
    'CloseComplete',
    'CloseComplete',
    'CloseComplete',
    'ReadyForQuery I',
  ]);
  await expectError('26000 prepared statement "s" does not exist', describe('S', 's'));
});

test('an empty statement, a statement without rows', async () => {
  const client = await open();
  client.send(parse(''), bind(), describe('P'), execute(), sync);
  expect(await client.until('Z')).toEqual([
    'ParseComplete',
    'BindComplete',
    'NoData',
    'EmptyQueryResponse',
    'ReadyForQuery I',
  ]);
});

test('65,535 parameters', async () => {
  const client = await open();
  client.send(parse("SELECT 'x'"), bind({ values: Array.from({ length: 65_535 }, () => null) }), sync);
  expect(await client.until('Z')).toEqual([
    'ParseComplete',
    'ErrorResponse ERROR 08P01 bind message supplies 65535 parameters, but prepared statement "" requires 0',
    'ReadyForQuery I',
  ]);
});

test('messages arrive byte by byte', async () => {
  const client = await open();
  const bytes = Buffer.concat([parse('SELECT n FROM numbers(1)'), bind(), execute(), sync]);
  for (const byte of bytes) client.socket.write(Buffer.from([byte]));
  expect((await client.until('Z')).slice(-3)).toEqual([
    'DataRow 1',
    'CommandComplete SELECT 1',
    'ReadyForQuery I',
  ]);
});
