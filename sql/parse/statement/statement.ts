import type { Statement } from '../../ast/statement.ts';
import type { Cursor } from '../cursor.ts';
import { parseAlter } from './alter.ts';
import { parseCopy } from './copy-subscribe.ts';
import { parseCreate } from './create.ts';
import { parseDeclareCursor } from './declare-cursor.ts';
import { parseDrop } from './drop.ts';
import { parseExplain } from './explain.ts';
import { parseFetch } from './fetch.ts';
import { parseFlush } from './flush.ts';
import { parsePostgresStatement } from './postgres.ts';
import { parseShow } from './show.ts';
import { parseSubscribe } from './subscribe.ts';
import { parseValidateConnection } from './validate-connection.ts';

/** Parsers by first word. One that returns undefined leaves the statement to PostgreSQL's grammar. */
const BY_FIRST_WORD: Readonly<Record<string, (cursor: Cursor) => Statement | undefined>> = {
  alter: parseAlter,
  copy: parseCopy,
  create: parseCreate,
  declare: parseDeclareCursor,
  drop: parseDrop,
  explain: parseExplain,
  fetch: parseFetch,
  flush: parseFlush,
  move: parseFetch,
  show: parseShow,
  subscribe: parseSubscribe,
  tail: parseSubscribe,
  validate: parseValidateConnection,
};

/** First words of statements that are, or may be, ours. */
export const OWN_FIRST_WORDS: readonly string[] = Object.keys(BY_FIRST_WORD);

/** The statement that fills the cursor. */
export function parseStatement(cursor: Cursor): Statement {
  const first = cursor.peek();
  const own = first?.kind === 'word' ? BY_FIRST_WORD[first.text] : undefined;
  const statement = own?.(cursor.slice(cursor.at, cursor.end));
  return statement ?? parsePostgresStatement(cursor);
}
