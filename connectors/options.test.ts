import { expect, test } from 'vitest';
import type { CreateSource } from '../sql/ast/create-source.ts';
import { SqlError } from '../sql/error.ts';
import { parse } from '../sql/parse/parse.ts';
import { fileSourceOptions } from './file/options.ts';
import { csvFormat, csvOptions, headerNames } from './formats/csv.ts';
import { checkFormat } from './formats/format.ts';
import { milliseconds, parseOptions } from './options.ts';
import { findConnector } from './registry.ts';

function source(text: string): { node: CreateSource; text: ReturnType<typeof parse>[number] } {
  const [statement] = parse(text);
  return { node: statement!.statement as CreateSource, text: statement! };
}

function read(list: string) {
  const { node, text } = source(`CREATE SOURCE s FROM FILE (${list}) FORMAT JSON`);
  return parseOptions(fileSourceOptions, node.options, 'connector FILE', text.source);
}

test('options are typed and have defaults', () => {
  expect(read("PATH '/x', FOLLOW, ON DELETE 'keep', POLL INTERVAL '2 s'")).toEqual({
    path: '/x',
    follow: true,
    on_delete: 'keep',
    poll_interval: 2000,
    compression: 'auto',
  });
  expect(read("path = '/x', follow = off").follow).toBe(false);
});

test.each([
  [
    "PATH '/x', FOLOW",
    'unknown option "folow" of connector FILE',
    'Perhaps you meant the option "follow".',
    39,
  ],
  ["PATH '/x', PATH '/y'", 'option "path" is given more than once', undefined, 39],
  ['FOLLOW', 'connector FILE needs the option "path"', undefined, undefined],
  [
    "PATH '/x', ON DELETE 'retrac'",
    'option "on_delete" needs one of retract, keep (perhaps retract)',
    undefined,
    49,
  ],
  [
    "PATH '/x', POLL INTERVAL 'soon'",
    `option "poll_interval" needs a duration such as '10 s', '500 ms' or '1 min'`,
    undefined,
    53,
  ],
  ["PATH '/x', FOLLOW 'maybe'", 'option "follow" needs true or false', undefined, 46],
])('%s is refused', (list, message, hint, position) => {
  try {
    read(list);
    expect.unreachable('accepted');
  } catch (error) {
    expect(error).toBeInstanceOf(SqlError);
    expect(error).toMatchObject({ message, hint, position });
  }
});

test('durations', () => {
  expect(
    ['10 s', '500ms', '1 min 30 s', '2', '00:01:05', '1.5 hours', '', '1 fortnight'].map(milliseconds),
  ).toEqual([10_000, 500, 90_000, 2000, 65_000, 5_400_000, undefined, undefined]);
});

test('formats are checked', () => {
  const { node } = source("CREATE SOURCE s FROM FILE (PATH '/x') FORMAT CSV (HEADER, DELIMITER '|')");
  expect(checkFormat(node.format!.value, ['json', 'csv'], 'file')).toMatchObject({
    name: 'csv',
    decode: { kind: 'csv', delimiter: '|', header: true, escape: '"' },
  });
  const avro = source("CREATE SOURCE s FROM FILE (PATH '/x') FORMAT AVRO").node.format!.value;
  expect(() => checkFormat(avro, ['json'], 'file')).toThrow(
    'FORMAT AVRO is not supported for connector FILE',
  );
  expect(() => checkFormat(undefined, ['json'], 'file')).toThrow('connector FILE needs a FORMAT');
  expect(() => csvFormat({ ...defaults(), quote: ',' })).toThrow('CSV delimiter and quote must be different');
});

function defaults() {
  return parseOptions(csvOptions, [], 'FORMAT CSV');
}

test('a CSV header names columns', () => {
  expect(headerNames(Buffer.from('\uFEFFid, "na""me",\u00e9\r\n1,2,3\n'), defaults())).toEqual([
    'id',
    'na"me',
    'é',
  ]);
  expect(headerNames(Buffer.from('id,name'), defaults())).toBeNull();
});

test('connectors are found by name', () => {
  expect(findConnector({ name: 'file' }).name).toBe('file');
  expect(findConnector({ name: 'generator', variant: 'nexmark' }).name).toBe('generator nexmark');
  expect(findConnector({ name: 'nexmark' }).name).toBe('generator nexmark');
  expect(() => findConnector({ name: 'mysql' })).toThrow('connector MYSQL is not supported yet');
  expect(() => findConnector({ name: 'fille' })).toThrow('connector "fille" does not exist');
});
