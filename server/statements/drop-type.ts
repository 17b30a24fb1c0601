/** DROP TYPE. CASCADE takes views and functions along; a column does not go without its table. */
import type { DropStmt } from '@pgsql/types';
import { nodeAs, typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { elementType, findType } from '../../sql/types/table.ts';
import { positionOf } from '../catalog/names.ts';
import { describeObject } from '../catalog/objects.ts';
import { typeOfObject } from '../catalog/reader.ts';
import type { System } from '../system.ts';
import { dropObjects } from './drop.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareDropType(system: System, parsed: ParsedStatement, statement: DropStmt): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
      const cascade = statement.behavior === 'DROP_CASCADE';
      const ids = (statement.objects ?? []).flatMap((node) => {
        const { names, location } = typeReference(nodeAs(node, 'TypeName')!);
        const name = names[names.length - 1]!;
        const written = names.join('.');
        const schemas = names.length > 1 ? [names[names.length - 2]!] : session.searchPath;
        const found = schemas
          .map((schema) => system.catalog.type(schema, name))
          .find((type) => type !== null);
        if (found) return [found.id];
        if (names.length === 1 && findType(name) !== undefined) {
          const message = `cannot drop type ${name} because it is required by the database system`;
          throw new SqlError({ sqlstate: '2BP01', message });
        }
        const message = `type "${written}" does not exist`;
        if (statement.missing_ok !== true) {
          throw new SqlError({ sqlstate: '42704', message, position: positionOf(parsed, location) });
        }
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${message}, skipping` });
        return [];
      });
      for (const id of ids) refuseColumns(system, id, cascade);
      await dropObjects(system, session, [...new Set(ids)], { cascade });
      return 'DROP TYPE';
    }, session),
  );
}

/** Columns of tables and sources need their type. */
function refuseColumns(system: System, id: number, cascade: boolean): void {
  const object = system.catalog.object(id);
  if (object.kind !== 'type') return;
  const type = describeObject(object);
  const own = typeOfObject(object);
  const readers = [...system.catalog.objects()].flatMap((stored) => {
    if (stored.kind !== 'table' && stored.kind !== 'source') return [];
    const columns = stored.columns.filter(
      (column) => (elementType(column.type.name) ?? column.type.name) === own,
    );
    return columns.map(({ name }) => `column ${name} of ${describeObject(stored)}`);
  });
  if (readers.length === 0) return;
  throw new SqlError(
    cascade
      ? {
          sqlstate: '0A000',
          message: `dropping ${type} together with ${readers[0]} is not supported`,
          hint: 'Drop the column first.',
        }
      : {
          sqlstate: '2BP01',
          message: `cannot drop ${type} because other objects depend on it`,
          detail: readers.map((reader) => `${reader} depends on ${type}`).join('\n'),
          hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
        },
  );
}
