/** ALTER SOURCE. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import type { System } from '../../system.ts';
import type { Runnable } from '../prepared.ts';
import { alterObject, unsupportedAction } from './object.ts';
import { rename, setSchema } from './rename.ts';

export function prepareAlterSource(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  switch (action.kind) {
    case 'rename':
      return alterObject(system, parsed, statement, ['source'], (object) =>
        rename(system, object, action.to.name),
      );
    case 'set_schema':
      return alterObject(system, parsed, statement, ['source'], (object) =>
        setSchema(system, object, action.schema.name),
      );
    case 'pause':
    case 'resume':
      return alterObject(system, parsed, statement, ['source'], async (source) => {
        system.sources.pause(source.id, action.kind === 'pause');
      });
    default:
      throw unsupportedAction(statement);
  }
}
