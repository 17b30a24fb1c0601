/** What every ALTER of an object does around its action: finding the object, IF EXISTS, refusing what is not built. */
import type { Alter } from '../../../sql/ast/alter.ts';
import type { ParsedStatement } from '../../../sql/ast/statement.ts';
import { SqlError } from '../../../sql/error.ts';
import { lookUp, refuseSystemCatalog, requireObject } from '../../catalog/names.ts';
import type { CatalogObject, ObjectKind } from '../../catalog/objects.ts';
import type { SessionContext } from '../../session/statement.ts';
import type { System } from '../../system.ts';
import { type Runnable, command } from '../prepared.ts';

/** What PostgreSQL calls a relation where there is none of the name. */
const RELATIONS: readonly ObjectKind[] = ['table', 'view', 'materializedView', 'index', 'sequence'];

/** Finds the object that the statement names and runs `action` on it, as one step of DDL. */
export function alterObject<K extends ObjectKind>(
  system: System,
  parsed: ParsedStatement,
  statement: Alter,
  kinds: readonly K[],
  action: (object: Extract<CatalogObject, { kind: K }>, session: SessionContext) => Promise<void>,
): Runnable {
  const tag = `ALTER ${statement.objectKind.toUpperCase()}`;
  return command((session) =>
    system.ddl.run(async () => {
      if (statement.ifExists && !lookUp(system.catalog, session, parsed, statement.name)) {
        const message = `relation "${statement.name.parts.join('.')}" does not exist, skipping`;
        session.notice({ severity: 'NOTICE', sqlstate: '00000', message });
        return tag;
      }
      const relation = kinds.every((kind) => RELATIONS.includes(kind));
      const object = requireObject(system.catalog, session, parsed, statement.name, kinds, { relation });
      refuseSystemCatalog(object);
      await action(object as Extract<CatalogObject, { kind: K }>, session);
      return tag;
    }, session),
  );
}

/** 0A000 for a form of ALTER that this kind of object does not have. */
export function unsupportedAction({ objectKind, action }: Alter): SqlError {
  const what = action.kind.replaceAll('_', ' ').toUpperCase();
  return new SqlError({
    sqlstate: '0A000',
    message: `ALTER ${objectKind.toUpperCase()} … ${what} is not supported yet`,
    hint: action.kind === 'swap_with' ? 'Rename both in a transaction: ALTER … RENAME TO.' : undefined,
  });
}
