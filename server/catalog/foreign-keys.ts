/** Foreign keys as the catalog holds them: who refers to whom, and by which arrangement a key is looked up. */
import type { ArrangementId, Layout } from '../../engine/index.ts';
import type { ForeignKey, ReferentialAction } from '../../engine/plan.generated.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import type { System } from '../system.ts';
import type { Catalog } from './catalog.ts';
import { uniqueIndexes } from './constraints.ts';
import { type ForeignKeyConstraint, type IndexObject, type TableObject, isKey } from './objects.ts';

/** A foreign key with the table that it is of. */
export interface Referring {
  readonly table: TableObject;
  readonly foreignKey: ForeignKeyConstraint;
}

/** The foreign keys that refer to a table, its own among them. */
export function referringTo(catalog: Catalog, parent: ObjectId): Referring[] {
  const found = (catalog: Catalog): Referring[] => {
    const referring: Referring[] = [];
    for (const table of catalog.objects()) {
      if (table.kind !== 'table') continue;
      for (const foreignKey of table.foreignKeys) {
        if (foreignKey.parent === parent) referring.push({ table, foreignKey });
      }
    }
    return referring;
  };
  return catalog.ask(`referring to ${parent}`, found, (referring) => referring.map(({ table }) => table));
}

/** A unique key of a table: its columns in its order, and the table arranged by it. */
export interface ParentKey {
  readonly name: string;
  readonly columns: readonly number[];
  readonly arrangement: ArrangementId;
  readonly layout: Layout;
}

/** The unique key of exactly these columns, whatever their order; null if there is none. */
export function parentKey(
  table: TableObject,
  uniques: readonly IndexObject[],
  columns: readonly number[],
): ParentKey | null {
  const same = (others: readonly number[]): boolean =>
    others.length === columns.length && columns.every((column) => others.includes(column));
  const [primary] = table.keys;
  if (primary && same(primary)) {
    const { arrangement, layout } = table;
    return { name: table.primaryKeyName ?? '', columns: primary, arrangement, layout };
  }
  for (const { name, columns: numbers, arrangement, layout } of uniques.filter(isKey)) {
    const own = numbers.map((number) => number - 1);
    if (same(own)) return { name, columns: own, arrangement, layout };
  }
  return null;
}

/** A table's foreign keys as the engine checks them. */
export function engineForeignKeys(
  { catalog, planning }: Pick<System, 'catalog' | 'planning'>,
  table: TableObject,
  indexes: readonly IndexObject[],
): ForeignKey[] {
  const enforced = table.foreignKeys.filter((foreignKey) => foreignKey.enforced);
  return enforced.map((foreignKey): ForeignKey => {
    const parent =
      foreignKey.parent === table.id ? table : (catalog.object(foreignKey.parent) as TableObject);
    const uniques = parent === table ? indexes : uniqueIndexes(catalog, parent.id);
    const key = parentKey(parent, uniques, foreignKey.parentColumns);
    if (!key) throw new Error(`the key that ${foreignKey.name} refers to is gone`);
    const { name, arrangement, layout, columns, parentColumns, onDelete, onDeleteColumns } = foreignKey;
    const { onUpdate, full, deferred } = foreignKey;
    const replace = (
      action: 'cascade' | 'setNull' | 'setDefault',
      changed: readonly number[],
    ): ReferentialAction => ({
      kind: 'replace',
      row: planning.compileReferentialAction(table, parent.columns, {
        action,
        columns: changed,
        parentColumns,
      }),
    });
    const action = (said: ForeignKeyConstraint['onDelete'], changed: readonly number[]): ReferentialAction =>
      said === 'noAction' || said === 'restrict' ? { kind: said } : replace(said, changed);
    return {
      name,
      arrangement,
      layout,
      parent: parent.arrangement,
      parentArrangement: key.arrangement,
      parentLayout: key.layout,
      columns: [...columns],
      parentColumns: [...parentColumns],
      onDelete: onDelete === 'cascade' ? { kind: 'delete' } : action(onDelete, onDeleteColumns ?? columns),
      onUpdate: action(onUpdate, columns),
      full,
      deferred,
    };
  });
}
