import type { CopySubscribe } from '../../ast/copy-subscribe.ts';
import { nodeAs } from '../../ast/accessors.ts';
import type { Cursor } from '../cursor.ts';
import { parseFragment } from '../fragment.ts';
import { parseSubscribe } from './subscribe.ts';

/** COPY (SUBSCRIBE …) TO STDOUT, from COPY; undefined when COPY is PostgreSQL's own. */
export function parseCopy(cursor: Cursor): CopySubscribe | undefined {
  if (!cursor.isMark('(', 1)) return undefined;
  if (!cursor.isAt(cursor.at + 2, 'subscribe') && !cursor.isAt(cursor.at + 2, 'tail')) return undefined;
  const open = cursor.at + 1;
  const close = cursor.closing(open);
  const subscribe = parseSubscribe(cursor.slice(open + 1, close));
  // The rest is PostgreSQL's: parsed behind `COPY (SELECT)`, which stands for what was read here.
  const rest = cursor.span(close + 1, cursor.end);
  const statements = parseFragment(cursor.context, rest, [], 'COPY (SELECT) ');
  const copy = nodeAs(statements[0]?.stmt, 'CopyStmt');
  if (copy === undefined || statements.length !== 1) throw cursor.error();
  return { kind: 'copy_subscribe', subscribe, copy };
}
