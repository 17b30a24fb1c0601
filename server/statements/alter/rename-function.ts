/** ALTER FUNCTION … RENAME TO, SET SCHEMA: views that call the function follow. */
import type { AlterObjectSchemaStmt, Node, RenameStmt } from '@pgsql/types';
import { nodeAs } from '../../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { signatureOf } from '../../../sql/types/format.ts';
import { SYSTEM_SCHEMAS } from '../../catalog/catalog.ts';
import type { System } from '../../system.ts';
import { findFunction } from '../drop-function.ts';
import { type Runnable, command } from '../prepared.ts';
import { move } from './rename.ts';

export function prepareRenameFunction(
  system: System,
  parsed: ParsedStatement,
  statement: RenameStmt,
): Runnable {
  return prepareMove(system, parsed, statement.object, ({ schema }) => ({
    schema,
    name: statement.newname ?? '',
  }));
}

export function prepareSetFunctionSchema(
  system: System,
  parsed: ParsedStatement,
  statement: AlterObjectSchemaStmt,
): Runnable {
  return prepareMove(system, parsed, statement.object, ({ schema: before, name }) => {
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
  /** Null: nothing changes. */
  to: (from: Place) => Place | null,
): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const object = findFunction(system, session, parsed, nodeAs(named, 'ObjectWithArgs')!, false)!;
      const target = to(object);
      if (target === null) return 'ALTER FUNCTION';
      const types = object.parameters.map(({ type }) => type);
      const taken = system.catalog
        .functions(target.schema, target.name)
        .some(({ parameters }) => parameters.map(({ type }) => type).join() === types.join());
      if (taken) {
        const message = `function ${signatureOf(target.name, types)} already exists in schema "${target.schema}"`;
        throw new SqlError({ sqlstate: '42723', message });
      }
      await move(system, [{ object, to: target }]);
      return 'ALTER FUNCTION';
    }, session),
  );
}
