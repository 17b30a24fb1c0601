/** ALTER TABLE and foreign keys: those of the table as it will be, and those of others that refer to it. */
import type { Transaction } from '../../../../engine/index.ts';
import type { CatalogColumn, ObjectId } from '../../../../sql/catalog.ts';
import { SqlError } from '../../../../sql/error.ts';
import { quoteIdentifier } from '../../../../sql/functions/quote.ts';
import { type Referring, parentKey, referringTo } from '../../../catalog/foreign-keys.ts';
import {
  type ForeignKeyConstraint,
  type IndexObject,
  type TableObject,
  describeObject,
} from '../../../catalog/objects.ts';
import type { System } from '../../../system.ts';
import { canRefer, referringArrangement } from '../../foreign-keys.ts';
import type { ActionContext } from './actions.ts';
import { tellCascade } from './cascade.ts';
import type { DraftColumn, TableDraft } from './draft.ts';

/** What number a column of the table has now; -1 if it goes. */
export function newNumber(draft: TableDraft, number: number): number {
  return draft.columns.findIndex(({ before }) => before === number);
}

/** A foreign key of the table as it will be. */
export function followed(
  system: System,
  draft: TableDraft,
  table: TableObject,
  before: ForeignKeyConstraint,
  read: readonly DraftColumn[],
): ForeignKeyConstraint {
  const columns = read.map((column) => draft.columns.indexOf(column));
  const own = before.parent === table.id;
  const parentColumns = own ? before.parentColumns.map((n) => newNumber(draft, n)) : before.parentColumns;
  const onDeleteColumns = before.onDeleteColumns?.map((n) => newNumber(draft, n)) ?? null;
  const stays = { ...before, columns, parentColumns, onDeleteColumns };
  if (!draft.rewrites) return stays;
  // In the order of the key that they are looked up by.
  const inOrder = before.layout.key.map(({ expr }) => {
    const at = expr.kind === 'canonical' ? expr.operand : expr;
    if (at.kind !== 'column') throw new Error('what refers is made of columns');
    return newNumber(draft, at.index);
  });
  return { ...stays, ...referringArrangement(system, table, inOrder) };
}

/** Foreign keys whose referenced key goes: with CASCADE they go too, else they are error 2BP01. */
export function lostForeignKeys(
  context: ActionContext,
  draft: TableDraft,
  table: TableObject,
  uniques: readonly IndexObject[],
): ReadonlySet<ObjectId> {
  const { system } = context;
  const lost: (Referring & { readonly because: string })[] = [];
  let dropped: string | null = null;
  for (const referring of referringTo(system.catalog, table.id)) {
    const { table: child, foreignKey } = referring;
    const stays = draft.foreignKeys.some(({ before }) => before?.id === foreignKey.id);
    if (child.id === table.id && !stays) continue;
    const columns = foreignKey.parentColumns.map((number) => newNumber(draft, number));
    const gone = foreignKey.parentColumns.find((_, at) => columns[at]! < 0);
    if (gone === undefined && parentKey(table, uniques, columns)) continue;
    const of = describeObject(draft.table, system.catalog);
    const key = keyName(system, draft.table, foreignKey.parentColumns);
    const column = gone === undefined ? null : `column ${draft.table.columns[gone]!.name} of ${of}`;
    dropped ??= column ?? `constraint ${key} on ${of}`;
    lost.push({ ...referring, because: column ?? `index ${quoteIdentifier(key)}` });
  }
  if (lost.length === 0) return new Set();
  const named = lost.map(({ table: child, foreignKey, because }) => ({
    constraint: `constraint ${foreignKey.name} on ${describeObject(child, system.catalog)}`,
    because,
  }));
  if (!draft.cascades) {
    throw new SqlError({
      sqlstate: '2BP01',
      message: `cannot drop ${dropped} because other objects depend on it`,
      detail: named.map(({ constraint, because }) => `${constraint} depends on ${because}`).join('\n'),
      hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
    });
  }
  tellCascade(
    context,
    named.map(({ constraint }) => constraint),
  );
  return new Set(lost.map(({ foreignKey }) => foreignKey.id));
}

/** The name of the unique key of these columns as the table was. */
function keyName(system: System, table: TableObject, columns: readonly number[]): string {
  const uniques = system.catalog
    .dependents(table.id)
    .filter((object): object is IndexObject => object.kind === 'index' && object.unique);
  return parentKey(table, uniques, columns)?.name ?? '';
}

/** Both sides stay of types that can refer to each other. */
export function refuseOtherTypes(
  system: System,
  draft: TableDraft,
  table: TableObject,
  lost: ReadonlySet<ObjectId>,
): void {
  for (const { table: child, foreignKey } of referringTo(system.catalog, table.id)) {
    if (child.id === table.id || lost.has(foreignKey.id)) continue;
    foreignKey.columns.forEach((own, at) => {
      const key = table.columns[newNumber(draft, foreignKey.parentColumns[at]!)]!;
      refuseOther(foreignKey.name, child.columns[own]!, key);
    });
  }
  for (const { name, columns, parent, parentColumns } of table.foreignKeys) {
    const other = parent === table.id ? table : (system.catalog.object(parent) as TableObject);
    columns.forEach((own, at) => refuseOther(name, table.columns[own]!, other.columns[parentColumns[at]!]!));
  }
}

function refuseOther(name: string, one: CatalogColumn, other: CatalogColumn): void {
  if (canRefer(one.type.name, other.type.name)) return;
  throw new SqlError({
    sqlstate: '0A000',
    message: `foreign key constraint "${name}" between columns of different types is not supported`,
    hint: 'Drop the foreign key first.',
  });
}

/** Other tables that refer to this one: by its columns' numbers now, and without what was lost. */
export function referringTables(
  system: System,
  draft: TableDraft,
  lost: ReadonlySet<ObjectId>,
): TableObject[] {
  const { id } = draft.table;
  const moved = draft.table.columns.some((_, number) => newNumber(draft, number) !== number);
  if (!moved && lost.size === 0) return [];
  const children = new Set(referringTo(system.catalog, id).map(({ table }) => table));
  return [...children]
    .filter((child) => child.id !== id)
    .map((child): TableObject => {
      const foreignKeys = child.foreignKeys
        .filter((foreignKey) => !lost.has(foreignKey.id))
        .map((foreignKey) =>
          foreignKey.parent === id
            ? { ...foreignKey, parentColumns: foreignKey.parentColumns.map((n) => newNumber(draft, n)) }
            : foreignKey,
        );
      return { ...child, foreignKeys };
    });
}

/** The foreign keys of other tables that were lost. */
export function releasedBy(
  system: System,
  draft: TableDraft,
  lost: ReadonlySet<ObjectId>,
): ForeignKeyConstraint[] {
  return referringTo(system.catalog, draft.table.id)
    .filter(({ table, foreignKey }) => table.id !== draft.table.id && lost.has(foreignKey.id))
    .map(({ foreignKey }) => foreignKey);
}

/** Nobody else changes the keys that rows which are looked at refer to. */
export async function lockParents(
  system: System,
  table: TableObject,
  foreignKeys: readonly ForeignKeyConstraint[],
  writes: Transaction,
  effects: { readonly abandoned: (() => void)[]; readonly committed: (() => void)[] },
): Promise<void> {
  const parents = new Set(foreignKeys.map(({ parent }) => parent));
  for (const parent of parents) {
    if (parent === table.id) continue;
    const { arrangement } = system.catalog.object(parent) as TableObject;
    await system.sequencer.lock(arrangement, writes);
    const unlock = (): void => system.sequencer.unlock(arrangement, false);
    effects.abandoned.push(unlock);
    effects.committed.push(unlock);
  }
}

/** Looks at the rows that are there for the foreign keys that come, and for those that are validated. */
export async function verifyForeignKeys(
  main: System,
  made: {
    readonly draft: TableDraft;
    readonly table: TableObject;
    /** What the table's rows are read from. */
    readonly relation: string;
    readonly newKeys: readonly ForeignKeyConstraint[];
    query(sql: string): Promise<readonly (string | null)[] | null>;
  },
): Promise<void> {
  const { draft, table, relation, newKeys, query } = made;
  const looked = table.foreignKeys.filter(({ id, validated }) => {
    const before = draft.table.foreignKeys.find((foreignKey) => foreignKey.id === id);
    return validated && (before?.validated === false || newKeys.some((foreignKey) => foreignKey.id === id));
  });
  for (const { name, columns, parent, parentColumns, full } of looked) {
    const message = `insert or update on table "${table.name}" violates foreign key constraint "${name}"`;
    const about = { schema: table.schema, table: table.name, constraint: name };
    const other = parent === table.id ? table : (main.catalog.object(parent) as TableObject);
    const from =
      other === table ? relation : `${quoteIdentifier(other.schema)}.${quoteIdentifier(other.name)}`;
    const own = columns.map((column) => `c.${quoteIdentifier(table.columns[column]!.name)}`);
    const equal = own.map((column, at) => {
      const key = quoteIdentifier(other.columns[parentColumns[at]!]!.name);
      return `p.${key} = ${column}`;
    });
    const known = own.map((column) => `${column} IS NOT NULL`);
    if (full && own.length > 1) {
      const mixed = `(${known.join(' OR ')}) AND NOT (${known.join(' AND ')})`;
      if ((await query(`SELECT true FROM ${relation} AS c WHERE ${mixed} LIMIT 1`)) !== null) {
        const detail = 'MATCH FULL does not allow mixing of null and nonnull key values.';
        throw new SqlError({ sqlstate: '23503', message, detail, about });
      }
    }
    const row = await query(
      `SELECT ${own.map((column) => `${column}::text`).join(', ')} FROM ${relation} AS c
        WHERE ${known.join(' AND ')}
        AND NOT EXISTS (SELECT FROM ${from} AS p WHERE ${equal.join(' AND ')}) LIMIT 1`,
    );
    if (row === null) continue;
    const names = columns.map((column) => table.columns[column]!.name);
    const detail = `Key (${names.join(', ')})=(${row.join(', ')}) is not present in table "${other.name}".`;
    throw new SqlError({ sqlstate: '23503', message, detail, about });
  }
}
