import type { PostgresStatement } from '../../ast/statement.ts';
import type { Cursor } from '../cursor.ts';
import { extractExtensions } from '../extensions.ts';
import { parseFragment } from '../fragment.ts';

/** A statement of PostgreSQL's, with the extensions that may stand in its queries. */
export function parsePostgresStatement(cursor: Cursor): PostgresStatement {
  const cuts = extractExtensions(cursor);
  const statements = parseFragment(cursor.context, cursor.span(cursor.at, cursor.end), cuts);
  const node = statements[0]?.stmt;
  if (node === undefined || statements.length !== 1) throw cursor.error();
  return { kind: 'postgres', node };
}
