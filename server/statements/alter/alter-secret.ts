/** ALTER SECRET … AS: what uses the secret connects again with the new value. RENAME TO and SET SCHEMA. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import { secretValue } from '../create-secret.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { rename, setSchema } from './rename.ts';

export function prepareAlterSecret(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  if (action.kind === 'rename') {
    return alterObject(system, parsed, statement, ['secret'], (object) =>
      rename(system, object, action.to.name),
    );
  }
  if (action.kind === 'set_schema') {
    return alterObject(system, parsed, statement, ['secret'], (object) =>
      setSchema(system, object, action.schema.name),
    );
  }
  if (action.kind !== 'as_value') throw unsupportedAction(statement);
  return alterObject(system, parsed, statement, ['secret'], async (object, session) => {
    object.value.replace(secretValue(system, session, parsed, action.value));
    const connections = system.catalog.dependents(object.id);
    const users = connections.flatMap(({ id }) => system.catalog.dependents(id).map((user) => user.id));
    await Promise.all([system.sources.reconnect(users), system.sinks.reconnect(users)]);
    await system.status.flush();
  });
}
