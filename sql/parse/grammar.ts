import type { RawStmt } from '@pgsql/types';
import { SqlError } from '../error.ts';
import { tokenize } from './lexer.ts';
import { isGrammarError, parsePostgres, ParserExhausted } from './postgres.ts';
import type { SourceText } from './source-text.ts';

/** Where a refusal by PostgreSQL's grammar lies in the user's text. */
export interface Refusal {
  message: string;
  /** UTF-8 byte in the parsed text, or undefined when the grammar names no place. */
  byte: number | undefined;
}

/** PostgreSQL's grammar over a text, or its refusal. Running out of stack is SQLSTATE 54001. */
export function parseGrammar(parsed: SourceText): RawStmt[] | Refusal {
  if (parsed.text.includes('\0') || (!parsed.isAscii && /\p{Surrogate}/u.test(parsed.text))) {
    throw new SqlError({ sqlstate: '22021', message: 'invalid byte sequence for encoding "UTF8"' });
  }
  try {
    const answer = parsePostgres(parsed.text);
    if (!isGrammarError(answer)) return junkAfterParameter(parsed) ?? answer.stmts ?? [];
    if (answer.message.startsWith('memory exhausted')) throw tooComplex();
    const byte =
      answer.codePoint < 0 ? undefined : parsed.byteOfUtf16(parsed.utf16OfCodePoint(answer.codePoint));
    return { message: answer.message, byte };
  } catch (error) {
    if (error instanceof ParserExhausted) throw tooComplex();
    throw error;
  }
}

/** `$1a`, which the parser's scanner takes for `$1 a` and PostgreSQL's does not take. */
function junkAfterParameter(parsed: SourceText): Refusal | undefined {
  if (!/\$\d+[A-Za-z_\u0080-\uffff]/.test(parsed.text)) return undefined;
  const tokens = tokenize(parsed);
  const index = tokens.findIndex(
    ({ kind, end }, i) =>
      kind === 'parameter' && tokens[i + 1]?.kind === 'word' && tokens[i + 1]?.start === end,
  );
  if (index < 0) return undefined;
  const { start } = tokens[index]!;
  const text = parsed.text.slice(start, tokens[index + 1]!.end);
  return {
    message: `trailing junk after parameter at or near "${text}"`,
    byte: parsed.byteOfUtf16(start),
  };
}

function tooComplex(): SqlError {
  return new SqlError({
    sqlstate: '54001',
    message: 'stack depth limit exceeded',
    hint: 'The statement is nested too deeply: write long chains of operators as lists, arrays or several statements.',
  });
}

/** The hint of PostgreSQL's scanner or grammar at `byte`, which the binding does not give; also whether it is in an E'' string. */
export function grammarHint(
  parsed: SourceText,
  { message, byte }: Refusal,
): { sqlstate?: string; hint?: string } {
  if (message.startsWith('LIMIT #,#'))
    return { sqlstate: '42601', hint: 'Use separate LIMIT and OFFSET clauses.' };
  if (message === 'missing argument') {
    return { hint: 'Use NONE to denote the missing argument of a unary operator.' };
  }
  // Not the character behind UESCAPE, nor a value.
  const concerned =
    message.startsWith('invalid Unicode escape') &&
    !/^invalid Unicode escape (?:character|value)/.test(message);
  if (!concerned || byte === undefined) return {};
  const at = parsed.utf16OfByte(byte);
  const token = tokenize(parsed, 0, parsed.text.length).find(({ start, end }) => start <= at && at < end);
  if (/^u&/i.test(parsed.text.slice(token?.start ?? at)))
    return { hint: 'Unicode escapes must be \\XXXX or \\+XXXXXX.' };
  return { sqlstate: '22025', hint: 'Unicode escapes must be \\uXXXX or \\UXXXXXXXX.' };
}

/** PostgreSQL's SQLSTATE for a message of its scanner or grammar; the parser's binding gives only messages. */
export function grammarSqlstate(message: string): string {
  if (/not (yet )?(supported|implemented)|unsupported|constraints cannot be marked/.test(message))
    return '0A000';
  if (
    /^invalid Unicode escape|^invalid Unicode surrogate|^invalid escape|invalid hexadecimal digit/.test(
      message,
    )
  ) {
    return message.startsWith('invalid Unicode') ? '42601' : '22025';
  }
  if (/^column number must be in range|^precision for type float must be/.test(message)) return '22023';
  if (message.startsWith('unsafe use of')) return '22P06';
  if (message.startsWith('invalid byte sequence')) return '22021';
  if (/identifier too long/.test(message)) return '42622';
  if (message.endsWith('cannot include schema elements')) return '0A000';
  if (/cannot be altered to be|only supported for ON DELETE actions$/.test(message)) return '0A000';
  if (/^frame (?:start|end)/.test(message)) return '42P20';
  if (message.startsWith('unrecognized JSON encoding')) return '22023';
  if (message.startsWith('only string constants are supported in JSON_TABLE')) return '0A000';
  if (/improper qualified name|invalid name/.test(message)) return '42601';
  return '42601';
}
