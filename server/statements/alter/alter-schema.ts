/** ALTER SCHEMA … RENAME TO. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { SYSTEM_SCHEMAS } from '../../catalog/catalog.ts';
import { positionOf } from '../../catalog/names.ts';
import type { System } from '../../system.ts';
import { type Runnable, command } from '../prepared.ts';
import { unsupportedAction } from './object.ts';
import { renameSchema } from './rename.ts';

export function prepareAlterSchema(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action } = statement;
  if (action.kind !== 'rename') throw unsupportedAction(statement);
  return command((session) =>
    system.ddl.run(async () => {
      await checkedRename(system, parsed, statement, action.to.name);
      return 'ALTER SCHEMA';
    }, session),
  );
}

async function checkedRename(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
  to: string,
): Promise<void> {
  const written = statement.name.parts.join('.');
  const schema = system.catalog.schema(written);
  if (!schema) {
    const position = positionOf(parsed, statement.name.location);
    throw new SqlError({ sqlstate: '3F000', message: `schema "${written}" does not exist`, position });
  }
  if ((SYSTEM_SCHEMAS as readonly string[]).includes(written)) {
    throw new SqlError({ sqlstate: '42501', message: `permission denied: "${written}" is a system schema` });
  }
  if (to.startsWith('pg_') || to.startsWith('tw_')) {
    throw new SqlError({
      sqlstate: '42939',
      message: `unacceptable schema name "${to}"`,
      detail: 'The prefixes "pg_" and "tw_" are reserved for system schemas.',
    });
  }
  if (system.catalog.schema(to))
    throw new SqlError({ sqlstate: '42P06', message: `schema "${to}" already exists` });
  await renameSchema(system, schema, to);
}
