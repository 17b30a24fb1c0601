/** A precision of more than six digits of a second is reduced, and said to be, as by PostgreSQL. */
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

const server = testServer();

test.each([
  ['SELECT NULL::timestamp(7)', ['TIMESTAMP(7) @14']],
  ["SELECT 'ä', '10:00'::time(8)", ['TIME(8) @22']],
  ["SELECT '2020-01-01'::timestamptz(9)", ['TIMESTAMP(9) WITH TIME ZONE @22']],
  ["SELECT '2020-01-01'::timestamptz(8)", ['TIMESTAMP(8) WITH TIME ZONE @22']],
  ["SELECT '1 day'::interval(7), '1'::interval second(8)", ['INTERVAL(7) @17', 'INTERVAL(8) @35']],
  ['SELECT localtimestamp(7) IS NULL', ['TIMESTAMP(7)']],
  ['SELECT current_timestamp(8) IS NULL', ['TIMESTAMP(8) WITH TIME ZONE']],
  [
    'CREATE TABLE t (a timestamp(7), b time(9))',
    ['TIMESTAMP(7) @19', 'TIME(9) @35', 'TIMESTAMP(7)', 'TIME(9)'],
  ],
  ["SELECT NULL::timestamp(6), 'time(9)', '1'::interval(6)", []],
])('%s', async (text, expected) => {
  const client = await server.connect();
  const heard: string[] = [];
  client.on('notice', ({ severity, code, message, position }) => {
    const what = message?.replace(' precision reduced to maximum allowed, 6', '');
    expect([severity, code]).toEqual(['WARNING', '22023']);
    heard.push(position === undefined ? `${what}` : `${what} @${position}`);
  });
  await client.query(text);
  expect(heard).toEqual(expected);
  await client.end();
});
