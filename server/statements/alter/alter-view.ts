/** ALTER VIEW. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { replaceQuery } from './as-query.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { leaveOutOptions } from './options.ts';
import { renameColumn } from './rename-column.ts';
import { rename, setSchema } from './rename.ts';

export function prepareAlterView(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['view'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['view'], (object) =>
        setSchema(system, object, action.schema.name),
      );
    case 'rename_column':
      return alterObject(system, parsed, statement, ['view'], (object) =>
        renameColumn(system, parsed, object, action.column, action.to.name),
      );
    case 'as_query':
      return alterObject(system, parsed, statement, ['view'], (object, session) =>
        replaceQuery(system, session, parsed, statement, object, action.query),
      );
    case 'set_options':
    case 'reset_options':
      return alterObject(system, parsed, statement, ['view'], leaveOutOptions(parsed, statement));
    default:
      throw unsupportedAction(statement);
  }
}
