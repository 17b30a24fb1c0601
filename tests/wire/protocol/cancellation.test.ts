/** Subscriptions, and what ends statements, sessions and the server. */
import { expect, test } from 'vitest';
import { SHUTDOWN } from '../../../server/pgwire/endings.ts';
import { SqlError } from '../../../sql/error.ts';
import { TranscriptClient, int32, message, query } from '../transcript.ts';
import { fakeServer, listenerOf } from '../fake-server.ts';

const { executor, open, raw } = fakeServer();

function cancelRequest(client: TranscriptClient): void {
  const canceller = raw();
  canceller.send(int32(16), int32(80877102), int32(client.key!.process), client.key!.secret);
}

test('a subscription runs until it is cancelled', async () => {
  const client = await open();
  client.send(query('SUBSCRIBE live'));
  await client.until('T');
  executor.streams.get('live')!.push(1);
  expect(await client.until('D')).toEqual(['DataRow 1']);
  executor.streams.get('live')!.push(2, 3);
  expect(await client.until('D')).toEqual(['DataRow 2']);
  cancelRequest(client);
  expect((await client.until('Z')).slice(-2)).toEqual([
    'ErrorResponse ERROR 57014 canceling statement due to user request',
    'ReadyForQuery I',
  ]);
  expect(executor.streams.get('live')!.closed).toBe(true);
});

test('a subscription ends by itself or with its error', async () => {
  const client = await open();
  client.send(query('SUBSCRIBE ends'));
  await client.until('T');
  executor.streams.get('ends')!.push(1);
  executor.streams.get('ends')!.end(null);
  expect(await client.until('Z')).toEqual(['DataRow 1', 'CommandComplete SUBSCRIBE 1', 'ReadyForQuery I']);
  client.send(query('COPY (SUBSCRIBE fails) TO STDOUT'));
  await client.until('H');
  executor.streams.get('fails')!.end(new SqlError({ sqlstate: '53400', message: 'subscription cut off' }));
  expect(await client.until('Z')).toEqual([
    'ErrorResponse ERROR 53400 subscription cut off',
    'ReadyForQuery I',
  ]);
});

test('a client that leaves ends its subscription', async () => {
  const client = await open();
  client.send(query('SUBSCRIBE departed'));
  await client.until('T');
  client.send(message('X'));
  await client.rest();
  await expect.poll(() => executor.streams.get('departed')!.closed).toBe(true);
});

test('a long statement is cancelled by request and by timeout', async () => {
  const client = await open();
  client.send(query('SELECT pg_sleep(1000)'));
  setImmediate(() => cancelRequest(client));
  const first = await Promise.race([
    client.until('Z'),
    new Promise<null>((resolve) => setTimeout(resolve, 1000, null)),
  ]);
  if (first === null) cancelRequest(client);
  expect(first ?? (await client.until('Z'))).toEqual([
    'ErrorResponse ERROR 57014 canceling statement due to user request',
    'ReadyForQuery I',
  ]);
  await client.query("SET statement_timeout = '20ms'");
  expect(await client.query('SELECT pg_sleep(1000)')).toEqual([
    'ErrorResponse ERROR 57014 canceling statement due to statement timeout',
    'ReadyForQuery I',
  ]);
});

test('a wrong key cancels nothing', async () => {
  const client = await open();
  client.send(query('SUBSCRIBE safe'));
  await client.until('T');
  const canceller = raw();
  canceller.send(int32(16), int32(80877102), int32(client.key!.process), Buffer.from([1, 2, 3, 4]));
  expect(await canceller.rest()).toEqual([]);
  executor.streams.get('safe')!.push(7);
  expect(await client.until('D')).toEqual(['DataRow 7']);
});

test('idle sessions are ended by their timeouts', async () => {
  const client = await open({ options: '-c idle_in_transaction_session_timeout=20ms' });
  await client.query('BEGIN');
  expect(await client.rest()).toEqual([
    'ErrorResponse FATAL 25P03 terminating connection due to idle-in-transaction timeout',
  ]);
});

test('a stop ends every connection with 57P01, a running one too', async () => {
  const other = listenerOf(executor);
  const otherPort = await other.listen();
  const idle = await TranscriptClient.open(otherPort);
  const busy = await TranscriptClient.open(otherPort);
  busy.send(query('SUBSCRIBE stopped'));
  await busy.until('T');
  await other.stop(SHUTDOWN);
  const expected = ['ErrorResponse FATAL 57P01 terminating connection due to administrator command'];
  expect(await idle.rest()).toEqual(expected);
  expect(await busy.rest()).toEqual(expected);
  expect(executor.streams.get('stopped')!.closed).toBe(true);
});
