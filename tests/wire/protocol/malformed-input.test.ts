/** What is no message ends the connection at most. */
import { expect, test } from 'vitest';
import { int32, message } from '../transcript.ts';
import { fakeServer } from '../fake-server.ts';

const { open } = fakeServer();

test.each([
  ['an unknown message type', Buffer.from('!\0\0\0\x04'), '08P01 invalid frontend message type 33'],
  ['a length below 4', Buffer.from('Q\0\0\0\x03'), '08P01 invalid message length 3'],
  ['an oversized message', Buffer.from('Q\x7f\xff\xff\xff', 'latin1'), 'of type "Q" is too long'],
  ['an oversized Sync', Buffer.from('S\0\x10\0\0', 'latin1'), 'of type "S" is too long'],
  ['a string without end', message('Q', Buffer.from('SELECT 1')), '08P01 invalid string in message'],
  ['bytes left over', message('Q', 'SELECT 1', 'more'), '08P01 invalid message format'],
  [
    'a parameter beyond the message',
    message('B', '', '', 0, 1, int32(100), Buffer.from('abc'), 0),
    'insufficient data left',
  ],
  [
    'a negative parameter length',
    message('B', '', '', 0, 1, int32(-2), 0),
    'invalid length of a parameter value',
  ],
  ['a describe of nothing', message('D', Buffer.from('X'), ''), 'invalid message subtype "X"'],
])('%s ends the connection', async (_, bytes, expected) => {
  const client = await open();
  client.send(bytes);
  const lines = await client.rest();
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('ErrorResponse FATAL 08P01');
  expect(lines[0]).toContain(expected);
});

test('text that is not UTF-8 is refused, the connection lives', async () => {
  const client = await open();
  client.send(message('Q', Buffer.from([0x53, 0xff, 0])));
  expect(await client.until('Z')).toEqual([
    'ErrorResponse ERROR 22021 invalid byte sequence for encoding "UTF8"',
    'ReadyForQuery I',
  ]);
});

test('random bytes never hurt the server', async () => {
  let seed = 42;
  const random = (): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8;
  for (let round = 0; round < 50; round++) {
    const client = await open();
    client.send(Buffer.from(Array.from({ length: 40 }, () => random() & 0xff)));
    client.socket.end();
    await client.rest();
  }
  const client = await open();
  expect((await client.query("SELECT 'alive'"))[1]).toBe('DataRow alive');
});
