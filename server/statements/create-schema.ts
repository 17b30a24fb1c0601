/** CREATE SCHEMA. */
import type { CreateSchemaStmt } from '@pgsql/types';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { requireRoleSpec, roleName } from '../catalog/roles.ts';
import type { System } from '../system.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareCreateSchema(system: System, statement: CreateSchemaStmt): Runnable {
  const { authrole } = statement;
  return command((session) =>
    system.ddl.run(async () => {
      if (authrole !== undefined) requireRoleSpec(session, authrole, false);
      const name = statement.schemaname ?? roleName(session, authrole);
      if (name.startsWith('pg_') || name.startsWith('tw_')) {
        throw new SqlError({
          sqlstate: '42939',
          message: `unacceptable schema name "${name}"`,
          detail: 'The prefixes "pg_" and "tw_" are reserved for system schemas.',
        });
      }
      if (system.catalog.schema(name)) {
        const message = `schema "${name}" already exists`;
        if (!statement.if_not_exists) throw new SqlError({ sqlstate: '42P06', message });
        session.notice({ severity: 'NOTICE', sqlstate: '42P06', message: `${message}, skipping` });
        return 'CREATE SCHEMA';
      }
      const schema = { id: system.catalog.allocateObject(), name };
      await commitCatalog(system, [{ kind: 'addSchema', schema }]);
      return 'CREATE SCHEMA';
    }, session),
  );
}
