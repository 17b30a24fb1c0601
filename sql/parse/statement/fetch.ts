import { nodeAs } from '../../ast/accessors.ts';
import type { Fetch } from '../../ast/fetch.ts';
import type { Cursor } from '../cursor.ts';
import { parseFragment } from '../fragment.ts';

/** PostgreSQL's FETCH_ALL: LONG_MAX, which the parser's build has as 32 or 64 bits. */
const ALL = 2147483647;

const DIRECTIONS = {
  FETCH_FORWARD: 'forward',
  FETCH_BACKWARD: 'backward',
  FETCH_ABSOLUTE: 'absolute',
  FETCH_RELATIVE: 'relative',
} as const;

/** FETCH | MOVE [direction] cursor [WITH (TIMEOUT = 'interval')], from its first word. */
export function parseFetch(cursor: Cursor): Fetch {
  const withIndex = cursor.find(
    (i) => i > cursor.at && cursor.isAt(i, 'with') && cursor.tokens[i + 1]?.text === '(',
  );
  const statements = parseFragment(cursor.context, cursor.span(cursor.at, withIndex));
  const node = nodeAs(statements[0]?.stmt, 'FetchStmt');
  if (node === undefined) throw cursor.error();
  const howMany = Number(node.howMany ?? 0);
  const fetch: Fetch = {
    kind: 'fetch',
    cursor: node.portalname ?? '',
    direction: DIRECTIONS[(node.direction ?? 'FETCH_FORWARD') as keyof typeof DIRECTIONS] ?? 'forward',
    count: Math.abs(howMany) >= ALL ? 'all' : howMany,
    move: node.ismove ?? false,
  };
  cursor.at = withIndex;
  if (!cursor.done) {
    cursor.expect('with');
    cursor.expectMark('(');
    cursor.expect('timeout');
    cursor.eatMark('=');
    const location = cursor.location;
    if (cursor.is('interval')) cursor.at++;
    fetch.timeout = { value: cursor.string("an interval, such as '1 s'"), location };
    cursor.expectMark(')');
    cursor.expectEnd();
  }
  return fetch;
}
