/** CREATE TYPE … AS (…): composite types. */
import type { CompositeTypeStmt } from '@pgsql/types';
import { nodeAs, rangeName } from '../../sql/ast/accessors.ts';
import type { QualifiedName } from '../../sql/ast/name.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { bindFields } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { newName } from '../catalog/names.ts';
import type { TypeObject } from '../catalog/objects.ts';
import { showType } from '../catalog/reader.ts';
import type { SessionContext } from '../session/statement.ts';
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
      const target = newTypeName(system, session, parsed, name);
      const object: TypeObject = {
        kind: 'type',
        form: 'composite',
        id: system.catalog.allocateObject(),
        arrayId: system.catalog.allocateObject(),
        ...target,
        dependsOn: [...catalog.resolved],
        statement: parsed.text,
        fields,
      };
      showType(object);
      await commitCatalog(system, [{ kind: 'add', object }]);
      return 'CREATE TYPE';
    }, session),
  );
}

/** Schema and name for a new type. */
export function newTypeName(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  name: QualifiedName,
): { schema: string; name: string } {
  const target = newName(system.catalog, session, parsed, name);
  refuseTaken(system, target);
  return target;
}

/** A type of this name must not be there, nor a relation, which is a type too. */
export function refuseTaken(system: System, { schema, name }: { schema: string; name: string }): void {
  if (system.catalog.type(schema, name)) {
    throw new SqlError({ sqlstate: '42710', message: `type "${name}" already exists` });
  }
  if (system.catalog.find(schema, name)) {
    throw new SqlError({ sqlstate: '42P07', message: `relation "${name}" already exists` });
  }
}
