import { SqlError } from '../error.ts';
import type { SourceText } from './source-text.ts';

// A transcription of PostgreSQL's scan.l: token boundaries and kinds, nothing more. A differential test holds it
// equal to PostgreSQL's scanner. Values of tokens (escapes, numbers) are PostgreSQL's business, see literal.ts.

export type TokenKind =
  /** An identifier or keyword as written. */
  | 'word'
  /** "…" or U&"…" */
  | 'quoted'
  /** A string constant of any form, with its continuations on later lines. */
  | 'string'
  /** B'…' or X'…' */
  | 'bits'
  | 'number'
  /** $1 */
  | 'parameter'
  | 'operator'
  /** ( ) [ ] , ; : . :: .. := => */
  | 'punctuation';

export interface Token {
  kind: TokenKind;
  /** UTF-16 offsets in the text. */
  start: number;
  end: number;
  /** The token's characters; a word's in lower case. */
  text: string;
}

const QUOTE = 39;
const DOUBLE_QUOTE = 34;
const BACKSLASH = 92;
const DOLLAR = 36;
const UNDERSCORE = 95;
const DOT = 46;
const MINUS = 45;
const SLASH = 47;
const STAR = 42;
const AMPERSAND = 38;

const CLASS_OTHER = 0;
const CLASS_SPACE = 1;
const CLASS_LETTER = 2;
const CLASS_DIGIT = 3;
const CLASS_OPERATOR = 4;
const CLASS_SELF = 5;
const classes = new Uint8Array(128).fill(CLASS_OTHER);
for (const c of ' \t\n\r\f\v') classes[c.charCodeAt(0)] = CLASS_SPACE;
for (const c of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_')
  classes[c.charCodeAt(0)] = CLASS_LETTER;
for (const c of '0123456789') classes[c.charCodeAt(0)] = CLASS_DIGIT;
for (const c of '~!@#^&|`?+-*/%<>=') classes[c.charCodeAt(0)] = CLASS_OPERATOR;
for (const c of ',()[].;:') classes[c.charCodeAt(0)] = CLASS_SELF;

function classOf(unit: number): number {
  return unit < 128 ? classes[unit]! : unit >= 128 ? CLASS_LETTER : CLASS_OTHER;
}
function isIdentifierPart(unit: number): boolean {
  if (unit >= 128) return true;
  const c = classes[unit]!;
  return c === CLASS_LETTER || c === CLASS_DIGIT || unit === DOLLAR;
}
function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}
function isNewline(unit: number): boolean {
  return unit === 10 || unit === 13;
}

/** Lower case as PostgreSQL folds identifiers in UTF-8: ASCII letters only. */
export function foldCase(word: string): string {
  return /[A-Z]/.test(word) ? word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : word;
}

/** All tokens of the text between two UTF-16 offsets; comments and white space are left out. */
export function tokenize(source: SourceText, from = 0, to = source.text.length): Token[] {
  const scanner = new Scanner(source, from, to);
  const tokens: Token[] = [];
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) tokens.push(token);
  return tokens;
}

class Scanner {
  readonly #source: SourceText;
  readonly #text: string;
  readonly #to: number;
  #at: number;

  constructor(source: SourceText, from: number, to: number) {
    this.#source = source;
    this.#text = source.text;
    this.#at = from;
    this.#to = to;
  }

  next(): Token | undefined {
    this.#skipSpace();
    if (this.#at >= this.#to) return undefined;
    const start = this.#at;
    const unit = this.#unit(start);
    switch (classOf(unit)) {
      case CLASS_LETTER:
        return this.#wordOrPrefixed(start, unit);
      case CLASS_DIGIT:
        return this.#token('number', start, this.#number(start));
      case CLASS_OPERATOR:
        return this.#token('operator', start, this.#operator(start));
      case CLASS_SELF:
        return this.#punctuation(start, unit);
    }
    if (unit === QUOTE) return this.#token('string', start, this.#string(start, start, false));
    if (unit === DOUBLE_QUOTE) return this.#token('quoted', start, this.#quoted(start, start));
    if (unit === DOLLAR) return this.#dollar(start);
    // Any other character is a token of its own, which no grammar has.
    return this.#token('punctuation', start, start + 1);
  }

  #unit(offset: number): number {
    return offset < this.#to ? this.#text.charCodeAt(offset) : -1;
  }

  #token(kind: TokenKind, start: number, end: number): Token {
    this.#at = end;
    const text = this.#text.slice(start, end);
    return { kind, start, end, text: kind === 'word' ? foldCase(text) : text };
  }

  #error(message: string, offset: number): SqlError {
    return new SqlError({ sqlstate: '42601', message, position: this.#source.positionOfUtf16(offset) });
  }

  #skipSpace(): void {
    for (;;) {
      const unit = this.#unit(this.#at);
      if (unit >= 0 && unit < 128 && classes[unit] === CLASS_SPACE) {
        this.#at++;
      } else if (unit === MINUS && this.#unit(this.#at + 1) === MINUS) {
        this.#at += 2;
        while (this.#at < this.#to && !isNewline(this.#unit(this.#at))) this.#at++;
      } else if (unit === SLASH && this.#unit(this.#at + 1) === STAR) {
        this.#blockComment();
      } else {
        return;
      }
    }
  }

  #blockComment(): void {
    const start = this.#at;
    let depth = 1;
    this.#at += 2;
    while (depth > 0) {
      const unit = this.#unit(this.#at);
      if (unit < 0) throw this.#error(`unterminated /* comment at or near "${this.#rest(start)}"`, start);
      const following = this.#unit(this.#at + 1);
      if (unit === SLASH && following === STAR) {
        depth++;
        this.#at += 2;
      } else if (unit === STAR && following === SLASH) {
        depth--;
        this.#at += 2;
      } else {
        this.#at++;
      }
    }
  }

  #rest(start: number): string {
    return this.#text.slice(start, this.#to);
  }

  #wordOrPrefixed(start: number, unit: number): Token {
    const following = this.#unit(start + 1);
    if (following === QUOTE) {
      const prefix = unit | 32;
      // e'…' has escapes, b'…' and x'…' are bit strings, n'…' is the keyword nchar before a plain string.
      if (prefix === 101) return this.#token('string', start, this.#string(start, start + 1, true));
      if (prefix === 98 || prefix === 120) return this.#token('bits', start, this.#bits(start, start + 1));
      if (prefix === 110) return this.#token('word', start, start + 1);
    }
    if ((unit | 32) === 117 && following === AMPERSAND) {
      const mark = this.#unit(start + 2);
      if (mark === QUOTE) return this.#token('string', start, this.#string(start, start + 2, false));
      if (mark === DOUBLE_QUOTE) return this.#token('quoted', start, this.#quoted(start, start + 2));
    }
    let end = start + 1;
    while (end < this.#to && isIdentifierPart(this.#unit(end))) end++;
    return this.#token('word', start, end);
  }

  /** The end of a string whose opening quote is at `open`, continuations on later lines included. */
  #string(start: number, open: number, escapes: boolean): number {
    let at = open + 1;
    for (;;) {
      const unit = this.#unit(at);
      if (unit < 0) throw this.#error(`unterminated quoted string at or near "${this.#rest(start)}"`, start);
      if (escapes && unit === BACKSLASH) {
        if (at + 1 >= this.#to) {
          throw this.#error(`unterminated quoted string at or near "${this.#rest(start)}"`, start);
        }
        at += 2;
      } else if (unit !== QUOTE) {
        at++;
      } else if (this.#unit(at + 1) === QUOTE) {
        at += 2;
      } else {
        const continuation = this.#continuation(at + 1);
        if (continuation < 0) return at + 1;
        at = continuation + 1;
      }
    }
  }

  /** The end of a bit string; its digits are checked by the parser. */
  #bits(start: number, open: number): number {
    let at = open + 1;
    for (;;) {
      const unit = this.#unit(at);
      if (unit < 0) {
        const kind = (this.#unit(start) | 32) === 98 ? 'bit' : 'hexadecimal';
        throw this.#error(`unterminated ${kind} string literal at or near "${this.#rest(start)}"`, start);
      }
      if (unit === QUOTE) {
        const continuation = this.#continuation(at + 1);
        if (continuation < 0) return at + 1;
        at = continuation + 1;
      } else {
        at++;
      }
    }
  }

  /**
   * Where a string goes on after its closing quote: another quote behind white space with a line break. (PostgreSQL
   * allows comments there too; libpg-query's copy of the scanner, which decides here, does not.)
   */
  #continuation(from: number): number {
    let at = from;
    let newline = false;
    for (;;) {
      const unit = this.#unit(at);
      if (unit < 0 || unit >= 128 || classes[unit] !== CLASS_SPACE) {
        return unit === QUOTE && newline ? at : -1;
      }
      newline ||= isNewline(unit);
      at++;
    }
  }

  #quoted(start: number, open: number): number {
    let at = open + 1;
    for (;;) {
      const unit = this.#unit(at);
      if (unit < 0)
        throw this.#error(`unterminated quoted identifier at or near "${this.#rest(start)}"`, start);
      if (unit !== DOUBLE_QUOTE) {
        at++;
      } else if (this.#unit(at + 1) === DOUBLE_QUOTE) {
        at += 2;
      } else if (at === open + 1) {
        throw this.#error(
          `zero-length delimited identifier at or near "${this.#text.slice(start, at + 1)}"`,
          start,
        );
      } else {
        return at + 1;
      }
    }
  }

  #dollar(start: number): Token {
    let at = start + 1;
    if (isDigit(this.#unit(at))) {
      while (isDigit(this.#unit(at))) at++;
      // PostgreSQL itself calls a letter behind the digits junk; libpg-query's copy of the scanner does not.
      return this.#token('parameter', start, at);
    }
    while (this.#unit(at) >= 0 && this.#unit(at) !== DOLLAR && isIdentifierPart(this.#unit(at))) at++;
    if (this.#unit(at) !== DOLLAR) return this.#token('punctuation', start, start + 1);
    const delimiter = this.#text.slice(start, at + 1);
    const close = this.#text.indexOf(delimiter, at + 1);
    if (close < 0 || close + delimiter.length > this.#to) {
      throw this.#error(`unterminated dollar-quoted string at or near "${this.#rest(start)}"`, start);
    }
    return this.#token('string', start, close + delimiter.length);
  }

  #identifierEnd(from: number): number {
    let at = from;
    while (at < this.#to && isIdentifierPart(this.#unit(at))) at++;
    return at;
  }

  #punctuation(start: number, unit: number): Token {
    const following = this.#unit(start + 1);
    let end = start + 1;
    if (unit === 58 && (following === 58 || following === 61)) end++;
    if (unit === DOT) {
      if (isDigit(following)) return this.#token('number', start, this.#number(start));
      if (following === DOT) end++;
    }
    return this.#token('punctuation', start, end);
  }

  #operator(start: number): number {
    let end = start;
    while (this.#unit(end) >= 0 && this.#unit(end) < 128 && classes[this.#unit(end)] === CLASS_OPERATOR) {
      const pair = this.#text.slice(end, end + 2);
      if (end > start && (pair === '--' || pair === '/*')) break;
      end++;
    }
    // A multi-character operator may end in + or - only if it has one of these characters, as the standard's
    // own operators have not.
    while (
      end - start > 1 &&
      /[+-]/.test(this.#text[end - 1]!) &&
      !/[~!@#^&|`?%]/.test(this.#text.slice(start, end - 1))
    ) {
      end--;
    }
    return end;
  }

  #number(start: number): number {
    let at = start;
    if (this.#unit(start) === 48) {
      const radix = this.#unit(start + 1) | 32;
      const digits =
        radix === 120 ? /[0-9a-fA-F]/ : radix === 111 ? /[0-7]/ : radix === 98 ? /[01]/ : undefined;
      if (digits !== undefined) {
        let end = start + 2;
        for (;;) {
          if (this.#unit(end) === UNDERSCORE && digits.test(this.#text[end + 1] ?? '')) end += 2;
          else if (end < this.#to && digits.test(this.#text[end]!)) end++;
          else break;
        }
        if (end > start + 2) return this.#noJunk(start, end);
        const base = radix === 120 ? 'hexadecimal' : radix === 111 ? 'octal' : 'binary';
        throw this.#error(
          `invalid ${base} integer at or near "${this.#text.slice(start, start + 2)}"`,
          start,
        );
      }
    }
    at = this.#decimals(at);
    if (this.#unit(at) === DOT && this.#unit(at + 1) !== DOT) at = this.#decimals(at + 1);
    if ((this.#unit(at) | 32) === 101) {
      let exponent = at + 1;
      if (this.#unit(exponent) === 43 || this.#unit(exponent) === MINUS) exponent++;
      if (isDigit(this.#unit(exponent))) at = this.#decimals(exponent);
    }
    return this.#noJunk(start, at);
  }

  #decimals(from: number): number {
    let at = from;
    for (;;) {
      if (isDigit(this.#unit(at))) at++;
      else if (at > from && this.#unit(at) === UNDERSCORE && isDigit(this.#unit(at + 1))) at += 2;
      else return at;
    }
  }

  #noJunk(start: number, end: number): number {
    const following = this.#unit(end);
    if (following >= 128 || (following >= 0 && classes[following] === CLASS_LETTER)) {
      const junk = this.#identifierEnd(end);
      throw this.#error(
        `trailing junk after numeric literal at or near "${this.#text.slice(start, junk)}"`,
        start,
      );
    }
    return end;
  }
}
