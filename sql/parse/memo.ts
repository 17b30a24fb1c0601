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
    // What was used last goes last.
    trees.delete(text);
    trees.set(text, known);
    return known;
  }
  const statements = parse(text);
  if (text.length > LONGEST || statements.some(({ extensions }) => extensions.at.size > 0)) return statements;
  trees.set(text, statements);
  characters += text.length;
  for (const oldest of trees.keys()) {
    if (characters <= MOST_CHARACTERS) break;
    trees.delete(oldest);
    characters -= oldest.length;
  }
  return statements;
}
