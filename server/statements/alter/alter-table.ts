/** ALTER TABLE. As in PostgreSQL, its RENAME and SET SCHEMA take views and indexes too, and RENAME sequences. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { alterOptions } from './options.ts';
import { renameColumn } from './rename-column.ts';
import { indexHasNoSchema, rename, setSchema } from './rename.ts';

const RELATIONS = ['table', 'view', 'materializedView'] as const;
const RELATIONS_AND_INDEXES = [...RELATIONS, 'index'] as const;

export function prepareAlterTable(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, [...RELATIONS_AND_INDEXES, 'sequence'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'rename_column':
      return alterObject(system, parsed, statement, RELATIONS, (object) =>
        renameColumn(system, parsed, object, action.column, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, RELATIONS_AND_INDEXES, async (object) => {
        if (object.kind === 'index') throw indexHasNoSchema(object);
        await setSchema(system, object, action.schema.name);
      });
    case 'set_options':
    case 'reset_options':
      return alterObject(system, parsed, statement, RELATIONS_AND_INDEXES, alterOptions(parsed, statement));
    default:
      throw unsupportedAction(statement);
  }
}
