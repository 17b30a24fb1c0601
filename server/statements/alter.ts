/** ALTER … RENAME TO for every object kind, and what else of ALTER is ours. */
import type { Alter } from '../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { SYSTEM_SCHEMAS } from '../catalog/catalog.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { lookUp, nameIsTaken, positionOf, requireObject } from '../catalog/names.ts';
import { type CatalogObject, kindName } from '../catalog/objects.ts';
import type { System } from '../system.ts';
import { catalogKinds } from './drop.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareAlter(system: System, parsed: ParsedStatement, statement: Alter): Runnable {
  const { action, objectKind } = statement;
  const tag = `ALTER ${objectKind.toUpperCase()}`;
  if (action.kind !== 'rename' && action.kind !== 'pause' && action.kind !== 'resume') {
    const what = action.kind.replaceAll('_', ' ').toUpperCase();
    throw new SqlError({
      sqlstate: '0A000',
      message: `ALTER ${objectKind.toUpperCase()} … ${what} is not supported yet`,
    });
  }
  return command((session) =>
    system.ddl.run(async () => {
      if (objectKind === 'schema' && action.kind === 'rename') {
        return renameSchema(system, parsed, statement, action.to.name);
      }
      if (statement.ifExists && !lookUp(system.catalog, session, parsed, statement.name)) {
        const message = `relation "${statement.name.parts.join('.')}" does not exist, skipping`;
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
        return tag;
      }
      const object = requireObject(system.catalog, session, parsed, statement.name, catalogKinds(objectKind));
      if (action.kind === 'pause' || action.kind === 'resume') {
        if (object.kind !== 'source') {
          throw new SqlError({ sqlstate: '0A000', message: `a ${objectKind} cannot be paused` });
        }
        system.sources.pause(object.id, action.kind === 'pause');
        return tag;
      }
      if ((SYSTEM_SCHEMAS as readonly string[]).includes(object.schema)) {
        throw new SqlError({
          sqlstate: '42501',
          message: `permission denied: "${object.name}" is a system catalog`,
        });
      }
      refuseNamedByOthers(system, object);
      const target = { schema: object.schema, name: action.to.name };
      nameIsTaken(system.catalog, session, target, false);
      await commitCatalog(system, [{ kind: 'replace', object: { ...object, name: action.to.name } }]);
      return tag;
    }),
  );
}

/** Views keep their text: a name in it must go on meaning the same object. */
function refuseNamedByOthers(system: System, object: CatalogObject): void {
  const reader = system.catalog.dependents(object.id).find((dependent) => dependent.kind !== 'index');
  if (!reader) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `cannot rename ${kindName(object.kind)} ${object.name} because ${kindName(reader.kind)} ${reader.name} depends on it`,
    hint: `Drop ${kindName(reader.kind)} ${reader.name} first, and create it again afterwards.`,
  });
}

async function renameSchema(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
  to: string,
): Promise<string> {
  const written = statement.name.parts.join('.');
  const schema = system.catalog.schema(written);
  if (!schema) {
    const position = positionOf(parsed, statement.name.location);
    throw new SqlError({ sqlstate: '3F000', message: `schema "${written}" does not exist`, position });
  }
  if ((SYSTEM_SCHEMAS as readonly string[]).includes(written)) {
    throw new SqlError({ sqlstate: '42501', message: `permission denied: "${written}" is a system schema` });
  }
  if (system.catalog.schema(to))
    throw new SqlError({ sqlstate: '42P06', message: `schema "${to}" already exists` });
  const members = [...system.catalog.objects()].filter((object) => object.schema === written);
  members.forEach((object) => refuseNamedByOthers(system, object));
  await commitCatalog(system, [{ kind: 'renameSchema', id: schema.id, name: to }]);
  return 'ALTER SCHEMA';
}
