import type { Identifier, QualifiedName } from '../ast/name.ts';
import type { SqlError } from '../error.ts';
import { errorAt, type ParseContext } from './context.ts';
import type { Span } from './fragment.ts';
import { identifierOf } from './identifier.ts';
import { FUNCTION_NAMES_ONLY, RESERVED } from './keywords.ts';
import type { Token } from './lexer.ts';
import { parseLiteral } from './literal.ts';

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/** A place in the tokens of one statement, and what a recursive-descent parser asks of it. */
export class Cursor {
  readonly context: ParseContext;
  readonly tokens: readonly Token[];
  /** Index of the next token. */
  at: number;
  /** Index behind the last token. */
  readonly end: number;

  constructor(context: ParseContext, tokens: readonly Token[], at = 0, end = tokens.length) {
    this.context = context;
    this.tokens = tokens;
    this.at = at;
    this.end = end;
  }

  /** A cursor of its own over some of the tokens. */
  slice(at: number, end: number): Cursor {
    return new Cursor(this.context, this.tokens, at, end);
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  peek(ahead = 0): Token | undefined {
    const index = this.at + ahead;
    return index < this.end ? this.tokens[index] : undefined;
  }

  /** UTF-16 offset of the next token, or of the end of what there is. */
  get offset(): number {
    return this.offsetAt(this.at);
  }

  /** UTF-16 offset of a token by index, or of the end of what there is. */
  offsetAt(index: number): number {
    const token = index < this.end ? this.tokens[index] : undefined;
    if (token !== undefined) return token.start;
    return this.end > 0 ? this.tokens[this.end - 1]!.end : 0;
  }

  /** UTF-8 byte offset of the next token. */
  get location(): number {
    return this.context.source.byteOfUtf16(this.offset);
  }

  /** The text between two token indices, as a span. */
  span(from: number, to: number): Span {
    if (from >= to) {
      const offset = this.offsetAt(from);
      return { start: offset, end: offset };
    }
    return { start: this.tokens[from]!.start, end: this.tokens[to - 1]!.end };
  }

  /** Whether the next tokens are these unquoted words. */
  is(...words: string[]): boolean {
    return this.isAt(this.at, ...words);
  }

  /** Whether the tokens from an index are these unquoted words. */
  isAt(index: number, ...words: string[]): boolean {
    return words.every((word, i) => {
      const token = index + i < this.end ? this.tokens[index + i] : undefined;
      return token !== undefined && token.kind === 'word' && token.text === word;
    });
  }

  /** Whether the next token is this punctuation or operator. */
  isMark(mark: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return (
      token !== undefined &&
      token.text === mark &&
      (token.kind === 'punctuation' || token.kind === 'operator')
    );
  }

  eat(...words: string[]): boolean {
    if (!this.is(...words)) return false;
    this.at += words.length;
    return true;
  }

  eatMark(mark: string): boolean {
    if (!this.isMark(mark)) return false;
    this.at++;
    return true;
  }

  /** Takes one of some words and says which. */
  eatOneOf<W extends string>(words: readonly W[]): W | undefined {
    const token = this.peek();
    if (token?.kind !== 'word') return undefined;
    const word = words.find((candidate) => candidate === token.text);
    if (word !== undefined) this.at++;
    return word;
  }

  expect(...words: string[]): void {
    for (const word of words) if (!this.eat(word)) throw this.error(word.toUpperCase());
  }

  expectMark(mark: string): void {
    if (!this.eatMark(mark)) throw this.error(`"${mark}"`);
  }

  expectOneOf<W extends string>(words: readonly W[]): W {
    const word = this.eatOneOf(words);
    if (word !== undefined) return word;
    throw this.error(words.map((w) => w.toUpperCase()).join(', '));
  }

  /** A syntax error at the next token. */
  error(expected?: string): SqlError {
    const token = this.peek() ?? (this.end < this.tokens.length ? this.tokens[this.end] : undefined);
    const message =
      token === undefined || token.text === ';'
        ? 'syntax error at end of input'
        : `syntax error at or near "${this.context.source.text.slice(token.start, token.end)}"`;
    return errorAt(
      this.context,
      token?.start ?? this.offset,
      message,
      '42601',
      expected === undefined ? undefined : `Expected ${expected}.`,
    );
  }

  expectEnd(): void {
    if (!this.done) throw this.error();
  }

  /** A name of a relation, column or option: any identifier but the reserved words. */
  identifier(expected = 'a name'): Identifier {
    const token = this.peek();
    if (
      token === undefined ||
      (token.kind !== 'quoted' &&
        (token.kind !== 'word' || RESERVED.has(token.text) || FUNCTION_NAMES_ONLY.has(token.text)))
    ) {
      throw this.error(expected);
    }
    const location = this.location;
    this.at++;
    return { name: identifierOf(token, this.context.source), location };
  }

  /** Any identifier or keyword, as allowed behind a dot. */
  label(expected = 'a name'): Identifier {
    const token = this.peek();
    if (token === undefined || (token.kind !== 'quoted' && token.kind !== 'word')) throw this.error(expected);
    const location = this.location;
    this.at++;
    return { name: identifierOf(token, this.context.source), location };
  }

  qualifiedName(expected?: string): QualifiedName {
    const first = this.identifier(expected);
    const parts = [first.name];
    while (this.isMark('.')) {
      this.at++;
      parts.push(this.label().name);
    }
    return {
      parts,
      location: first.location,
      end: this.context.source.byteOfUtf16(this.tokens[this.at - 1]!.end),
    };
  }

  /** `(name, name, …)`. */
  nameList(): Identifier[] {
    this.expectMark('(');
    const names = [this.identifier()];
    while (this.eatMark(',')) names.push(this.identifier());
    this.expectMark(')');
    return names;
  }

  string(expected = 'a string'): string {
    const token = this.peek();
    if (token?.kind !== 'string') throw this.error(expected);
    const value = parseLiteral(token, this.context.source);
    this.at++;
    return value;
  }

  integer(expected = 'an integer'): number {
    const token = this.peek();
    if (token?.kind !== 'number' || !/^\d+$/.test(token.text)) throw this.error(expected);
    this.at++;
    return Number(token.text);
  }

  ifNotExists(): boolean {
    if (!this.is('if')) return false;
    this.expect('if', 'not', 'exists');
    return true;
  }

  ifExists(): boolean {
    if (!this.is('if', 'exists')) return false;
    this.at += 2;
    return true;
  }

  /** The index of the bracket that closes the one at an index. */
  closing(open: number): number {
    const stack: string[] = [];
    for (let i = open; i < this.end; i++) {
      const token = this.tokens[i]!;
      if (token.kind !== 'punctuation') continue;
      const closing = CLOSING[token.text];
      if (closing !== undefined) stack.push(closing);
      else if (token.text === ')' || token.text === ']') {
        if (stack.pop() !== token.text) {
          throw this.slice(i, this.end).error();
        }
        if (stack.length === 0) return i;
      }
    }
    throw this.slice(this.end, this.end).error('")"');
  }

  /** The first index from here, outside brackets, for which the predicate holds; else the end. */
  find(predicate: (index: number) => boolean, from = this.at): number {
    for (let i = from; i < this.end; i++) {
      const token = this.tokens[i]!;
      if (predicate(i)) return i;
      if (token.kind === 'punctuation' && CLOSING[token.text] !== undefined) i = this.closing(i);
    }
    return this.end;
  }

  /** Token index ranges between commas outside brackets, from here to an index. */
  commaSeparated(to: number): { from: number; to: number }[] {
    const ranges: { from: number; to: number }[] = [];
    const inner = this.slice(this.at, to);
    let from = this.at;
    for (;;) {
      const comma = inner.find(
        (i) => this.tokens[i]!.text === ',' && this.tokens[i]!.kind === 'punctuation',
        from,
      );
      ranges.push({ from, to: comma });
      if (comma >= to) return ranges;
      from = comma + 1;
    }
  }
}
