/** Changes of a text at places that its parsed tree knows. */
import { tokenize, type Token } from './lexer.ts';
import { SourceText } from './source-text.ts';

/** Puts `text` in the place of what stands from `start` to `end` (UTF-16); an insertion where they are equal. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text with its tokens, in which edits are found by the places of its tree (UTF-8 bytes). */
export class EditableText {
  readonly source: SourceText;
  readonly tokens: readonly Token[];
  readonly #indexByStart: ReadonlyMap<number, number>;

  constructor(text: string) {
    this.source = new SourceText(text);
    this.tokens = tokenize(this.source);
    this.#indexByStart = new Map(this.tokens.map((token, index) => [token.start, index]));
  }

  /** The index of the token that begins at a byte; undefined when none does. */
  tokenAt(byte: number): number | undefined {
    return this.#indexByStart.get(this.source.utf16OfByte(byte));
  }

  /** The parts of the (qualified) name that begins at a token: their indices. */
  nameAt(first: number): number[] {
    const parts = [first];
    for (let at = first; this.tokens[at + 1]?.text === '.' && isName(this.tokens[at + 2]); at += 2) {
      parts.push(at + 2);
    }
    return parts;
  }

  /** The first token from `from` on for which `test` holds; undefined when there is none. */
  find(test: (token: Token, index: number) => boolean, from = 0): number | undefined {
    for (let index = from; index < this.tokens.length; index++) {
      if (test(this.tokens[index]!, index)) return index;
    }
    return undefined;
  }

  /** Puts `text` in the place of some tokens, the last included. */
  replace(first: number, last: number, text: string): Edit {
    return { start: this.tokens[first]!.start, end: this.tokens[last]!.end, text };
  }

  /** Puts `text` behind a token. */
  insertBehind(index: number, text: string): Edit {
    const { end } = this.tokens[index]!;
    return { start: end, end, text };
  }

  /** The text with the edits made. */
  edited(edits: readonly Edit[]): string {
    let out = '';
    let at = 0;
    for (const edit of inOrder(edits)) {
      out += this.source.text.slice(at, edit.start) + edit.text;
      at = edit.end;
    }
    return out + this.source.text.slice(at);
  }

  /** Where a byte of the text stands after the edits. */
  moved(byte: number, edits: readonly Edit[]): number {
    const offset = this.source.utf16OfByte(byte);
    let shift = 0;
    for (const edit of edits) {
      if (edit.end > offset) continue;
      shift += Buffer.byteLength(edit.text) - Buffer.byteLength(this.source.text.slice(edit.start, edit.end));
    }
    return byte + shift;
  }
}

function inOrder(edits: readonly Edit[]): Edit[] {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
}

function isName(token: Token | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'quoted';
}
