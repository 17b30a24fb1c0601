/**
 * The raw relations of `tw_internal`: collections that the catalog writes with each DDL commit. pg_catalog and
 * information_schema are views over them (views.ts). Each says its columns and the rows of an object once; adding
 * and dropping an object are these rows with multiplicity 1 and -1.
 */
import { type Catalog, FIRST_USER_ID, type SchemaObject } from '../catalog.ts';
import { OTHER_TABLE } from '../../../sql/functions/catalog-functions.ts';
import { markedName } from '../../../sql/functions/marked-names.ts';
import { sequenceNames } from '../../../sql/bind/sequence-names.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { EditableText } from '../../../sql/parse/edits.ts';
import type { CatalogColumn, ObjectId, ReferentialAction } from '../../../sql/catalog.ts';
import {
  checkDefinition,
  declarationOf,
  foreignKeyDefinition,
  indexDefinition,
  indexedTexts,
  keyDefinition,
  keyType,
  shownPredicate,
} from '../definition-text.ts';
import {
  type CatalogObject,
  type CompositeTypeObject,
  type ForeignKeyConstraint,
  type IndexObject,
  type MaterializedViewObject,
  type TypeObject,
  type ViewObject,
  isKey,
} from '../objects.ts';
import { typeOfObject } from '../reader.ts';
import { functions } from './functions.ts';
import { indexColumnNames } from '../../statements/names/create-text.ts';
import { tableText } from '../../statements/names/table-text.ts';
import { OWN_EXTENSION } from '../known-extensions.ts';
import { uniqueIndexes } from '../constraints.ts';
import { markedExpression, namesOwn, shownExpression } from '../stored-expressions.ts';
import { referringTo } from '../foreign-keys.ts';
import { isTemporarySchema } from '../temporary.ts';
import { casts, operators, settings } from './static.ts';
import { collationOid } from './collations.ts';
import { namedOperatorClass, operatorClass } from './operator-classes.ts';
import { shownDefault } from '../shown-default.ts';
import { textArray, vectorText } from './array-text.ts';
import type { TypeRow } from '../../../sql/functions/catalog-rows.ts';
import { rowTypeOids } from '../../../sql/types/own.ts';
import { recordType } from '../../../sql/types/record.ts';
import { allTypes, typeOid, typeRow } from '../../../sql/types/table.ts';
import type { TypeName } from '../../../sql/types/type.ts';

/** A value as JSON carries it to the native decoder. */
export type RawValue = string | number | boolean | null;

export interface RawTable {
  readonly name: string;
  readonly columns: readonly (readonly [name: string, type: TypeName])[];
  /** Column numbers that no two rows have the same values in; none: the whole row. */
  readonly key?: readonly number[];
  /** Rows that are always there. */
  readonly fixed?: () => RawValue[][];
  readonly ofSchema?: (schema: SchemaObject) => RawValue[][];
  readonly ofObject?: (object: CatalogObject, catalog: Catalog) => RawValue[][];
}

/** The one role until authentication is built; its oid is PostgreSQL's bootstrap superuser. */
export const OWNER_OID = 10;
export const OWNER_NAME = 'tidewire';
/** PostgreSQL's role that owns `public`, of which the owner of the database is a member. */
const DATABASE_OWNER = 6171;

const schemas: RawTable = {
  name: 'schemas',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['owner', 'oid'],
  ],
  ofSchema: (schema) => [[schema.id, schema.name, schema.name === 'public' ? DATABASE_OWNER : OWNER_OID]],
};

/** Objects that are no relations: they have a list of their own. */
type Unrelated = Extract<
  CatalogObject,
  { kind: 'sink' | 'secret' | 'connection' | 'function' | 'extension' | 'type' }
>;

function isUnrelated(object: CatalogObject): object is Unrelated {
  return ['sink', 'secret', 'connection', 'function', 'extension', 'type'].includes(object.kind);
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

/** The query of a view, under the view's own names where a column list or a rename gave it others; its names are marked. */
function definitionText(view: ViewObject | MaterializedViewObject, catalog: Catalog): string {
  const { columns, queryColumns } = view;
  const query = markedQuery(view, catalog);
  if (queryColumns.every((name, index) => name === columns[index]?.name)) return query;
  const names = columns.map((column) => quoteIdentifier(column.name)).join(', ');
  return `SELECT * FROM (${query}) AS ${quoteIdentifier(view.name)}(${names})`;
}

function markedQuery({ query, references }: ViewObject | MaterializedViewObject, catalog: Catalog): string {
  if (references.length === 0) return query;
  const text = new EditableText(query);
  return text.edited(
    references.flatMap(({ at, object }) => {
      const first = text.tokenAt(at);
      // What is PostgreSQL's own stays as it was written, and so does a name with its schema.
      if (first === undefined || object < FIRST_USER_ID || !catalog.has(object)) return [];
      if (text.nameAt(first).length > 1) return [];
      return [text.replace(first, first, markedName(catalog.object(object)))];
    }),
  );
}

const relations: RawTable = {
  name: 'relations',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['relkind', 'char'],
    ['object_type', 'text'],
    ['owner', 'oid'],
    ['column_count', 'int2'],
    ['has_index', 'bool'],
    ['access_method', 'oid'],
    ['check_count', 'int2'],
    ['definition', 'text'],
    ['statement', 'text'],
    ['has_triggers', 'bool'],
    ['persistence', 'char'],
    ['updatable', 'int4'],
    ['check_option', 'text'],
    // It is a source, or reads one: what PostgreSQL cannot have.
    ['of_source', 'bool'],
    ['of_type', 'oid'],
  ],
  ofObject: (object, catalog) => {
    if (object.kind === 'type' && object.form === 'composite') return [compositeRelation(object, catalog)];
    if (isUnrelated(object)) return [];
    const definition =
      object.kind === 'view' || object.kind === 'materializedView' ? definitionText(object, catalog) : null;
    const type =
      object.kind === 'materializedView'
        ? 'materialized view'
        : object.kind === 'systemTable'
          ? 'table'
          : object.kind;
    return [
      [
        object.id,
        object.name,
        catalog.schema(object.schema)?.id ?? 0,
        relationKind(object),
        type,
        OWNER_OID,
        object.kind === 'sequence'
          ? 3
          : object.kind === 'index'
            ? indexColumns(object, catalog).length
            : object.columns.length,
        catalog.dependents(object.id).some((other) => other.kind === 'index' && other.table === object.id),
        object.kind === 'index' && declarationOf(object)?.method === 'hash' ? 405 : 403,
        object.kind === 'table' ? object.checks.length : 0,
        definition,
        object.kind === 'table' && (object.foreignKeys.length > 0 || namesOwn(object))
          ? tableText(object, uniqueIndexes(catalog, object.id), catalog)
          : shownExpression(object.statement, object.schema, catalog),
        // PostgreSQL's foreign keys are triggers, and psql looks for them where there are some.
        object.kind === 'table' &&
          (object.foreignKeys.length > 0 || referringTo(catalog, object.id).length > 0),
        isTemporarySchema(object.schema) ? 't' : 'p',
        object.kind === 'table' ? 28 : object.kind === 'view' ? (object.writable?.events ?? 0) : 0,
        object.kind === 'view' ? (object.checkOption?.toUpperCase() ?? 'NONE') : null,
        isOfSource(object, catalog),
        object.kind === 'table' ? (object.ofType ?? 0) : 0,
      ],
    ];
  },
};

/** A composite type has a relation without rows, whose columns are its fields. */
function compositeRelation({ id, schema, name, fields }: CompositeTypeObject, catalog: Catalog): RawValue[] {
  const { oid } = rowTypeOids(id);
  const none = [false, 0, 0, null, null, false, 'p', 0, null, false, 0];
  return [
    ...[oid, name, catalog.schema(schema)?.id ?? 0, 'c', 'composite type', OWNER_OID, fields.length],
    ...none,
  ];
}

function isOfSource(object: CatalogObject, catalog: Catalog, seen = new Set<ObjectId>()): boolean {
  if (object.kind === 'source') return true;
  if (object.kind === 'table') return false;
  return object.dependsOn.some((id) => {
    if (seen.has(id) || !catalog.has(id)) return false;
    seen.add(id);
    return isOfSource(catalog.object(id), catalog, seen);
  });
}

const columns: RawTable = {
  name: 'columns',
  key: [0, 1],
  columns: [
    ['relation_oid', 'oid'],
    ['number', 'int2'],
    ['name', 'name'],
    ['type_oid', 'oid'],
    ['typmod', 'int4'],
    ['not_null', 'bool'],
    ['default_text', 'text'],
    ['identity', 'char'],
    ['generated', 'char'],
    ['is_updatable', 'bool'],
    ['length', 'int2'],
    ['is_by_value', 'bool'],
    ['alignment', 'char'],
    ['storage', 'char'],
    // Those that its DEFAULT takes values from.
    ['sequences', '_oid'],
  ],
  ofObject: (object, catalog) => {
    if (object.kind === 'type' && object.form === 'composite') return compositeColumns(object);
    if (object.kind === 'sequence' || isUnrelated(object)) return [];
    if (object.kind === 'index') return indexColumnRows(object, catalog);
    return object.columns.map((column, index) => [
      object.id,
      index + 1,
      column.name,
      column.domain ?? typeOid(column.type.name),
      column.domain === undefined ? column.type.typmod : -1,
      // Of views PostgreSQL says nothing, whatever is known of their columns.
      !column.type.nullable && object.kind !== 'view' && object.kind !== 'materializedView',
      shownValue(column, catalog),
      column.identity === undefined ? '' : column.identity === 'always' ? 'a' : 'd',
      column.generated === undefined ? '' : column.generated.stored ? 's' : 'v',
      object.kind === 'table' || (object.kind === 'view' && object.writable?.columns[index] === true),
      ...physicalValues(column.type.name),
      sequencesOf(column, object.schema, catalog),
    ]);
  },
};

function sequencesOf({ defaultText }: CatalogColumn, schema: string, catalog: Catalog): RawValue {
  const found = sequenceNames(defaultText ?? '').flatMap((parts) => {
    const object = catalog.find(parts.at(-2) ?? schema, parts.at(-1)!);
    return object?.kind === 'sequence' ? [object.id] : [];
  });
  return found.length === 0 ? null : `{${found.join(',')}}`;
}

/** How values of the type are kept, as pg_attribute repeats it of pg_type. */
function physicalValues(type: TypeName): RawValue[] {
  const { length, byValue, align, storage } = typeRow(type);
  return [length, byValue, align, storage];
}

function compositeColumns({ id, fields }: CompositeTypeObject): RawValue[][] {
  const { oid } = rowTypeOids(id);
  return fields.map(({ name, type }, index) => [
    ...[oid, index + 1, name, typeOid(type.name), type.typmod, false, null, '', '', false],
    ...physicalValues(type.name),
    null,
  ]);
}

/** What a column has where no value is given, or is computed by. */
function shownValue(column: CatalogColumn, catalog: Catalog): string | null {
  const { generated, identity, defaultText, type } = column;
  if (generated !== undefined) return markedExpression(generated.text, catalog);
  if (identity !== undefined || defaultText === null) return null;
  return shownDefault(markedExpression(defaultText, catalog), type.name, catalog);
}

interface IndexColumn {
  /** Of the relation's column; 0: it is an expression. */
  readonly number: number;
  readonly name: string;
  readonly type: { readonly name: TypeName; readonly typmod: number };
}

/** An index has columns too: those that it is by, expressions under names of their own, and what it includes. */
function indexColumns(index: IndexObject, catalog: Catalog): IndexColumn[] {
  const table = catalog.object(index.table);
  const named = 'columns' in table && table.kind !== 'index' ? table.columns : [];
  const declared = declarationOf(index);
  const included = (declared?.included ?? []).map(
    (name) => named.findIndex((each) => each.name === name) + 1,
  );
  const names = declared === null ? [] : indexColumnNames(declared);
  return [...index.columns, ...included].map((number, at) => {
    const column = named[number - 1];
    const name = names[at] ?? column?.name ?? 'expr';
    const type = column?.type ?? keyType(index, at, catalog);
    return { number, name, type };
  });
}

function indexColumnRows(index: IndexObject, catalog: Catalog): RawValue[][] {
  return indexColumns(index, catalog).map(({ name, type }, at) => [
    ...[index.id, at + 1, name, typeOid(type.name), type.typmod, false, null, '', '', false],
    ...physicalValues(type.name),
    null,
  ]);
}

const indexes: RawTable = {
  name: 'indexes',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['table_oid', 'oid'],
    ['is_unique', 'bool'],
    ['is_primary', 'bool'],
    ['columns', 'int2vector'],
    ['classes', 'oidvector'],
    ['options', 'int2vector'],
    ['collations', 'oidvector'],
    ['is_constraint', 'bool'],
    ['nulls_equal', 'bool'],
    ['definition', 'text'],
    ['elements', '_text'],
    ['expressions', 'text'],
    ['predicate', 'text'],
  ],
  ofObject: (object, catalog) => {
    if (object.kind !== 'index') return [];
    const { id, table, unique, primary, constraint, nullsEqual } = object;
    const definition = indexDefinition(object, catalog);
    const texts = indexedTexts(object, catalog);
    const columns = indexColumns(object, catalog);
    const types = columns.slice(0, texts.length).map(({ type }) => typeRow(type.name));
    const declared = declarationOf(object)?.keys ?? [];
    const keys = [
      columns.map(({ number }) => number),
      types.map((type, at) => {
        const name = declared[at]?.operatorClass ?? null;
        return (name === null ? null : namedOperatorClass(name, type)) ?? operatorClass(type);
      }),
      types.map((_, at) => (declared[at]?.descending ? 1 : 0) + (declared[at]?.nullsFirst ? 2 : 0)),
      types.map(({ collation }, at) => collationOid(declared[at]?.collation ?? null) ?? collation),
    ].map(vectorText);
    const elements = [...texts, ...columns.slice(texts.length).map(({ name }) => quoteIdentifier(name))];
    const expressions = texts.filter((_, at) => columns[at]!.number === 0);
    return [
      [
        id,
        table,
        unique,
        primary,
        ...keys,
        constraint,
        nullsEqual,
        definition,
        textArray(elements),
        expressions.length === 0 ? null : expressions.join(', '),
        shownPredicate(object, catalog),
      ],
    ];
  },
};

const sequences: RawTable = {
  name: 'sequences',
  key: [0],
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

/** CHECK, PRIMARY KEY, UNIQUE and FOREIGN KEY; NOT NULL is the column's. */
const ACTION_CODES: Readonly<Record<ReferentialAction, string>> = {
  noAction: 'a',
  restrict: 'r',
  cascade: 'c',
  setNull: 'n',
  setDefault: 'd',
};

/** The index of the key that a foreign key refers to. */
function parentIndex({ parent, parentColumns }: ForeignKeyConstraint, catalog: Catalog): number {
  const wanted = parentColumns
    .map((number) => number + 1)
    .toSorted((a, b) => a - b)
    .join();
  const found = catalog
    .dependents(parent)
    .find(
      (object) =>
        object.kind === 'index' &&
        object.unique &&
        isKey(object) &&
        object.columns.toSorted((a, b) => a - b).join() === wanted,
    );
  return found?.id ?? 0;
}

const constraints: RawTable = {
  name: 'constraints',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['table_oid', 'oid'],
    ['name', 'name'],
    ['type', 'char'],
    ['index_oid', 'oid'],
    ['columns', '_int2'],
    ['condition', 'text'],
    ['definition', 'text'],
    ['type_oid', 'oid'],
    ['schema_oid', 'oid'],
    ['is_validated', 'bool'],
    ['parent_oid', 'oid'],
    ['parent_columns', '_int2'],
    ['on_update', 'char'],
    ['on_delete', 'char'],
    ['on_delete_columns', '_int2'],
    ['match', 'char'],
    ['is_deferrable', 'bool'],
    ['is_deferred', 'bool'],
  ],
  ofObject: (object, catalog) => {
    const schema = catalog.schema(object.schema)?.id ?? 0;
    const none: RawValue[] = [0, null, ' ', ' ', null, ' ', false, false];
    if (object.kind === 'type' && object.form === 'domain') {
      const { notNull, checks } = object;
      const made = checks.map(({ id, name, text: kept, validated }): RawValue[] => {
        const text = markedExpression(kept, catalog);
        return [
          ...[id, 0, name, 'c', 0, null, text, checkDefinition(text, validated), object.id, schema],
          ...[validated, ...none],
        ];
      });
      if (!notNull) return made;
      return [
        ...made,
        [notNull.id, 0, notNull.name, 'n', 0, null, null, 'NOT NULL', object.id, schema, true, ...none],
      ];
    }
    if (object.kind === 'index' && object.constraint) {
      const { id, table, name, primary, columns: numbers } = object;
      const keys = `{${numbers.join(',')}}`;
      const definition = keyDefinition(object, catalog);
      return [[id, table, name, primary ? 'p' : 'u', id, keys, null, definition, 0, schema, true, ...none]];
    }
    if (object.kind !== 'table') return [];
    const list = (columns: readonly number[]): string => `{${columns.map((number) => number + 1).join(',')}}`;
    const checks = object.checks.map(({ id, name, columns: read, text, validated }): RawValue[] => {
      const condition = markedExpression(text, catalog);
      return [
        ...[id, object.id, name, 'c', 0, list(read), condition],
        ...[checkDefinition(condition, validated), 0, schema, validated, ...none],
      ];
    });
    const foreign = object.foreignKeys.map((foreignKey): RawValue[] => {
      const { id, name, columns: own, parent, parentColumns, onUpdate, onDelete } = foreignKey;
      const { onDeleteColumns, full, deferrable, deferred, validated } = foreignKey;
      return [
        ...[id, object.id, name, 'f', parentIndex(foreignKey, catalog), list(own), null],
        ...[foreignKeyDefinition(object, foreignKey, catalog, OTHER_TABLE), 0, schema, validated],
        ...[parent, list(parentColumns), ACTION_CODES[onUpdate], ACTION_CODES[onDelete]],
        ...[onDeleteColumns && list(onDeleteColumns), full ? 'f' : 's', deferrable, deferred],
      ];
    });
    return [...checks, ...foreign];
  },
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

const extensions: RawTable = {
  name: 'extensions',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    ['schema_oid', 'oid'],
    ['version', 'text'],
  ],
  ofObject: (object, catalog) =>
    object.kind === 'extension'
      ? [[object.id, object.name, catalog.schema(object.schema)?.id ?? 0, object.version]]
      : [],
};

/** `record`, which functions with several columns return. */
const roles: RawTable = {
  name: 'roles',
  columns: [
    ['oid', 'oid'],
    ['name', 'name'],
    // As which one can connect.
    ['is_login', 'bool'],
  ],
  fixed: () => [
    [OWNER_OID, OWNER_NAME, true],
    [DATABASE_OWNER, 'pg_database_owner', false],
  ],
};

const types: RawTable = {
  name: 'types',
  key: [0],
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
    ['alignment', 'char'],
    ['storage', 'char'],
    ['input', 'oid'],
    ['output', 'oid'],
    ['receive', 'oid'],
    ['send', 'oid'],
    ['display', 'text'],
    ['schema_oid', 'oid'],
    ['base_oid', 'oid'],
    ['typmod', 'int4'],
    ['not_null', 'bool'],
    ['default_text', 'text'],
    ['relation_oid', 'oid'],
  ],
  ofObject: (object, catalog) => {
    if (object.kind !== 'type') return rowTypes(object, catalog);
    const own = typeOfObject(object);
    const schemaId = catalog.schema(object.schema)?.id ?? 0;
    const { id, arrayId, name } = object;
    const display = quoteIdentifier(name);
    return [
      { ...typeRow(own), ...beneath(object), oid: id, array: arrayId, name, display },
      {
        ...typeRow(`_${own}` as TypeName),
        ...{ oid: arrayId, element: id, name: `_${name}`, display: `${display}[]` },
      },
    ].map((row, index) =>
      index === 0
        ? typeValues(row, schemaId, domainValues(object, catalog), relationOf(object))
        : typeValues(row, schemaId),
    );
  },
  fixed: () => allTypes.map((row) => typeValues(row, PG_CATALOG)),
};

const enumLabels: RawTable = {
  name: 'enum_labels',
  key: [0],
  columns: [
    ['oid', 'oid'],
    ['type_oid', 'oid'],
    ['sort_order', 'float4'],
    ['label', 'name'],
  ],
  ofObject: (object) =>
    object.kind === 'type' && object.form === 'enum'
      ? object.labels.map(({ id, order, label }) => [id, object.id, order, label])
      : [],
};

/** `pg_catalog`. */
const PG_CATALOG = 11;

/** The relation that a composite type's fields are columns of. */
function relationOf(object: TypeObject): number {
  return object.form === 'composite' ? rowTypeOids(object.id).oid : 0;
}

/** How values of a domain are kept is how those of the type beneath are. */
function beneath(object: TypeObject): Partial<TypeRow> {
  if (object.form !== 'domain') return {};
  const { length, byValue, category, align, storage, collation, output, send } = typeRow(object.type.name);
  return { length, byValue, category, align, storage, collation, output, send };
}

/** base_oid, typmod, not_null, default_text */
function domainValues(object: TypeObject, catalog: Catalog): RawValue[] | undefined {
  if (object.form !== 'domain') return undefined;
  const { over, type, notNull, defaultText } = object;
  const shown = markedExpression(defaultText, catalog);
  return [over ?? typeOid(type.name), type.typmod, notNull !== null, shown];
}

/** The type of a relation's rows, and that of their arrays. */
function rowTypes(object: CatalogObject, catalog: Catalog): RawValue[][] {
  if (isUnrelated(object) || object.kind === 'index' || object.kind === 'sequence') return [];
  const schemaId = catalog.schema(object.schema)?.id ?? 0;
  const { oid, array } = rowTypeOids(object.id);
  const { name } = object;
  const record = typeRow(recordType([]));
  const display = quoteIdentifier(name);
  const row: TypeRow = { ...record, kind: 'c', category: 'C', oid, array, name, display };
  const arrays: TypeRow = {
    ...typeRow(`_${recordType([])}` as TypeName),
    ...{ kind: 'b', category: 'A', oid: array, element: oid, name: `_${name}`, display: `${display}[]` },
  };
  return [typeValues(row, schemaId, undefined, object.id), typeValues(arrays, schemaId)];
}

function typeValues(
  row: TypeRow,
  schema: number,
  domain: readonly RawValue[] = [0, -1, false, null],
  relation = 0,
): RawValue[] {
  return [
    ...[row.oid, row.name, row.length, row.category, row.preferred, row.array, row.element],
    ...[row.kind, row.byValue, row.collation, row.align, row.storage],
    ...[row.input, row.output, row.receive, row.send, row.display],
    schema,
    ...domain,
    relation,
  ];
}

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
    ['retained_from', 'numeric'],
  ],
};

/** COMMENT ON: of what, by the catalog that it is in, and of which column of it. */
const comments: RawTable = {
  name: 'comments',
  key: [0, 1, 2],
  columns: [
    ['object_oid', 'oid'],
    ['catalog', 'name'],
    ['number', 'int4'],
    ['comment', 'text'],
  ],
  fixed: () => commentRow(OWN_EXTENSION.oid, 'pg_extension', OWN_EXTENSION.comment),
  ofSchema: ({ id, comment }) => commentRow(id, 'pg_namespace', comment),
  ofObject: (object) => {
    const own = (catalog: string): RawValue[][] => commentRow(object.id, catalog, object.comment);
    const constraints = (all: readonly { readonly id: ObjectId; readonly comment?: string | undefined }[]) =>
      all.flatMap(({ id, comment }) => commentRow(id, 'pg_constraint', comment));
    switch (object.kind) {
      case 'function':
        return own('pg_proc');
      case 'extension':
        return own('pg_extension');
      case 'type':
        return [...own('pg_type'), ...(object.form === 'domain' ? constraints(object.checks) : [])];
      case 'index':
        return [...own('pg_class'), ...commentRow(object.id, 'pg_constraint', object.constraintComment)];
      case 'table':
      case 'source':
      case 'view':
      case 'materializedView':
        return [
          ...own('pg_class'),
          ...object.columns.flatMap(({ comment }, index) =>
            commentRow(object.id, 'pg_class', comment, index + 1),
          ),
          ...(object.kind === 'table' ? constraints([...object.checks, ...object.foreignKeys]) : []),
        ];
      default:
        return own('pg_class');
    }
  },
};

function commentRow(id: ObjectId, catalog: string, comment: string | undefined, number = 0): RawValue[][] {
  return comment === undefined ? [] : [[id, catalog, number, comment]];
}

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
  constraints,
  sequences,
  functions,
  operators,
  casts,
  settings,
  enumLabels,
  comments,
  extensions,
];
