import type { Statement } from '../../ast/statement.ts';
import { errorAt } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseCreateConnection } from './create-connection.ts';
import { parseCreateDefaultIndex } from './create-default-index.ts';
import { parseCreateSecret } from './create-secret.ts';
import { parseCreateSink } from './create-sink.ts';
import { parseCreateSource } from './create-source.ts';
import { parseCreateTable } from './create-table.ts';
import { parseCreateView } from './create-view.ts';

/** CREATE …, from CREATE; undefined when it is PostgreSQL's own. */
export function parseCreate(cursor: Cursor): Statement | undefined {
  cursor.expect('create');
  const orReplace = cursor.eat('or', 'replace');
  const kindAt = cursor.offset;
  if (cursor.eat('materialized', 'view')) return parseCreateView(cursor, orReplace, 'materialized');
  if (cursor.eat('view')) return parseCreateView(cursor, orReplace, 'plain');
  if (cursor.eat('temporary', 'view') || cursor.eat('temp', 'view')) {
    return parseCreateView(cursor, orReplace, 'temporary');
  }
  if (cursor.eat('table')) return orReplace ? undefined : parseCreateTable(cursor);
  const own = cursor.eatOneOf(['source', 'sink', 'connection', 'secret', 'cluster', 'subscription'] as const);
  if (own !== undefined && orReplace) {
    throw errorAt(
      cursor.context,
      kindAt,
      `CREATE OR REPLACE ${own.toUpperCase()} is not supported`,
      '0A000',
      'OR REPLACE is for views; drop the object first.',
    );
  }
  switch (own) {
    case 'source':
      return parseCreateSource(cursor, false);
    case 'sink':
      return parseCreateSink(cursor);
    case 'connection':
      return parseCreateConnection(cursor);
    case 'secret':
      return parseCreateSecret(cursor);
    case 'cluster':
      throw errorAt(
        cursor.context,
        kindAt,
        'CREATE CLUSTER is not supported',
        '0A000',
        'All views share the server’s workers: start it with --workers.',
      );
    case 'subscription':
      throw errorAt(
        cursor.context,
        kindAt,
        'CREATE SUBSCRIPTION is not supported',
        '0A000',
        'SUBSCRIBE streams the changes of a relation or query.',
      );
  }
  if (['temp', 'temporary'].some((word) => cursor.is(word, 'recursive')) || cursor.is('recursive', 'view')) {
    throw errorAt(cursor.context, kindAt, 'CREATE RECURSIVE VIEW is not supported', '0A000');
  }
  if (cursor.eat('default', 'index')) return parseCreateDefaultIndex(cursor);
  return undefined;
}
