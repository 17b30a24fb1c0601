import type { CreateConnection } from '../../ast/create-connection.ts';
import type { Cursor } from '../cursor.ts';
import { parseOptions, parseWith } from '../options.ts';

/** CREATE CONNECTION …, from behind CONNECTION. */
export function parseCreateConnection(cursor: Cursor): CreateConnection {
  const ifNotExists = cursor.ifNotExists();
  const name = cursor.qualifiedName("the connection's name");
  if (cursor.eat('with')) {
    const options = parseOptions(cursor);
    cursor.expectEnd();
    return { kind: 'create_connection', ifNotExists, name, options, with: [] };
  }
  cursor.expect('to');
  const connector = cursor.identifier('a connector');
  // The one name of several words.
  if (connector.name === 'confluent' && cursor.eat('schema', 'registry'))
    connector.name += ' schema registry';
  const options = cursor.isMark('(') ? parseOptions(cursor) : [];
  const withOptions = parseWith(cursor);
  cursor.expectEnd();
  return { kind: 'create_connection', ifNotExists, name, connector, options, with: withOptions };
}
