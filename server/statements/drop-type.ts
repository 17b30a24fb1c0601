/** DROP TYPE, DROP DOMAIN. CASCADE takes columns, views and functions along. */
import type { DropStmt } from '@pgsql/types';
import { nodeAs, typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { findType } from '../../sql/types/table.ts';
import { positionOf } from '../catalog/names.ts';
import { inOneCommit } from '../catalog/staged-ddl.ts';
import { type TypeObject, describeObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { findOwnType } from './alter/type/require-type.ts';
import { dropColumnsOfTypes } from './alter/table/drop-columns.ts';
import { columnsOfType, dropObjects } from './drop.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareDropType(system: System, parsed: ParsedStatement, statement: DropStmt): Runnable {
  return command((session) =>
    inOneCommit(system, session, async (system) => {
      const isDomain = statement.removeType === 'OBJECT_DOMAIN';
      const cascade = statement.behavior === 'DROP_CASCADE';
      const ids = (statement.objects ?? []).flatMap((node) => {
        const { names, location } = typeReference(nodeAs(node, 'TypeName')!);
        const written = names.join('.');
        const found = findOwnType(system, session, names);
        if (found && isDomain && found.form !== 'domain') {
          throw new SqlError({ sqlstate: '42809', message: `"${written}" is not a domain` });
        }
        if (found) return [found.id];
        if (names.length === 1 && findType(written) !== undefined) {
          const message = `cannot drop type ${written} because it is required by the database system`;
          throw new SqlError({ sqlstate: '2BP01', message });
        }
        const message = `type "${written}" does not exist`;
        if (statement.missing_ok !== true) {
          throw new SqlError({ sqlstate: '42704', message, position: positionOf(parsed, location) });
        }
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message: `${message}, skipping` });
        return [];
      });
      const named = [...new Set(ids)];
      if (!cascade) refuseDependents(system, named);
      const cascaded = cascade ? await dropColumns(system, session, parsed, named) : [];
      await dropObjects(system, session, named, { cascade, cascaded });
      return isDomain ? 'DROP DOMAIN' : 'DROP TYPE';
    }),
  );
}

/** CASCADE: the columns of these types, and of those that go with them. */
async function dropColumns(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  ids: readonly ObjectId[],
): Promise<string[]> {
  const types = system.catalog
    .dropOrder(ids, true)
    .filter((object): object is TypeObject => object.kind === 'type');
  const composite = types.find(({ id, form }) => form === 'composite' && !ids.includes(id));
  if (composite) {
    const first = describeObject(system.catalog.object(ids[0]!), system.catalog);
    throw new SqlError({
      sqlstate: '0A000',
      message: `dropping ${first} together with a column of composite ${describeObject(composite, system.catalog)} is not supported`,
      hint: `Drop ${describeObject(composite, system.catalog)} first.`,
    });
  }
  return dropColumnsOfTypes(system, session, parsed, types);
}

/** Columns are told of before other objects that depend on a type. */
function refuseDependents(system: System, ids: readonly ObjectId[]): void {
  const readers = ids.flatMap((id) => {
    const type = system.catalog.object(id) as TypeObject;
    return columnsOfType(system, type).flatMap(({ stored, columns }) =>
      columns.map(
        (name) =>
          `column ${name} of ${describeObject(stored, system.catalog)} depends on ${describeObject(type, system.catalog)}`,
      ),
    );
  });
  try {
    system.catalog.dropOrder(ids, false);
  } catch (error) {
    if (!(error instanceof SqlError) || readers.length === 0) throw error;
    const { sqlstate, message, detail, hint } = error;
    throw new SqlError({ sqlstate, message, detail: [...readers, detail].join('\n'), hint });
  }
}
