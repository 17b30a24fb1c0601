/** SET, SHOW and RESET. */
import { expect, test } from 'vitest';
import { fakeServer } from '../fake-server.ts';

const { open } = fakeServer();

test.each([
  ['SET nonsense = 1', '42704 unrecognized configuration parameter "nonsense"'],
  ['SET timezon = 1', '42704 unrecognized configuration parameter "timezon" H=Perhaps you meant "TimeZone".'],
  ['SET server_version = 1', '55P02 parameter "server_version" cannot be changed'],
  ["SET TimeZone = 'Mars/Olympus'", '22023 invalid value for parameter "TimeZone": "Mars/Olympus"'],
  [
    "SET DateStyle = 'iso, sql'",
    '22023 invalid value for parameter "DateStyle": "iso, sql" D=Conflicting "DateStyle" specifications.',
  ],
  [
    'SET standard_conforming_strings = off',
    '0A000 parameter "standard_conforming_strings" cannot be set to "off"',
  ],
  [
    'SET extra_float_digits = 4',
    '22023 4 is outside the valid range for parameter "extra_float_digits" (-15 .. 3)',
  ],
  ["SET statement_timeout = 'soon'", '22023 invalid value for parameter "statement_timeout": "soon"'],
  ['LISTEN x', '0A000 LISTEN is not supported'],
])('%s', async (text, expected) => {
  const client = await open();
  expect((await client.query(text))[0]).toContain(`ErrorResponse ERROR ${expected}`);
});

test('SET, SHOW, RESET', async () => {
  const client = await open();
  await client.query('SET search_path TO "$user", app, "My Schema"');
  expect(await client.query('SHOW search_path')).toEqual([
    'RowDescription search_path:25/-1/-1/text',
    'DataRow "$user", app, "My Schema"',
    'CommandComplete SHOW',
    'ReadyForQuery I',
  ]);
  expect(await client.query('RESET search_path')).toEqual(['CommandComplete RESET', 'ReadyForQuery I']);
  expect(await client.query('SHOW search_path')).toContain('DataRow "$user", public');
  expect((await client.query('SET rw_streaming_parallelism = 4'))[0]).toBe(
    'NoticeResponse NOTICE 00000 parameter "rw_streaming_parallelism" has no effect here',
  );
  await client.query('SET statement_timeout = 90000');
  expect(await client.query('SHOW statement_timeout')).toContain('DataRow 90s');
  expect((await client.query('SHOW ALL'))[0]).toContain('name:25');
  expect((await client.query('DISCARD ALL'))[0]).toBe('CommandComplete DISCARD ALL');
  expect(await client.query('SHOW statement_timeout')).toContain('DataRow 0');
});
