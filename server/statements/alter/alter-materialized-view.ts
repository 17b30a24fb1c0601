/** ALTER MATERIALIZED VIEW. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { replaceQuery } from './as-query.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { refuseOptions } from './options.ts';
import { renameColumn } from './rename-column.ts';
import { rename, setSchema } from './rename.ts';

export function prepareAlterMaterializedView(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['materializedView'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['materializedView'], (object) =>
        setSchema(system, object, action.schema.name),
      );
    case 'rename_column':
      return alterObject(system, parsed, statement, ['materializedView'], (object) =>
        renameColumn(system, parsed, object, action.column, action.to.name),
      );
    case 'as_query':
      return alterObject(system, parsed, statement, ['materializedView'], (object, session) =>
        replaceQuery(system, session, parsed, statement, object, action.query),
      );
    case 'set_options':
    case 'reset_options':
      return alterObject(system, parsed, statement, ['materializedView'], refuseOptions(parsed, statement));
    default:
      throw unsupportedAction(statement);
  }
}
