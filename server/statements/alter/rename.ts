/** RENAME TO: the same object under another name. */
import { SqlError } from '../../../sql/error.ts';
import { commitCatalog } from '../../catalog/commit.ts';
import { nameIsTaken } from '../../catalog/names.ts';
import { type CatalogObject, kindName } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import type { System } from '../../system.ts';

export async function rename(
  system: System,
  session: SessionContext,
  object: CatalogObject,
  to: string,
): Promise<void> {
  refuseNamedByOthers(system, object);
  nameIsTaken(system.catalog, session, { schema: object.schema, name: to }, false);
  await commitCatalog(system, [{ kind: 'replace', object: { ...object, name: to } }]);
}

/** Views keep their text: a name in it must go on meaning the same object. */
export function refuseNamedByOthers(system: System, object: CatalogObject): void {
  const reader = system.catalog.dependents(object.id).find((dependent) => dependent.kind !== 'index');
  if (!reader) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `cannot rename ${kindName(object.kind)} ${object.name} because ${kindName(reader.kind)} ${reader.name} depends on it`,
    hint: `Drop ${kindName(reader.kind)} ${reader.name} first, and create it again afterwards.`,
  });
}
