/** VALIDATE CONNECTION: connects as a source would, and says what is wrong. */
import { findConnection } from '../../connectors/registry.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ValidateConnection } from '../../sql/ast/validate-connection.ts';
import { requireObject } from '../catalog/names.ts';
import type { System } from '../system.ts';
import { validateConnection } from './create-connection.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareValidateConnection(
  system: System,
  parsed: ParsedStatement,
  statement: ValidateConnection,
): Runnable {
  return command(async (session) => {
    const object = requireObject(system.catalog, session, parsed, statement.name, ['connection']);
    if (object.kind !== 'connection') throw new Error('only connections were asked for');
    await validateConnection(findConnection(object.connector), object.options);
    return 'VALIDATE CONNECTION';
  });
}
