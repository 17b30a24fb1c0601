/** The texts of ALTER TABLE's actions, one for each: trees have no ends, and what is kept is kept as it was written. */
import type { CatalogReader } from '../../../../sql/catalog.ts';
import { type Token, tokenize } from '../../../../sql/parse/lexer.ts';
import { withPinnedNames } from '../../../../sql/parse/pinned-names.ts';
import { SourceText } from '../../../../sql/parse/source-text.ts';

/** Splits the statement's actions at the commas between them. `from`: where the table's name begins (UTF-8 bytes). */
export function actionSegments(text: string, from: number): Token[][] {
  const source = new SourceText(text);
  const start = source.utf16OfByte(from);
  const tokens = tokenize(source).filter((token) => token.start >= start);
  // Behind the name: `schema.table`, perhaps with a `*`.
  let at = 1;
  while (tokens[at]?.text === '.') at += 2;
  if (tokens[at]?.text === '*') at += 1;
  const segments: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens.slice(at)) {
    if (token.text === ';') break;
    if (token.text === '(' || token.text === '[') depth++;
    if (token.text === ')' || token.text === ']') depth--;
    if (token.text === ',' && depth === 0) segments.push([]);
    else segments.at(-1)!.push(token);
  }
  return segments;
}

/** The text behind the first of these words that stands outside of brackets; null: there is none. */
export function textBehind(text: string, segment: readonly Token[], word: string): string | null {
  const range = rangeBehind(segment, word);
  return range && text.slice(...range);
}

/** The same, of an expression that is kept once it was bound. */
export function expressionBehind(
  text: string,
  segment: readonly Token[],
  word: string,
  catalog: CatalogReader,
): string {
  const range = rangeBehind(segment, word);
  return range === null ? '' : withPinnedNames(text, ...range, (at) => catalog.meaning(at));
}

function rangeBehind(segment: readonly Token[], word: string): [start: number, end: number] | null {
  let depth = 0;
  const at = segment.findIndex((token) => {
    if (token.text === '(' || token.text === '[') depth++;
    if (token.text === ')' || token.text === ']') depth--;
    return depth === 0 && token.kind === 'word' && token.text === word;
  });
  const first = segment[at + 1];
  if (at < 0 || first === undefined) return null;
  return [first.start, segment.at(-1)!.end];
}
