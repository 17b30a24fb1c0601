/** The part of PL/pgSQL that DO runs: what migrations write to make only what is not there. */
import type { Block, Handler, PlStatement, RaiseLevel } from '../ast/plpgsql.ts';
import { SqlError } from '../error.ts';
import { conditionCodes } from './condition-names.ts';
import { tokenize, type Token } from './lexer.ts';
import { SourceText } from './source-text.ts';

const HINT =
  'DO has blocks with EXCEPTION, IF, RAISE, PERFORM, EXECUTE and statements of SQL, without variables and loops.';

/** First words of statements that need variables, rows or loops. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  ...[
    'declare',
    'for',
    'foreach',
    'while',
    'loop',
    'exit',
    'continue',
    'case',
    'get',
    'open',
    'fetch',
    'move',
  ],
  ...['close', 'assert', 'commit', 'rollback', 'call'],
]);

const LEVELS: ReadonlySet<string> = new Set(['debug', 'log', 'info', 'notice', 'warning', 'exception']);

/** Throws SqlError: 42601 for what is no PL/pgSQL, 0A000 for what of it is not run. */
export function parsePlpgsql(text: string): Block {
  const reader = new Reader(text);
  const block = reader.block();
  reader.accept(';');
  if (reader.token !== undefined) throw reader.syntaxError();
  return block;
}

class Reader {
  readonly #source: SourceText;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#source = new SourceText(text);
    this.#text = text;
    this.#tokens = tokenize(this.#source);
  }

  get token(): Token | undefined {
    return this.#tokens[this.#at];
  }

  accept(word: string): boolean {
    if (this.#word() !== word) return false;
    this.#at++;
    return true;
  }

  expect(word: string): void {
    if (!this.accept(word)) throw this.syntaxError();
  }

  syntaxError(): SqlError {
    const { token } = this;
    const message =
      token === undefined
        ? 'syntax error at end of input'
        : `syntax error at or near "${this.#text.slice(token.start, token.end)}"`;
    const at = token?.start ?? this.#text.length;
    return new SqlError({ sqlstate: '42601', message, position: this.#source.codePointOfUtf16(at) + 1 });
  }

  block(): Block {
    const line = this.#line();
    if (this.#word() === '<<') throw this.#unsupported('a label');
    if (this.#word() === 'declare') throw this.#unsupported('DECLARE');
    this.expect('begin');
    const body = this.#statements(['exception', 'end']);
    const handlers: Handler[] = [];
    if (this.accept('exception')) {
      while (this.accept('when')) handlers.push(this.#handler());
      if (handlers.length === 0) throw this.syntaxError();
    }
    this.expect('end');
    return { kind: 'block', line, body, handlers };
  }

  #handler(): Handler {
    const conditions: (string | null)[] = [];
    do conditions.push(...this.#condition());
    while (this.accept('or'));
    this.expect('then');
    return { conditions, body: this.#statements(['when', 'end']) };
  }

  /** Some names are of several SQLSTATEs. */
  #condition(): readonly (string | null)[] {
    const name = this.#word();
    const where = this.#where();
    this.#at++;
    if (name === 'others') return [null];
    if (name === 'sqlstate') {
      const code = this.#string();
      if (/^[0-9A-Z]{5}$/.test(code)) return [code];
      throw new SqlError({ sqlstate: '42601', message: 'invalid SQLSTATE code', where });
    }
    const codes = conditionCodes.get(name ?? '');
    if (codes) return codes;
    const message = `unrecognized exception condition "${name ?? ''}"`;
    throw new SqlError({ sqlstate: '42704', message, where });
  }

  /** Up to one of the words, which stays. */
  #statements(ends: readonly string[]): PlStatement[] {
    const statements: PlStatement[] = [];
    while (!ends.includes(this.#word() ?? '')) {
      if (this.token === undefined) throw this.syntaxError();
      statements.push(this.#statement());
    }
    return statements;
  }

  #statement(): PlStatement {
    const line = this.#line();
    const word = this.#word() ?? '';
    switch (word) {
      case 'begin':
      case '<<':
      case 'declare': {
        const block = this.block();
        this.expect(';');
        return block;
      }
      case 'if':
        return this.#if(line);
      case 'raise':
        return this.#raise(line);
      case 'null':
      case 'return':
        this.#at++;
        this.expect(';');
        return { kind: word, line };
      case 'perform':
      case 'execute': {
        this.#at++;
        const text = this.#until([';']);
        this.expect(';');
        return { kind: word, line, text };
      }
    }
    const next = this.#tokens[this.#at + 1]?.text;
    if (UNSUPPORTED.has(word)) throw this.#unsupported(word.toUpperCase());
    if (next === ':=' || next === '=') throw this.#unsupported('an assignment');
    const into = word === 'select' && this.#hasInto();
    if (into) throw this.#unsupported('SELECT … INTO');
    const text = this.#until([';']);
    this.expect(';');
    return { kind: 'sql', line, text };
  }

  #if(line: number): PlStatement {
    const branches: { condition: string; body: readonly PlStatement[] }[] = [];
    do {
      this.#at++;
      const condition = this.#until(['then']);
      this.expect('then');
      branches.push({ condition, body: this.#statements(['elsif', 'elseif', 'else', 'end']) });
    } while (['elsif', 'elseif'].includes(this.#word() ?? ''));
    const otherwise = this.accept('else') ? this.#statements(['end']) : [];
    for (const word of ['end', 'if', ';']) this.expect(word);
    return { kind: 'if', line, branches, otherwise };
  }

  #raise(line: number): PlStatement {
    this.expect('raise');
    const word = this.#word() ?? '';
    const level = LEVELS.has(word) ? (word as RaiseLevel) : 'exception';
    if (LEVELS.has(word)) this.#at++;
    if (this.token?.kind !== 'string') throw this.#unsupported('RAISE without a message');
    const pieces = this.#string()
      .split('%%')
      .map((part) => part.split('%'));
    // '%%' is a sign of the text, '%' the place of a value.
    const joined = pieces.reduce((before, [first, ...rest]) => [
      ...before.slice(0, -1),
      `${before.at(-1)!}%${first!}`,
      ...rest,
    ]);
    const expressions: string[] = [];
    while (this.accept(',')) expressions.push(this.#until([',', ';', 'using']));
    if (this.#word() === 'using') throw this.#unsupported('RAISE … USING');
    if (expressions.length !== joined.length - 1) {
      const few = expressions.length < joined.length - 1;
      const message = `too ${few ? 'few' : 'many'} parameters specified for RAISE`;
      throw new SqlError({ sqlstate: '42601', message, where: this.#where() });
    }
    this.expect(';');
    return { kind: 'raise', line, level, pieces: joined, expressions };
  }

  /** The text up to one of the words outside of brackets, which stays. */
  #until(words: readonly string[]): string {
    const first = this.token;
    let depth = 0;
    for (; this.token !== undefined; this.#at++) {
      const text = this.#word() ?? '';
      if (depth === 0 && words.includes(text)) break;
      if (text === '(' || text === '[') depth++;
      if (text === ')' || text === ']') depth--;
    }
    const last = this.#tokens[this.#at - 1];
    if (this.token === undefined || first === undefined || first === this.token || last === undefined)
      throw this.syntaxError();
    return this.#text.slice(first.start, last.end);
  }

  #hasInto(): boolean {
    let depth = 0;
    for (let at = this.#at; at < this.#tokens.length; at++) {
      const { kind, text } = this.#tokens[at]!;
      if (text === ';' && depth === 0) return false;
      if (kind === 'word' && text === 'into' && depth === 0) return true;
      if (text === '(') depth++;
      if (text === ')') depth--;
    }
    return false;
  }

  #string(): string {
    const { token } = this;
    const quoted = token?.kind === 'string' ? /^'((?:[^']|'')*)'$/.exec(token.text)?.[1] : undefined;
    if (quoted === undefined) throw this.syntaxError();
    this.#at++;
    return quoted.replaceAll("''", "'");
  }

  #word(): string | undefined {
    const { token } = this;
    return token?.kind === 'quoted' || token?.kind === 'string' ? undefined : token?.text;
  }

  #line(): number {
    const { start } = this.token ?? { start: this.#text.length };
    return this.#text.slice(0, start).split('\n').length;
  }

  #where(): string {
    return `compilation of PL/pgSQL function "inline_code_block" near line ${this.#line()}`;
  }

  #unsupported(what: string): SqlError {
    return new SqlError({
      sqlstate: '0A000',
      message: `${what} in DO is not supported`,
      hint: HINT,
      where: this.#where(),
    });
  }
}
