/** ALTER VIEW. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { rename } from './rename.ts';

export function prepareAlterView(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, 'view', (object, session) =>
        rename(system, session, object, action.to.name),
      );
    default:
      throw unsupportedAction(statement);
  }
}
