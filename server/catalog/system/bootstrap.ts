/**
 * The catalog of an empty server: system schemas, raw relations, the views over them, and `public`.
 */
import type { Engine, Transaction } from '../../../engine/index.ts';
import { layoutByColumns } from '../../../sql/physical/layout.ts';
import { toColumnType } from '../../../sql/types/column-type.ts';
import { postgresOid } from '../../../sql/functions/postgres-names.ts';
import type { NullableType } from '../../../sql/types/type.ts';
import type { Catalog, CatalogChange } from '../catalog.ts';
import type { CatalogObject, SystemTableObject, ViewObject } from '../objects.ts';
import { RAW_TABLES } from './raw.ts';
import { EMPTY_VIEWS } from './empty.ts';
import { INFORMATION_DOMAINS, informationDomains } from './information-domains.ts';
import { SYSTEM_VIEWS, type SystemView } from './views.ts';
import { generatedColumns } from './view-columns.ts';
import { type SystemRelation, SystemWriter } from './writer.ts';

/** PostgreSQL's oids where it has them. */
const SCHEMAS = [
  { id: 11, name: 'pg_catalog', comment: 'system catalog schema' },
  { id: 13000, name: 'information_schema' },
  { id: 13001, name: 'tw_internal' },
  { id: 13002, name: 'tw_catalog' },
  { id: 2200, name: 'public', comment: 'standard public schema' },
];
const FIRST_RAW_ID = 13100;
const FIRST_VIEW_ID = 13200;

/**
 * Makes the system's collections in the engine and in the catalog. Nothing is bound: `describe` knows the columns of the
 * views. Returns the writer and the transaction that holds the first rows, to be committed by the caller.
 */
export function bootstrapCatalog(
  engine: Engine,
  catalog: Catalog,
  describe: (view: ViewObject) => ViewObject['columns'] = generatedColumns,
): { writer: SystemWriter; transaction: Transaction } {
  catalog.apply(SCHEMAS.map((schema): CatalogChange => ({ kind: 'addSchema', schema })));
  const relations = RAW_TABLES.map((raw, index): SystemRelation => {
    const columns = raw.columns.map(([name, type]) => {
      const nullable: NullableType = { name: type, typmod: -1, nullable: true };
      return { name, type: nullable, defaultText: null };
    });
    const columnTypes = columns.map((column) => toColumnType(column.type));
    const object: SystemTableObject = {
      kind: 'systemTable',
      id: FIRST_RAW_ID + index,
      schema: 'tw_internal',
      name: raw.name,
      dependsOn: [],
      statement: null,
      columns,
      arrangement: catalog.allocateArrangement(),
      layout: layoutByColumns(columnTypes, raw.key ?? null),
      keys: raw.key ? [raw.key] : [],
    };
    engine.createCollection(object.arrangement, `tw_internal.${raw.name}`, columnTypes, object.layout, false);
    return { raw, object };
  });
  const writer = new SystemWriter(engine, relations);
  const transaction = engine.beginTransaction();
  writer.writeFixed(transaction);
  writer.write(
    SCHEMAS.map((schema) => ({ kind: 'addSchema', schema })),
    transaction,
    catalog,
  );
  const objects: CatalogChange[] = [];
  const before = catalog.after([]);
  const add = (object: CatalogObject): void => {
    const change: CatalogChange = { kind: 'add', object };
    catalog.apply([change]);
    objects.push(change);
  };
  for (const { object } of relations) add(object);
  INFORMATION_DOMAINS.forEach(add);
  // They read each other: each is there before the next is described.
  SYSTEM_VIEWS.forEach((view, index) => {
    const object = viewObject(view, viewId(view, FIRST_VIEW_ID + index));
    add({ ...object, columns: withDomains(view, describe(object)) });
  });
  const next = FIRST_VIEW_ID + SYSTEM_VIEWS.length;
  EMPTY_VIEWS.forEach((view, index) => add(viewObject(view, viewId(view, next + index))));
  writer.write(objects, transaction, before);
  return { writer, transaction };
}

/** Clients know the oids of PostgreSQL's own tables, and compare `tableoid` with them. */
function viewId({ schema, name }: SystemView, otherwise: number): number {
  return postgresOid(schema, name) ?? otherwise;
}

/** pg_attribute names the domains; the columns' values are those of the types beneath. */
function withDomains(
  { schema, name }: Pick<SystemView, 'schema' | 'name'>,
  columns: ViewObject['columns'],
): ViewObject['columns'] {
  const domains = informationDomains(schema, name);
  return columns.map((column) =>
    domains.has(column.name) ? { ...column, domain: domains.get(column.name)! } : column,
  );
}

function viewObject({ schema, name, query, columns = [] }: SystemView, id: number): ViewObject {
  return {
    kind: 'view',
    id,
    schema,
    name,
    dependsOn: [],
    statement: null,
    columns: withDomains(
      { schema, name },
      columns.map((column) => ({ ...column, defaultText: null })),
    ),
    query,
    references: [],
    queryColumns: [],
    searchPath: ['pg_catalog'],
    timeZone: 'UTC',
  };
}
