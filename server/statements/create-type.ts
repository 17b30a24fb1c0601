/** CREATE TYPE … AS (…): composite types. */
import type { CompositeTypeStmt } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { bindFields } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { newName } from '../catalog/names.ts';
import type { TypeObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareCreateType(
  system: System,
  parsed: ParsedStatement,
  statement: CompositeTypeStmt,
): Runnable {
  const name = rangeName(statement.typevar);
  return command((session) =>
    system.ddl.run(async () => {
      const catalog = system.planning.catalogFor(session);
      const columns = (statement.coldeflist ?? []).map((node) => nodeAs(node, 'ColumnDef')!);
      const fields = bindFields(columns, system.planning.bindEnvironment(session, parsed, { catalog }));
      const target = newName(system.catalog, session, parsed, name);
      if (system.catalog.type(target.schema, target.name)) {
        throw new SqlError({ sqlstate: '42710', message: `type "${target.name}" already exists` });
      }
      // A relation is a type too.
      if (system.catalog.find(target.schema, target.name)) {
        throw new SqlError({ sqlstate: '42P07', message: `relation "${target.name}" already exists` });
      }
      const object: TypeObject = {
        kind: 'type',
        id: system.catalog.allocateObject(),
        arrayId: system.catalog.allocateObject(),
        ...target,
        dependsOn: [...catalog.resolved],
        statement: parsed.text,
        fields,
      };
      await commitCatalog(system, [{ kind: 'add', object }]);
      return 'CREATE TYPE';
    }, session),
  );
}
