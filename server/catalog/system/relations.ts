/** tw_internal.relations: what pg_class lists. */
import type { ObjectId } from '../../../sql/catalog.ts';
import { markedName } from '../../../sql/functions/marked-names.ts';
import { postgresOid } from '../../../sql/functions/postgres-names.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { EditableText } from '../../../sql/parse/edits.ts';
import { rowTypeOids } from '../../../sql/types/own.ts';
import { tableText } from '../../statements/names/table-text.ts';
import { type Catalog, FIRST_USER_ID } from '../catalog.ts';
import { uniqueIndexes } from '../constraints.ts';
import { declarationOf } from '../definition-text.ts';
import { referringTo } from '../foreign-keys.ts';
import type { CatalogObject, CompositeTypeObject, MaterializedViewObject, ViewObject } from '../objects.ts';
import { namesOwn, shownExpression } from '../stored-expressions.ts';
import { isTemporarySchema } from '../temporary.ts';
import { indexColumns } from './indexes.ts';
import { OWNER_OID } from './schemas.ts';
import type { RawTable, RawValue } from './raw-table.ts';

/** Objects that are no relations: they have a list of their own. */
export type Unrelated = Extract<
  CatalogObject,
  { kind: 'sink' | 'secret' | 'connection' | 'function' | 'extension' | 'type' }
>;

export function isUnrelated(object: CatalogObject): object is Unrelated {
  return ['sink', 'secret', 'connection', 'function', 'extension', 'type'].includes(object.kind);
}

/**
 * `pg_class.relkind` of a relation: a source appears as a table to tools that know no sources, and so do the catalogs that
 * are tables in PostgreSQL, which are those with an oid that is always the same.
 */
function relationKind(object: Exclude<CatalogObject, Unrelated>): string {
  switch (object.kind) {
    case 'table':
    case 'systemTable':
    case 'source':
      return 'r';
    case 'view':
      return postgresOid(object.schema, object.name) === null ? 'v' : 'r';
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

export const relations: RawTable = {
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
