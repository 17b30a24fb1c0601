/** ALTER INDEX. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { alterOptions } from './options.ts';
import { indexHasNoSchema, rename } from './rename.ts';

const RELATIONS = ['table', 'view', 'materializedView'] as const;

export function prepareAlterIndex(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      // As in PostgreSQL, its RENAME takes what ALTER TABLE's does.
      return alterObject(system, parsed, statement, ['index', ...RELATIONS, 'sequence'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['index'], async (index) => {
        throw indexHasNoSchema(index);
      });
    case 'set_options':
    case 'reset_options':
      return alterObject(system, parsed, statement, ['index'], alterOptions(parsed, statement));
    default:
      throw unsupportedAction(statement);
  }
}
