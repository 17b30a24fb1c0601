import type { CreateView } from '../../ast/create-view.ts';
import type { Option } from '../../ast/options.ts';
import type { Cursor } from '../cursor.ts';
import { parseQuery } from '../extensions.ts';
import { parseOptions } from '../options.ts';
import { parseInCluster } from './create-source.ts';

/** CREATE [OR REPLACE] [MATERIALIZED | TEMPORARY] VIEW …, from behind VIEW. */
export function parseCreateView(
  cursor: Cursor,
  orReplace: boolean,
  kind: 'plain' | 'materialized' | 'temporary',
): CreateView {
  const materialized = kind === 'materialized';
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
  }
  // What a materialized view is without this: filled.
  const withNoData = materialized && cursor.eat('with', 'no', 'data');
  if (materialized && !withNoData) cursor.eat('with', 'data');
  const checkOption = materialized ? undefined : eatCheckOption(cursor);
  cursor.expectEnd();
  return {
    kind: 'create_view',
    orReplace,
    materialized,
    temporary: kind === 'temporary',
    ifNotExists,
    name,
    columns,
    query,
    with: options,
    withNoData,
    checkOption,
  };
}

function eatCheckOption(cursor: Cursor): CreateView['checkOption'] {
  if (cursor.eat('with', 'local', 'check', 'option')) return 'local';
  const cascaded = cursor.eat('with', 'check', 'option') || cursor.eat('with', 'cascaded', 'check', 'option');
  return cascaded ? 'cascaded' : undefined;
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
