/** Columns of tables that go with their type: DROP TYPE … CASCADE. */
import type { ParsedStatement } from '../../../../sql/ast/statement.ts';
import type { ObjectId } from '../../../../sql/catalog.ts';
import { SqlError } from '../../../../sql/error.ts';
import { referringTo } from '../../../catalog/foreign-keys.ts';
import { type CatalogObject, type TableObject, describeObject } from '../../../catalog/objects.ts';
import type { SessionContext } from '../../../session/statement.ts';
import type { System } from '../../../system.ts';
import { columnsOfType } from '../../drop.ts';
import { takeOut } from './actions.ts';
import { carryOut } from './carry-out.ts';
import { TableDraft } from './draft.ts';

/** The columns of these types go, with all that depends on them; not those of `dropped`. Gives what went, as notices say it. */
export async function dropColumnsOfTypes(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  types: readonly CatalogObject[],
  dropped: ReadonlySet<ObjectId>,
): Promise<string[]> {
  const names = new Map<number, Set<string>>();
  for (const type of types) {
    for (const { stored, columns } of columnsOfType(system, type)) {
      if (dropped.has(stored.id)) continue;
      if (stored.kind === 'source') {
        throw new SqlError({
          sqlstate: '0A000',
          message: `dropping ${describeObject(type, system.catalog)} together with column ${columns[0]} of ${describeObject(stored, system.catalog)} is not supported`,
          hint: `Drop ${describeObject(stored, system.catalog)} first.`,
        });
      }
      const known = names.get(stored.id) ?? new Set();
      for (const column of columns) known.add(column);
      names.set(stored.id, known);
    }
  }
  const cascaded: string[] = [];
  const context = { system, session, parsed, cascaded };
  // Tables that refer come before those that they refer to: a foreign key goes with its own column, untold.
  const refers = (table: number): number =>
    names.has(table) && referringTo(system.catalog, table).some(({ table: child }) => names.has(child.id))
      ? 1
      : 0;
  for (const [table, columns] of [...names].toSorted(([a], [b]) => refers(a) - refers(b))) {
    const draft = new TableDraft(system, system.catalog.object(table) as TableObject);
    for (const name of columns) {
      const column = draft.find(name);
      if (!column) continue;
      cascaded.push(`column ${name} of ${describeObject(draft.table, system.catalog)}`);
      takeOut(context, draft, column, true);
    }
    await carryOut(context, draft);
  }
  return cascaded;
}
