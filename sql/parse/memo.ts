/**
 * Trees of texts that come again, as drivers and pools send them. A tree is only read once it is made, but for clauses
 * that binding takes out of it (`Extensions.at`): texts with such clauses are parsed each time.
 */
import type { ParsedStatement } from '../ast/statement.ts';
import { parse } from './parse.ts';

/** A tree takes some fifty times the room of its text. */
const MOST_CHARACTERS = 256 * 1024;
/** Longer texts (bulk inserts) hardly come again. */
const LONGEST = 4096;

const trees = new Map<string, readonly ParsedStatement[]>();
let characters = 0;

/** `parse`, which for a text that was seen lately gives the same statements, object for object. */
export function parseAgain(text: string): readonly ParsedStatement[] {
  const known = trees.get(text);
  if (known) {
    keep(text, known);
    return known;
  }
  const statements = parse(text);
  for (const statement of statements) {
    const first = firstAlike(statement, statements.length > 1);
    if (first !== statement) statement.planned = first;
  }
  if (text.length > LONGEST || statements.some(({ extensions }) => extensions.at.size > 0)) return statements;
  keep(text, statements);
  return statements;
}

/**
 * The statement that came first of those that are the same, in whatever company, but for AS OF, which is their last clause:
 * texts with it hardly come again.
 */
function firstAlike(statement: ParsedStatement, hasCompany: boolean): ParsedStatement {
  const { text, offset, source, extensions, notices } = statement;
  const { asOf, emitOnWindowClose, at } = extensions;
  if (asOf === undefined && !hasCompany) return statement;
  const alike = emitOnWindowClose === undefined && at.size === 0 && notices.length === 0;
  if (!alike || statement.statement.kind !== 'postgres' || text.length > LONGEST) return statement;
  const same = asOf === undefined ? text : text.slice(0, source.utf16OfByte(asOf.location) - offset);
  // No text of a client has these characters.
  const key = `${asOf === undefined ? '\u0000' : '\u0000\u0000'}${same}`;
  const [first] = trees.get(key) ?? [];
  keep(key, [first ?? statement]);
  return first ?? statement;
}

function keep(text: string, statements: readonly ParsedStatement[]): void {
  if (!trees.delete(text)) characters += text.length;
  // What was used last goes last.
  trees.set(text, statements);
  for (const oldest of trees.keys()) {
    if (characters <= MOST_CHARACTERS) break;
    trees.delete(oldest);
    characters -= oldest.length;
  }
}
