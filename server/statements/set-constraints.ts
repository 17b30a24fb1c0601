/** SET CONSTRAINTS { ALL | name, … } { DEFERRED | IMMEDIATE }: when the transaction's foreign keys are looked at. */
import type { ConstraintsSetStmt } from '@pgsql/types';
import type { ArrangementId } from '../../engine/index.ts';
import { nodeAs } from '../../sql/ast/accessors.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { type ForeignKeyConstraint, type TableObject, ownConstraints } from '../catalog/objects.ts';
import { schemasOf } from '../catalog/temporary.ts';
import type { OpenTransaction, SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { type Runnable, command } from './prepared.ts';

export function prepareSetConstraints(system: System, statement: ConstraintsSetStmt): Runnable {
  return command(async (session) => {
    const deferred = statement.deferred === true;
    const names = (statement.constraints ?? []).map((node) => nodeAs(node, 'RangeVar')!);
    if (!session.transaction.explicit) {
      const message = 'SET CONSTRAINTS can only be used in transaction blocks';
      session.notice({ severity: 'WARNING', sqlstate: '25P01', message });
      return 'SET CONSTRAINTS';
    }
    const { transaction } = session;
    const all = names.length === 0 ? deferred : transaction.constraintModes.all;
    const each = new Map(names.length === 0 ? [] : transaction.constraintModes.each);
    for (const { schemaname = null, relname = '' } of names) {
      for (const { id } of named(system.catalog, session, schemaname, relname)) each.set(id, deferred);
    }
    transaction.constraintModes = { all, each };
    if (!deferred) {
      const left = deferredForeignKeys(system.catalog, transaction);
      system.engine.checkReferences(transaction.writes, left);
    }
    return 'SET CONSTRAINTS';
  });
}

/** The arrangements of the foreign keys that are left to the transaction's commit; null: of those that were declared so. */
export function deferredForeignKeys(
  catalog: Catalog,
  { constraintModes: { all, each } }: Pick<OpenTransaction, 'constraintModes'>,
): ArrangementId[] | null {
  if (all === null && each.size === 0) return null;
  const left: ArrangementId[] = [];
  for (const { foreignKey } of foreignKeys(catalog)) {
    const { id, deferrable, deferred, arrangement } = foreignKey;
    if (deferrable && (each.get(id) ?? all ?? deferred)) left.push(arrangement);
  }
  return left;
}

interface TableForeignKey {
  readonly table: TableObject;
  readonly foreignKey: ForeignKeyConstraint;
}

function foreignKeys(catalog: Catalog): TableForeignKey[] {
  const found: TableForeignKey[] = [];
  for (const table of catalog.objects()) {
    if (table.kind === 'table') found.push(...table.foreignKeys.map((foreignKey) => ({ table, foreignKey })));
  }
  return found;
}

/** The constraints of a name, in the first schema of the path that has any. */
function named(
  catalog: Catalog,
  session: SessionContext,
  schema: string | null,
  name: string,
): { readonly id: ObjectId }[] {
  const all = foreignKeys(catalog);
  for (const candidate of schemasOf(catalog, session, schema)) {
    const found = all.filter(
      ({ table, foreignKey }) => table.schema === candidate && foreignKey.name === name,
    );
    if (found.length > 0) {
      const deferrable = found.filter(({ foreignKey }) => foreignKey.deferrable);
      if (deferrable.length > 0) return deferrable.map(({ foreignKey }) => foreignKey);
      throw notDeferrable(name);
    }
    if (hasOther(catalog, candidate, name)) throw notDeferrable(name);
  }
  throw new SqlError({ sqlstate: '42704', message: `constraint "${name}" does not exist` });
}

/** Whether there is a constraint of another kind: none of these can be deferred. */
function hasOther(catalog: Catalog, schema: string, name: string): boolean {
  for (const object of catalog.objects()) {
    if (object.schema !== schema) continue;
    if (object.kind === 'index' && object.constraint && object.name === name) return true;
    if (object.kind === 'table' && ownConstraints(object).some((own) => own.name === name)) return true;
    if (object.kind === 'table' && object.primaryKeyName === name) return true;
  }
  return false;
}

function notDeferrable(name: string): SqlError {
  return new SqlError({ sqlstate: '42809', message: `constraint "${name}" is not deferrable` });
}
