import type { ValidateConnection } from '../../ast/validate-connection.ts';
import type { Cursor } from '../cursor.ts';

/** VALIDATE CONNECTION name, from VALIDATE. */
export function parseValidateConnection(cursor: Cursor): ValidateConnection {
  cursor.expect('validate');
  cursor.expect('connection');
  const name = cursor.qualifiedName("the connection's name");
  cursor.expectEnd();
  return { kind: 'validate_connection', name };
}
