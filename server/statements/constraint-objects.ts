/** The catalog's objects of the constraints that a statement declares, with the names that PostgreSQL would give them. */
import type { BoundCheck, BoundColumns, BoundNotNull, BoundUnique } from '../../sql/bind/bind.ts';
import type { CatalogColumn, NotNullConstraint, ObjectId } from '../../sql/catalog.ts';
import { compileKey } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { freeObjectName } from '../../sql/object-name.ts';
import { layoutByKey } from '../../sql/physical/layout.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { CheckConstraint, IndexObject, SequenceObject, TableObject } from '../catalog/objects.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { quoteIdentifier, quoteLiteral } from '../../sql/functions/quote.ts';
import { indexColumnNames } from './names/create-text.ts';
import { sequenceName, sequenceOptions } from './sequence-options.ts';

/** CHECKs with their names: `table_column_check`, or `table_check` where several columns are read. */
export function namedChecks(
  system: System,
  table: string,
  columns: readonly CatalogColumn[],
  checks: readonly BoundCheck[],
  { timeZone, searchPath }: Pick<SessionContext, 'timeZone' | 'searchPath'>,
  taken: readonly string[] = [],
): CheckConstraint[] {
  const names = new Set(taken);
  const explicit = checks.flatMap(({ name }) => name ?? []);
  return checks.map(({ name, text, columns: read, validated, enforced, noInherit }) => {
    const [only] = read;
    const middle = read.length === 1 && only !== undefined ? columns[only]!.name : '';
    const isTaken = (other: string): boolean => names.has(other) || explicit.includes(other);
    const chosen = name ?? freeObjectName(table, middle, 'check', isTaken);
    if (names.has(chosen)) {
      throw new SqlError({ sqlstate: '42710', message: `check constraint "${chosen}" already exists` });
    }
    names.add(chosen);
    const id = system.catalog.allocateObject();
    return { id, name: chosen, text, columns: read, validated, enforced, noInherit, timeZone, searchPath };
  });
}

/** A NOT NULL with its name: `table_column_not_null`. */
export function namedNotNull(
  catalog: Catalog,
  table: string,
  column: string,
  declared: Pick<BoundNotNull, 'name' | 'noInherit'> | undefined,
  isTaken: (name: string) => boolean,
): NotNullConstraint {
  const { name = null, noInherit = false } = declared ?? {};
  if (name !== null && isTaken(name)) {
    const message = `constraint "${name}" for relation "${table}" already exists`;
    throw new SqlError({ sqlstate: '42710', message });
  }
  const chosen = name ?? freeObjectName(table, column, 'not_null', isTaken);
  return { id: catalog.allocateObject(), name: chosen, validated: true, noInherit };
}

/** The columns of a new table with their NOT NULLs; those of keys and sequences, too. */
export function withNotNulls(
  catalog: Catalog,
  table: string,
  columns: readonly CatalogColumn[],
  declared: readonly BoundNotNull[],
  taken: readonly string[],
): CatalogColumn[] {
  const names = new Set(taken);
  return columns.map((column, number) => {
    if (column.type.nullable) return column;
    const own = declared.find((notNull) => notNull.column === number);
    const explicit = declared.flatMap((other) => (other === own ? [] : (other.name ?? [])));
    const isTaken = (name: string): boolean =>
      names.has(name) || (own?.name !== name && explicit.includes(name));
    const notNull = namedNotNull(catalog, table, column.name, own, isTaken);
    names.add(notNull.name);
    return { ...column, notNull };
  });
}

/** The columns with their DEFAULTs, and the sequences of serial and identity columns: `table_column_seq`. */
export function withSequences(
  system: System,
  table: ObjectId,
  target: { readonly schema: string; readonly name: string },
  definition: Pick<BoundColumns, 'columns' | 'sequences'>,
): { readonly columns: readonly CatalogColumn[]; readonly sequences: readonly SequenceObject[] } {
  const columns = [...definition.columns];
  const sequences = definition.sequences.map(({ column, type, identity, options }): SequenceObject => {
    const own = columns[column]!;
    const taken = (name: string): boolean => system.catalog.find(target.schema, name) !== null;
    const { parts, others } = sequenceName(options);
    const [given, schema = target.schema] = parts.toReversed();
    if (schema !== target.schema) {
      const message = 'sequence must be in same schema as table it is linked to';
      throw new SqlError({ sqlstate: '55000', message });
    }
    if (given !== undefined && taken(given)) {
      throw new SqlError({ sqlstate: '42P07', message: `relation "${given}" already exists` });
    }
    const name = given ?? freeObjectName(target.name, own.name, 'seq', taken);
    const written = `${quoteIdentifier(target.schema)}.${quoteIdentifier(name)}`;
    columns[column] = { ...own, defaultText: `nextval(${quoteLiteral(written).trim()}::regclass)` };
    return {
      kind: 'sequence',
      id: system.catalog.allocateObject(),
      schema: target.schema,
      name,
      dependsOn: [table],
      statement: null,
      ...sequenceOptions(others, type),
      ownedBy: { table, column },
      identity,
    };
  });
  return { columns, sequences };
}

/** UNIQUE constraints as indexes: `table_column_key`. One that repeats the primary key is that. */
export function uniquesOf(
  system: System,
  table: TableObject,
  uniques: readonly BoundUnique[],
  /** Objects that go meanwhile, and leave their names. */
  gone: ReadonlySet<ObjectId> = new Set(),
): IndexObject[] {
  const inCatalog = (name: string): boolean => {
    const found = system.catalog.find(table.schema, name);
    return found !== null && !gone.has(found.id);
  };
  const names = new Set<string>(table.primaryKeyName === null ? [] : [table.primaryKeyName]);
  const explicit = uniques.flatMap(({ name }) => name ?? []);
  const isTaken = (name: string): boolean => names.has(name) || name === table.name || inCatalog(name);
  const [primary] = table.keys;
  const made: IndexObject[] = [];
  for (const { name, columns, nullsEqual, included } of uniques) {
    if (name === null && included.length === 0 && primary !== undefined && primary.join() === columns.join())
      continue;
    const keys = columns.map((column) => ({ name: table.columns[column]!.name }));
    const named = indexColumnNames({ keys, included }).join('_');
    const isChosen = (other: string): boolean => isTaken(other) || explicit.includes(other);
    const chosen = name ?? freeObjectName(table.name, named, 'key', isChosen);
    if (isTaken(chosen)) {
      throw new SqlError({ sqlstate: '42P07', message: `relation "${chosen}" already exists` });
    }
    names.add(chosen);
    made.push(uniqueIndex(system, table, { name: chosen, columns, nullsEqual, included }));
  }
  return made;
}

/** CREATE INDEX for a key that says more than its columns, by INCLUDE; null for others. */
export function keyStatement(
  { schema, name: table, columns: all }: TableObject,
  name: string,
  { columns, included, nullsEqual }: Omit<BoundUnique, 'name'>,
): string | null {
  if (included.length === 0) return null;
  const keys = columns.map((column) => quoteIdentifier(all[column]!.name)).join(', ');
  const on = `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
  const nulls = nullsEqual ? ' NULLS NOT DISTINCT' : '';
  return `CREATE UNIQUE INDEX ${quoteIdentifier(name)} ON ${on} (${keys}) INCLUDE (${included.map(quoteIdentifier).join(', ')})${nulls}`;
}

/** The index of a UNIQUE constraint. */
export function uniqueIndex(
  system: System,
  table: TableObject,
  { name, columns, nullsEqual, included }: BoundUnique & { readonly name: string },
): IndexObject {
  const types = table.columns.map(({ type }) => type);
  const key = compileKey(
    columns.map((index) => ({ kind: 'column', index, type: types[index]! })),
    types,
  );
  return {
    kind: 'index',
    id: system.catalog.allocateObject(),
    schema: table.schema,
    name,
    dependsOn: [table.id],
    statement: keyStatement(table, name, { columns, included, nullsEqual }),
    table: table.id,
    arrangement: system.catalog.allocateArrangement(),
    layout: layoutByKey(types.map(toColumnType), key),
    unique: true,
    primary: false,
    constraint: true,
    nullsEqual,
    columns: columns.map((column) => column + 1),
    partial: false,
    uses: [],
  };
}
