import { readdirSync, readFileSync } from 'node:fs';
import { loadModule, scanSync } from 'libpg-query';
import { beforeAll, expect, test } from 'vitest';
import { tokenize } from '../../sql/parse/lexer.ts';
import { SourceText } from '../../sql/parse/source-text.ts';

// The package's own scanner is the other side of the comparison; nothing but this test uses it.

const fixtures = new URL('../fixtures/client-traffic/', import.meta.url);

const SOUP = [
  "'a''b'",
  "E'\\'x'",
  "$$q;'$$",
  '$t$ $$ $t$',
  'a',
  '"A""b"',
  'é',
  '😀',
  '1.5e3',
  '1..2',
  '.5',
  '0x1F',
  '1_000',
  '1.',
  '1e',
  '::',
  ':=',
  '=>',
  '->>',
  '#>>',
  '-',
  '--c\n',
  '/* /* x */ */',
  '@>',
  '<=',
  '<>',
  '!=',
  '(',
  ')',
  '[',
  ']',
  ',',
  ';',
  '.',
  '$1',
  "U&'\\0041'",
  'U&"x"',
  "b'01'",
  "x'1f'",
  "n'x'",
  '+-',
  '-@',
  '*',
  '/',
  "'a'\n 'b'",
  '\t',
  '\n',
];

function scan(text: string): string[] | undefined {
  try {
    return scanSync(text)
      .tokens.filter((token) => !token.tokenName.includes('COMMENT'))
      .map((token) => token.text);
  } catch {
    return undefined;
  }
}

function lex(text: string): string[] | undefined {
  try {
    return tokenize(new SourceText(text)).map((token) => text.slice(token.start, token.end));
  } catch {
    return undefined;
  }
}

function check(texts: string[]): void {
  for (const text of texts) {
    const expected = scan(text);
    // The binding refuses control characters in literals and some errors that the parser only finds later.
    if (expected === undefined) continue;
    expect(lex(text), `tokens of ${JSON.stringify(text)}`).toEqual(expected);
  }
}

beforeAll(() => loadModule());

test('agrees with the scanner of PostgreSQL on what clients send', () => {
  const texts = readdirSync(fixtures)
    .filter((file) => file.endsWith('.sql'))
    .flatMap((file) => readFileSync(new URL(file, fixtures), 'utf8').split(/^;$/m))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  expect(texts.length).toBe(248);
  check(texts);
});

test('agrees with the scanner of PostgreSQL on random token soups', () => {
  let seed = 7;
  const random = (): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
  const texts = Array.from({ length: 10_000 }, () => {
    let text = '';
    for (let i = Math.floor(1 + random() * 8); i > 0; i--) {
      text += SOUP[Math.floor(random() * SOUP.length)]! + (random() < 0.6 ? ' ' : '');
    }
    return text;
  });
  check(texts);
});

test.each([
  ["select 'ab", 'unterminated quoted string at or near "\'ab"', 8],
  ['select é, "ab', 'unterminated quoted identifier at or near ""ab"', 11],
  ['select 1 /* x', 'unterminated /* comment at or near "/* x"', 10],
  ['select 12ab', 'trailing junk after numeric literal at or near "12ab"', 8],
  ['select $x$ y', 'unterminated dollar-quoted string at or near "$x$ y"', 8],
  ['select ""', 'zero-length delimited identifier at or near """"', 8],
])('%s is refused at its place', (text, message, position) => {
  expect(() => tokenize(new SourceText(text))).toThrow(
    expect.objectContaining({ sqlstate: '42601', message, position }),
  );
});
