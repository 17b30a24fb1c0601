import type { Notice } from '../error.ts';
import { foldCase, type Token } from './lexer.ts';
import { parseLiteral } from './literal.ts';
import type { SourceText } from './source-text.ts';

/** PostgreSQL's NAMEDATALEN - 1: bytes of an identifier that count. */
const MAX_BYTES = 63;

/** The first 63 bytes of a name, cut between characters. */
export function truncateIdentifier(name: string): string {
  if (name.length <= MAX_BYTES / 4) return name;
  let bytes = 0;
  let end = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_BYTES) return name.slice(0, end);
    end += character.length;
  }
  return name;
}

/** The name that a word or quoted token gives, folded or unescaped, not yet truncated. */
export function identifierText(token: Token, source: SourceText): string {
  if (token.kind === 'word') return foldCase(token.text);
  if (token.text.startsWith('"')) return token.text.slice(1, -1).replaceAll('""', '"');
  return parseLiteral(token, source);
}

/** The name that a word or quoted token gives. */
export function identifierOf(token: Token, source: SourceText): string {
  return truncateIdentifier(identifierText(token, source));
}

/**
 * Whether a text may hold an identifier longer than 63 bytes. PostgreSQL's parser truncates them silently in
 * this binding; only a text for which this is true is worth tokenizing to find them.
 */
export function mayTruncate(source: SourceText): boolean {
  return source.isAscii
    ? /(?<![\w$])[\w$]{64}|"[^"]{62}/.test(source.text)
    : // A code unit is at most three bytes, and 22 of them are the first that exceed 63.
      /[\w$\u0080-\uffff]{22}|"[^"]{20}/.test(source.text);
}

/** The notices that PostgreSQL gives for identifiers it truncates. */
export function truncationNotices(tokens: readonly Token[], source: SourceText): Notice[] {
  const notices: Notice[] = [];
  for (const token of tokens) {
    if (token.kind !== 'word' && token.kind !== 'quoted') continue;
    if (token.end - token.start < MAX_BYTES / 3) continue;
    const name = identifierText(token, source);
    const kept = truncateIdentifier(name);
    if (kept === name) continue;
    notices.push({
      severity: 'NOTICE',
      sqlstate: '42622',
      message: `identifier "${name}" will be truncated to "${kept}"`,
      position: source.positionOfUtf16(token.start),
    });
  }
  return notices;
}
