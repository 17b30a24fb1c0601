/** How a session begins: parameters, encryption, keys, versions. */
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { int32, startup } from '../transcript.ts';
import { fakeServer } from '../fake-server.ts';

const server = fakeServer();
const { open, raw } = server;

test('tells drivers what they need', async () => {
  const client = await open({ application_name: 'test', options: '-c statement_timeout=5s' });
  expect(Object.fromEntries(client.parameters)).toMatchObject({
    server_version: '15.13',
    server_encoding: 'UTF8',
    client_encoding: 'UTF8',
    application_name: 'test',
    DateStyle: 'ISO, MDY',
    IntervalStyle: 'postgres',
    TimeZone: 'UTC',
    integer_datetimes: 'on',
    standard_conforming_strings: 'on',
    is_superuser: 'on',
    session_authorization: 'tidewire',
    in_hot_standby: 'off',
    default_transaction_read_only: 'off',
  });
  expect(client.key!.secret.length).toBe(4);
  expect(await client.query('SHOW statement_timeout')).toContain('DataRow 5s');
});

test('encryption requests are declined, then the session starts', async () => {
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.write(Buffer.concat([int32(8), int32(80877103)])),
    );
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text === 'N') socket.write(Buffer.concat([int32(8), int32(80877104)]));
      else if (text === 'NN') socket.write(startup({ user: 'tidewire' }));
      else if (text.includes('Z\0\0\0\x05I')) {
        socket.destroy();
        resolve(text.slice(0, 3));
      }
    });
  });
  expect(answer).toBe('NNR');
});

test('data behind an encryption request is refused', async () => {
  const client = raw();
  client.send(int32(8), int32(80877103), startup({ user: 'tidewire' }));
  expect(await client.rest()).toEqual([
    'ErrorResponse FATAL 08P01 received unencrypted data after encryption request',
  ]);
});

test.each([
  [{ user: 'someone' }, 'FATAL 28000 role "someone" does not exist'],
  [{ user: 'tidewire', database: 'other' }, 'FATAL 3D000 database "other" does not exist'],
  [{ user: 'tidewire', nonsense: '1' }, 'FATAL 42704 unrecognized configuration parameter "nonsense"'],
  [
    { user: 'tidewire', client_encoding: 'LATIN1' },
    'FATAL 0A000 client encoding "LATIN1" is not supported H=Set client_encoding to UTF8.',
  ],
  [{ user: 'tidewire', replication: 'true' }, 'FATAL 0A000 replication connections are not supported'],
])('%j is refused', async (parameters, expected) => {
  const client = raw();
  client.send(startup(parameters as unknown as Record<string, string>));
  expect(await client.rest()).toEqual([`ErrorResponse ${expected}`]);
});

test('protocol 3.2 has a longer cancel key; a newer minor version is negotiated', async () => {
  const client = raw();
  client.send(startup({ user: 'tidewire' }, 2));
  expect((await client.until('Z'))[0]).toBe('Authentication 0');
  expect(client.key!.secret.length).toBe(32);
  const newer = raw();
  newer.send(startup({ user: 'tidewire', '_pq_.command_tag': '1' }, 9));
  expect((await newer.until('Z'))[0]).toBe('NegotiateProtocolVersion 2 _pq_.command_tag');
});

test('protocol 2 is refused', async () => {
  const client = raw();
  client.send(int32(9), int32(2 << 16), Buffer.from([0]));
  expect(await client.rest()).toEqual([
    'ErrorResponse FATAL 0A000 unsupported frontend protocol 2.0: server supports 3.0 to 3.2',
  ]);
});
