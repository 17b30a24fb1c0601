import type { ParsedStatement } from '../ast/statement.ts';
import { SqlError } from '../error.ts';
import { newContext } from './context.ts';
import { Cursor } from './cursor.ts';
import { clauseElsewhere } from './elsewhere.ts';
import { EXTENSION_WORDS } from './extensions.ts';
import { grammarHint, grammarSqlstate, parseGrammar } from './grammar.ts';
import { mayTruncate, truncationNotices } from './identifier.ts';
import { maySayPrecision, precisionNotices } from './precision.ts';
import { tokenize, type Token } from './lexer.ts';
import { SourceText } from './source-text.ts';
import { OWN_FIRST_WORDS, parseStatement } from './statement/statement.ts';

export type { ParsedStatement, Statement } from '../ast/statement.ts';

/** A text in which this finds nothing is PostgreSQL's alone and needs no tokens of ours. */
const OWN = new RegExp(`(^|[;,(\\s])(${OWN_FIRST_WORDS.join('|')}|${EXTENSION_WORDS})\\b`, 'i');

/**
 * Parses a text of any number of statements; an empty one has none. Throws SqlError with the position in this
 * text; when one statement is refused, none is returned, as in PostgreSQL.
 */
export function parse(text: string): ParsedStatement[] {
  const source = new SourceText(text);
  try {
    return OWN.test(text) ? parseWithOwn(source) : parsePlain(source);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw mayNameSecret(text) ? withoutQuote(error) : withHint(error, source);
  }
}

/** Whether a text may have a secret's value in it: then nobody is shown any of it. */
export function mayNameSecret(text: string): boolean {
  return NAMES_SECRET.test(text);
}

const NAMES_SECRET = /\b(create|alter)(\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+secret\b/i;

/** A refusal that quotes nothing of the text; its position says where it is. */
function withoutQuote({ sqlstate, message, position }: SqlError): SqlError {
  return new SqlError({ sqlstate, message: message.replace(/ ?(at or near |)"[\s\S]*$/, ''), position });
}

/** A syntax error says what is written here, where the text has what another database has. */
function withHint(error: SqlError, source: SourceText): SqlError {
  const { sqlstate, message, detail, position } = error;
  const isOpen = error.hint === undefined || error.hint.startsWith('Expected ');
  if (!message.startsWith('syntax error') || position === undefined || !isOpen) return error;
  const hint = clauseElsewhere(source, source.utf16OfCodePoint(position - 1));
  return hint === undefined ? error : new SqlError({ sqlstate, message, detail, hint, position });
}

/** All statements by PostgreSQL's grammar in one call. */
function parsePlain(source: SourceText): ParsedStatement[] {
  const answer = parseGrammar(source);
  if (!Array.isArray(answer)) {
    throw new SqlError({
      sqlstate: grammarSqlstate(answer.message),
      message: answer.message,
      ...grammarHint(source, answer),
      position: source.positionOfByte(answer.byte),
    });
  }
  const tokens = mayTruncate(source) ? tokenize(source) : undefined;
  const saysPrecision = maySayPrecision(source);
  return answer.map((raw) => {
    const from = source.utf16OfByte(raw.stmt_location ?? 0);
    const length = raw.stmt_len ?? 0;
    const to = length === 0 ? source.text.length : source.utf16OfByte((raw.stmt_location ?? 0) + length);
    const span = trim(source.text, from, to);
    return {
      text: source.text.slice(span.start, span.end),
      offset: span.start,
      statement: { kind: 'postgres', node: raw.stmt! },
      extensions: { at: new Map() },
      notices: [
        ...(tokens === undefined
          ? []
          : truncationNotices(
              tokens.filter((token) => token.start >= span.start && token.end <= span.end),
              source,
            )),
        ...(saysPrecision ? precisionNotices(raw.stmt!, source) : []),
      ],
      source,
    };
  });
}

/** White space and comments around a statement are not part of it. */
function trim(text: string, from: number, to: number): { start: number; end: number } {
  const leading = /^(?:\s+|--[^\n\r]*|\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\/)*/.exec(text.slice(from, to))![0]
    .length;
  let end = to;
  while (end > from + leading && /[\s;]/.test(text[end - 1]!)) end--;
  return { start: from + leading, end };
}

function parseWithOwn(source: SourceText): ParsedStatement[] {
  const tokens = tokenize(source);
  const truncate = mayTruncate(source);
  const saysPrecision = maySayPrecision(source);
  return splitStatements(tokens).map(({ from, to }) => {
    const context = newContext(source);
    const cursor = new Cursor(context, tokens, from, to);
    const statement = parseStatement(cursor);
    if (truncate) context.notices.push(...truncationNotices(tokens.slice(from, to), source));
    if (saysPrecision && statement.kind === 'postgres') {
      context.notices.push(...precisionNotices(statement.node, source));
    }
    const { start, end } = cursor.span(from, to);
    return {
      text: source.text.slice(start, end),
      offset: start,
      statement,
      extensions: context.extensions,
      notices: context.notices,
      source,
    };
  });
}

/** Token ranges between semicolons that are outside brackets and outside BEGIN ATOMIC … END. */
function splitStatements(tokens: readonly Token[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  let from = 0;
  let brackets = 0;
  let blocks = 0;
  const push = (to: number): void => {
    if (to > from) ranges.push({ from, to });
    from = to + 1;
    brackets = 0;
    blocks = 0;
  };
  tokens.forEach((token, i) => {
    if (token.kind === 'punctuation') {
      if (token.text === '(' || token.text === '[') brackets++;
      else if ((token.text === ')' || token.text === ']') && brackets > 0) brackets--;
      else if (token.text === ';' && brackets === 0 && blocks === 0) push(i);
    } else if (token.kind === 'word') {
      if (token.text === 'atomic' && i > from && tokens[i - 1]!.text === 'begin') blocks = 1;
      else if (blocks > 0 && token.text === 'case') blocks++;
      else if (blocks > 0 && token.text === 'end') blocks--;
    }
  });
  push(tokens.length);
  return ranges;
}
