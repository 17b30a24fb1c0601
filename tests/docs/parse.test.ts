/** Every statement that the documentation shows is one that the parser takes. */
import { describe, expect, test } from 'vitest';
import { parse } from '../../sql/parse/parse.ts';
import { blocksOf, pages } from './pages.ts';

describe.each(pages())('$path', ({ blocks }) => {
  test.each(
    blocks.filter(({ mode, sqlstate }) => mode !== 'topic' && mode !== 'schema' && sqlstate !== '42601'),
  )('line $line parses', ({ sql }) => {
    expect(parse(sql).length).toBeGreaterThan(0);
  });
});

test('a block knows its line, what is expected of it and the table behind it', () => {
  const text = [
    '# Page',
    '```sql',
    'SELECT 1;',
    '```',
    '',
    '```text',
    ' ?column?',
    '----------',
    '        1',
    '(1 row)',
    '```',
    '```sql error 22012',
    'SELECT 1 / 0;',
    '```',
    'Words.',
    '```text',
    'not a result',
    '```',
  ].join('\n');
  expect(blocksOf(text)).toEqual([
    { sql: 'SELECT 1;\n', line: 3, mode: 'run', sqlstate: '', expected: [['?column?'], ['1']] },
    { sql: 'SELECT 1 / 0;\n', line: 13, mode: 'error', sqlstate: '22012', expected: null },
  ]);
});
