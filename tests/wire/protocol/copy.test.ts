/** COPY, in and out. */
import { expect, test } from 'vitest';
import { bind, copyData, execute, message, parse, query, sync } from '../transcript.ts';
import { fakeServer } from '../fake-server.ts';

const { executor, open } = fakeServer();

test('in', async () => {
  const client = await open();
  client.send(query('COPY t FROM STDIN'));
  expect(await client.until('G')).toEqual(['CopyInResponse 2']);
  client.send(copyData('1\ta\n'), copyData('2\tb\n'), message('c'));
  expect(await client.until('Z')).toEqual(['CommandComplete COPY 2', 'ReadyForQuery I']);
});

test('in, with all data sent at once', async () => {
  const client = await open();
  client.send(query('COPY t FROM STDIN'), copyData('1\ta\n'), message('c'));
  expect(await client.until('Z')).toEqual(['CopyInResponse 2', 'CommandComplete COPY 1', 'ReadyForQuery I']);
});

test('in, by the extended protocol, its Sync sent before the data', async () => {
  const client = await open();
  client.send(parse('COPY t FROM STDIN'), bind(), execute(), sync);
  await client.until('G');
  client.send(copyData('1\ta\n'), message('c'), sync);
  expect(await client.until('Z')).toEqual(['CommandComplete COPY 1', 'ReadyForQuery I']);
});

test('in, larger than what a socket holds', async () => {
  const client = await open();
  client.send(query('COPY t FROM STDIN'), copyData(`${'x'.repeat(5 << 20)}\n`), message('c'));
  expect(await client.until('Z')).toContain('CommandComplete COPY 1');
});

test('CopyFail and bad data', async () => {
  const client = await open();
  client.send(query('COPY t FROM STDIN'), message('f', 'gave up'));
  expect((await client.until('Z')).slice(1)).toEqual([
    'ErrorResponse ERROR 57014 COPY from stdin failed: gave up',
    'ReadyForQuery I',
  ]);
  client.send(query('COPY t FROM STDIN'), copyData('bad\n'), copyData('more\n'), message('c'));
  expect((await client.until('Z')).slice(1)).toEqual([
    'ErrorResponse ERROR 22P04 bad COPY data',
    'ReadyForQuery I',
  ]);
  expect(executor.log).toEqual([
    'copy failed: COPY from stdin failed: gave up',
    'copy failed: bad COPY data',
  ]);
  expect((await client.query("SELECT 'x'"))[1]).toBe('DataRow x');
});

test('out', async () => {
  const client = await open();
  expect(await client.query('COPY t TO STDOUT')).toEqual([
    'CopyOutResponse 2',
    'CopyData id\\tname\\n',
    'CopyData 1\\ta\\n',
    'CopyData 2\\tb\\n',
    'CopyDone',
    'CommandComplete COPY 2',
    'ReadyForQuery I',
  ]);
});
