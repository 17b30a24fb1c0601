/** DROP TYPE. CASCADE takes views and functions along; a column does not go without its table. */
import type { DropStmt } from '@pgsql/types';
import { nodeAs, typeReference } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { findType } from '../../sql/types/table.ts';
import { positionOf } from '../catalog/names.ts';
import type { System } from '../system.ts';
import { findOwnType } from './alter/type/require-type.ts';
import { dropObjects } from './drop.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareDropType(system: System, parsed: ParsedStatement, statement: DropStmt): Runnable {
  return command((session) =>
    system.ddl.run(async () => {
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
      await dropObjects(system, session, [...new Set(ids)], { cascade });
      return isDomain ? 'DROP DOMAIN' : 'DROP TYPE';
    }, session),
  );
}
