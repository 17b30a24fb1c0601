/**
 * The raw relations of `tw_internal`: collections that the catalog writes with each DDL commit. pg_catalog and
 * information_schema are views over them (views.ts). Each says its columns and the rows of an object once; adding
 * and dropping an object are these rows with multiplicity 1 and -1.
 */
import type { Catalog, SchemaObject } from '../catalog.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import type { CatalogObject, MaterializedViewObject, ViewObject } from '../objects.ts';
import { argumentsText, resultText } from '../function-text.ts';
import { typeOid, types as typeRows } from '../../../sql/types/table.ts';
import type { TypeName } from '../../../sql/types/type.ts';

/** A value as JSON carries it to the native decoder. */
export type RawValue = string | number | boolean | null;

export interface RawTable {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: TypeName])[];
  /** Rows that are always there. */
  readonly fixed?: () => RawValue[][];
  readonly ofSchema?: (schema: SchemaObject) => RawValue[][];
  readonly ofObject?: (object: CatalogObject, catalog: Catalog) => RawValue[][];
}

/** The one role until authentication is built; its oid is PostgreSQL's bootstrap superuser. */
export const OWNER_OID = 10;
export const OWNER_NAME = 'tidewire';

const schemas: RawTable = {
  name: 'schemas',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['owner', 'oid'],
  ],
  ofSchema: (schema) => [[schema.id, schema.name, OWNER_OID]],
};

/** Objects that are no relations: they have a list of their own. */
type Unrelated = Extract<CatalogObject, { kind: 'sink' | 'secret' | 'connection' | 'function' }>;

function isUnrelated(object: CatalogObject): object is Unrelated {
  return ['sink', 'secret', 'connection', 'function'].includes(object.kind);
}

/** `pg_class.relkind` of a relation: a source appears as a table to tools that know no sources. */
function relationKind(object: Exclude<CatalogObject, Unrelated>): string {
  switch (object.kind) {
    case 'table':
    case 'systemTable':
    case 'source':
      return 'r';
    case 'view':
      return 'v';
    case 'materializedView':
      return 'm';
    case 'index':
      return 'i';
    case 'sequence':
      return 'S';
  }
}

/** The query of a view, under the view's own names where a column list or a rename gave it others. */
function definitionText(view: ViewObject | MaterializedViewObject): string {
  const { columns, queryColumns, query } = view;
  if (queryColumns.every((name, index) => name === columns[index]?.name)) return query;
  const names = columns.map((column) => quoteIdentifier(column.name)).join(', ');
  return `SELECT * FROM (${query}) AS ${quoteIdentifier(view.name)}(${names})`;
}

const relations: RawTable = {
  name: 'relations',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['relkind', 'char'],
    ['object_type', 'text'],
    ['owner', 'oid'],
    ['column_count', 'int2'],
    ['has_index', 'bool'],
    ['definition', 'text'],
    ['statement', 'text'],
  ],
  ofObject: (object, catalog) => {
    if (isUnrelated(object)) return [];
    const definition =
      object.kind === 'view' || object.kind === 'materializedView' ? definitionText(object) : null;
    const type =
      object.kind === 'materializedView'
        ? 'materialized view'
        : object.kind === 'systemTable'
          ? 'table'
          : object.kind;
    const indexed = object.kind === 'table' && object.primaryKeyName !== null;
    return [
      [
        object.id,
        object.name,
        catalog.schema(object.schema)?.id ?? 0,
        relationKind(object),
        type,
        OWNER_OID,
        object.kind === 'sequence' ? 3 : object.columns.length,
        indexed,
        definition,
        object.statement,
      ],
    ];
  },
};

const columns: RawTable = {
  name: 'columns',
  columns: [
    ['relation_oid', 'oid'],
    ['number', 'int2'],
    ['name', 'name'],
    ['type_oid', 'oid'],
    ['typmod', 'int4'],
    ['not_null', 'bool'],
    ['default_text', 'text'],
    ['identity', 'char'],
  ],
  ofObject: (object) => {
    if (object.kind === 'index' || object.kind === 'sequence' || isUnrelated(object)) return [];
    return object.columns.map((column, index) => [
      object.id,
      index + 1,
      column.name,
      typeOid(column.type.name),
      column.type.typmod,
      !column.type.nullable,
      column.identity === undefined ? column.defaultText : null,
      column.identity === undefined ? '' : column.identity === 'always' ? 'a' : 'd',
    ]);
  },
};

const indexes: RawTable = {
  name: 'indexes',
  columns: [
    ['oid', 'oid'],
    ['table_oid', 'oid'],
    ['is_unique', 'bool'],
    ['is_primary', 'bool'],
    ['columns', 'text'],
    ['is_constraint', 'bool'],
    ['nulls_equal', 'bool'],
  ],
  ofObject: (object) => {
    if (object.kind !== 'index') return [];
    const { id, table, unique, primary, columns: numbers, constraint, nullsEqual } = object;
    return [[id, table, unique, primary, numbers.join(' '), constraint, nullsEqual]];
  },
};

const sequences: RawTable = {
  name: 'sequences',
  columns: [
    ['oid', 'oid'],
    ['type_oid', 'oid'],
    ['start', 'int8'],
    ['increment', 'int8'],
    ['maximum', 'int8'],
    ['minimum', 'int8'],
    ['cache', 'int8'],
    ['cycles', 'bool'],
    ['owner_table', 'oid'],
    ['owner_column', 'int2'],
    ['is_identity', 'bool'],
  ],
  ofObject: (object) => {
    if (object.kind !== 'sequence') return [];
    const { id, dataType, start, increment, greatest, least, cache, cycles, ownedBy, identity } = object;
    const owner = ownedBy === null ? [null, null] : [ownedBy.table, ownedBy.column + 1];
    return [[id, typeOid(dataType), start, increment, greatest, least, cache, cycles, ...owner, identity]];
  },
};

/** CHECK; keys are indexes, and NOT NULL is the column's. */
const checks: RawTable = {
  name: 'checks',
  columns: [
    ['oid', 'oid'],
    ['table_oid', 'oid'],
    ['name', 'name'],
    ['columns', 'text'],
    ['condition', 'text'],
  ],
  ofObject: (object) =>
    object.kind === 'table'
      ? object.checks.map(({ id, name, columns: numbers, text }) => {
          const conkey = `{${numbers.map((number) => number + 1).join(',')}}`;
          return [id, object.id, name, conkey, text];
        })
      : [],
};

const sources: RawTable = {
  name: 'sources',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['connector', 'text'],
  ],
  ofObject: (object, catalog) =>
    object.kind === 'source'
      ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0, object.connector]]
      : [],
};

const sinks: RawTable = {
  name: 'sinks',
  columns: sources.columns,
  ofObject: (object, catalog) =>
    object.kind === 'sink'
      ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0, object.connector]]
      : [],
};

/** Names only: a secret's value is in no relation. */
const secrets: RawTable = {
  name: 'secrets',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
  ],
  ofObject: (object, catalog) =>
    object.kind === 'secret' ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0]] : [],
};

const connections: RawTable = {
  name: 'connections',
  columns: sources.columns,
  ofObject: (object, catalog) =>
    object.kind === 'connection'
      ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0, object.connector]]
      : [],
};

/** `record`, which functions with several columns return. */
const RECORD_OID = 2249;

/** Functions in SQL. PostgreSQL's own are the same for all servers. */
const functions: RawTable = {
  name: 'functions',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['result_oid', 'oid'],
    ['returns_set', 'bool'],
    ['is_strict', 'bool'],
    ['volatility', 'char'],
    ['argument_count', 'int2'],
    ['default_count', 'int2'],
    ['argument_oids', 'text'],
    ['argument_names', 'text'],
    ['result_type', 'text'],
    ['argument_types', 'text'],
    ['source', 'text'],
    ['statement', 'text'],
  ],
  ofObject: (object, catalog) => {
    if (object.kind !== 'function') return [];
    const { parameters, result, strict, volatility } = object;
    const defaults = parameters.filter(({ defaultValue }) => defaultValue !== null).length;
    return [
      [
        object.id,
        object.name,
        catalog.schema(object.schema)?.id ?? 0,
        result.kind === 'value' ? typeOid(result.type) : RECORD_OID,
        result.set,
        strict,
        volatility[0]!,
        parameters.length,
        defaults,
        parameters.map(({ type }) => typeOid(type)).join(' '),
        parameters.map(({ name }) => name).join(' '),
        resultText(object),
        argumentsText(object),
        object.source,
        object.statement,
      ],
    ];
  },
};

const roles: RawTable = {
  name: 'roles',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
  ],
  fixed: () => [[OWNER_OID, OWNER_NAME]],
};

const types: RawTable = {
  name: 'types',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['length', 'int2'],
    ['category', 'char'],
    ['is_preferred', 'bool'],
    ['array_oid', 'oid'],
    ['element_oid', 'oid'],
    ['kind', 'char'],
    ['is_by_value', 'bool'],
    ['collation_oid', 'oid'],
  ],
  fixed: () =>
    typeRows.map((row) => [
      ...[row.oid, row.name, row.length, row.category, row.preferred, row.array, row.element],
      ...[row.kind, row.byValue, row.collation],
    ]),
};

const dependencies: RawTable = {
  name: 'dependencies',
  columns: [
    ['object_oid', 'oid'],
    ['depends_on', 'oid'],
  ],
  ofObject: (object) => [...new Set(object.dependsOn)].map((id) => [object.id, id]),
};

/** The latest refused records of each source; the engine writes them (`ErrorLog`). */
const sourceErrors: RawTable = {
  name: 'source_errors',
  columns: [
    ['source_oid', 'oid'],
    ['occurred_at', 'timestamptz'],
    ['error_code', 'text'],
    ['error_message', 'text'],
    ['error_detail', 'text'],
    ['path', 'text'],
    ['position', 'int8'],
    ['line', 'int8'],
    ['bytes', 'bytea'],
  ],
};

/** How sources and sinks are: server/ingest/status-writer.ts writes these. */
const sourceStatus: RawTable = {
  name: 'source_status',
  columns: [
    ['source_oid', 'oid'],
    ['state', 'text'],
    ['error', 'text'],
    ['since', 'timestamptz'],
    ['on_error', 'text'],
    ['rows', 'int8'],
    ['rejected', 'int8'],
    ['bytes', 'int8'],
    ['partitions', 'int8'],
    ['lag', 'int8'],
    ['rows_per_second', 'int8'],
    ['bytes_per_second', 'int8'],
  ],
};

const sourcePartitions: RawTable = {
  name: 'source_partitions',
  columns: [
    ['source_oid', 'oid'],
    ['partition', 'text'],
    ['name', 'text'],
    ['offset', 'text'],
    ['lag', 'int8'],
  ],
};

const sinkStatus: RawTable = {
  name: 'sink_status',
  columns: [
    ['sink_oid', 'oid'],
    ['state', 'text'],
    ['error', 'text'],
    ['since', 'timestamptz'],
    ['rows', 'int8'],
    ['bytes', 'int8'],
    ['lag', 'int8'],
    ['errors', 'int8'],
    ['written_up_to', 'numeric'],
    ['rows_per_second', 'int8'],
    ['bytes_per_second', 'int8'],
  ],
};

/** In the order of their object ids; new ones go to the end. */
export const RAW_TABLES: readonly RawTable[] = [
  schemas,
  relations,
  columns,
  indexes,
  sources,
  sinks,
  roles,
  dependencies,
  types,
  sourceErrors,
  sourceStatus,
  sourcePartitions,
  sinkStatus,
  secrets,
  connections,
  checks,
  sequences,
  functions,
];
