import type { CreateView } from '../../ast/create-view.ts';
import type { Option } from '../../ast/options.ts';
import { errorAt } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseQuery } from '../extensions.ts';
import { parseOptions } from '../options.ts';
import { parseInCluster } from './create-source.ts';

/** CREATE [OR REPLACE] [MATERIALIZED] VIEW …, from behind VIEW. */
export function parseCreateView(cursor: Cursor, orReplace: boolean, materialized: boolean): CreateView {
  const ifNotExists = cursor.ifNotExists();
  const name = cursor.qualifiedName("the view's name");
  const columns = cursor.isMark('(') ? cursor.nameList() : undefined;
  parseInCluster(cursor);
  const options: Option[] = cursor.is('with') ? (cursor.at++, parseOptions(cursor)) : [];
  cursor.expect('as');
  const end = queryEnd(cursor);
  const query = parseQuery(cursor.slice(cursor.at, end));
  cursor.at = end;
  if (cursor.is('with') && cursor.isMark('(', 1)) {
    cursor.at++;
    options.push(...parseOptions(cursor));
  } else if (cursor.is('with', 'no', 'data')) {
    throw errorAt(
      cursor.context,
      cursor.offset,
      'CREATE MATERIALIZED VIEW … WITH NO DATA is not supported',
      '0A000',
      'A materialized view is always up to date; WITH (BACKGROUND) returns before its first result is there.',
    );
  } else if (materialized && cursor.eat('with', 'data')) {
    // What is done anyway.
  } else if (cursor.is('with')) {
    throw errorAt(
      cursor.context,
      cursor.offset,
      'CREATE VIEW … WITH CHECK OPTION is not supported',
      '0A000',
      'Views are read-only.',
    );
  }
  cursor.expectEnd();
  return { kind: 'create_view', orReplace, materialized, ifNotExists, name, columns, query, with: options };
}

/** Where the query ends: before WITH that no query can have at its end. */
function queryEnd(cursor: Cursor): number {
  return cursor.find(
    (i) =>
      i > cursor.at &&
      cursor.isAt(i, 'with') &&
      (cursor.tokens[i + 1]?.text === '(' ||
        cursor.isAt(i + 1, 'no', 'data') ||
        cursor.isAt(i + 1, 'data') ||
        cursor.isAt(i + 1, 'check', 'option') ||
        cursor.isAt(i + 1, 'local', 'check', 'option') ||
        cursor.isAt(i + 1, 'cascaded', 'check', 'option')),
  );
}
