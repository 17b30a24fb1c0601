/** ALTER TYPE … RENAME TO, SET SCHEMA: what names the type follows. */
import { SqlError } from '../../../../sql/error.ts';
import { nameParts } from '../../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import type { AlterObjectSchemaStmt, Node, RenameStmt } from '@pgsql/types';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';
import { SYSTEM_SCHEMAS } from '../../../catalog/catalog.ts';
import { refuseTaken } from '../../create-type.ts';
import { type Runnable, command } from '../../prepared.ts';
import { move } from '../rename.ts';
import { requireType } from './require-type.ts';

export function prepareRenameType(system: System, parsed: ParsedStatement, statement: RenameStmt): Runnable {
  const tag = statement.renameType === 'OBJECT_DOMAIN' ? 'ALTER DOMAIN' : 'ALTER TYPE';
  return prepareMove(system, parsed, statement.object, tag, ({ schema }) => ({
    schema,
    name: statement.newname ?? '',
  }));
}

export function prepareSetTypeSchema(
  system: System,
  parsed: ParsedStatement,
  statement: AlterObjectSchemaStmt,
): Runnable {
  const tag = statement.objectType === 'OBJECT_DOMAIN' ? 'ALTER DOMAIN' : 'ALTER TYPE';
  return prepareMove(system, parsed, statement.object, tag, ({ schema: before, name }) => {
    const schema = statement.newschema ?? '';
    if (!system.catalog.schema(schema)) {
      throw new SqlError({ sqlstate: '3F000', message: `schema "${schema}" does not exist` });
    }
    if ((SYSTEM_SCHEMAS as readonly string[]).includes(schema)) {
      throw new SqlError({ sqlstate: '42501', message: `permission denied for schema ${schema}` });
    }
    return schema === before ? null : { schema, name };
  });
}

interface Place {
  readonly schema: string;
  readonly name: string;
}

function prepareMove(
  system: System,
  parsed: ParsedStatement,
  named: Node | undefined,
  tag: string,
  /** Null: nothing changes. */
  to: (from: Place) => Place | null,
): Runnable {
  return command((session: SessionContext) =>
    system.ddl.run(async () => {
      const list = named && 'List' in named ? (named.List as { items?: Node[] }).items : undefined;
      const object = requireType(system, session, parsed, nameParts(list));
      const target = to(object);
      if (target === null) return tag;
      refuseTaken(system, target);
      await move(system, [{ object, to: target }]);
      return tag;
    }, session),
  );
}
