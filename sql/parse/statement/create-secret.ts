import type { Node } from '@pgsql/types';
import type { CreateSecret } from '../../ast/create-secret.ts';
import type { Cursor } from '../cursor.ts';
import { parseExpression } from '../fragment.ts';
import { parseWith } from '../options.ts';

/** CREATE SECRET …, from behind SECRET. */
export function parseCreateSecret(cursor: Cursor): CreateSecret {
  const ifNotExists = cursor.ifNotExists();
  const name = cursor.qualifiedName("the secret's name");
  const options = parseWith(cursor);
  cursor.expect('as');
  const value = parseSecretValue(cursor);
  return { kind: 'create_secret', ifNotExists, name, value, with: options };
}

/** A secret's value: the rest of the statement. */
export function parseSecretValue(cursor: Cursor): Node {
  if (cursor.done) throw cursor.error('a value');
  const value = parseExpression(cursor.context, cursor.span(cursor.at, cursor.end));
  cursor.at = cursor.end;
  return value;
}
