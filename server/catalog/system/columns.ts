/** tw_internal.columns: those of relations, of composite types and of indexes. */
import { sequenceNames } from '../../../sql/bind/sequence-names.ts';
import type { CatalogColumn } from '../../../sql/catalog.ts';
import { rowTypeOids } from '../../../sql/types/own.ts';
import { collationOid } from '../../../sql/types/collations.ts';
import { elementType, typeOid, typeRow } from '../../../sql/types/table.ts';
import type { TypeName } from '../../../sql/types/type.ts';
import type { Catalog } from '../catalog.ts';
import type { CompositeTypeObject, IndexObject } from '../objects.ts';
import { shownDefault } from '../shown-default.ts';
import { inOuterParentheses } from '../outer-parentheses.ts';
import { markedExpression } from '../stored-expressions.ts';
import { indexColumns } from './indexes.ts';
import type { RawTable, RawValue } from './raw-table.ts';
import { isUnrelated } from './relations.ts';

export const columns: RawTable = {
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
    ['collation_oid', 'oid'],
    // Those that its DEFAULT takes values from.
    ['sequences', '_oid'],
    // As declared: 0 where nothing was.
    ['dimensions', 'int2'],
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
      (!column.type.nullable || column.notNull !== undefined) &&
        object.kind !== 'view' &&
        object.kind !== 'materializedView',
      shownValue(column, catalog),
      column.identity === undefined ? '' : column.identity === 'always' ? 'a' : 'd',
      column.generated === undefined ? '' : column.generated.stored ? 's' : 'v',
      object.kind === 'table' || (object.kind === 'view' && object.writable?.columns[index] === true),
      ...physicalValues(column.type.name, column.collation),
      sequencesOf(column, object.schema, catalog),
      object.kind === 'systemTable' ? systemDimensions(column.type.name) : (column.dimensions ?? 0),
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

/** PostgreSQL's own tables have arrays of one dimension. */
function systemDimensions(type: TypeName): number {
  return elementType(type) === null ? 0 : 1;
}

/** How values of the type are kept, as pg_attribute repeats it of pg_type. */
function physicalValues(type: TypeName, said: string | undefined): RawValue[] {
  const { length, byValue, align, storage, collation } = typeRow(type);
  return [length, byValue, align, storage, collationOid(said ?? null) ?? collation];
}

function compositeColumns({ id, fields }: CompositeTypeObject): RawValue[][] {
  const { oid } = rowTypeOids(id);
  return fields.map(({ name, type, domain, dimensions = 0, collation }, index) => [
    ...[oid, index + 1, name, domain ?? typeOid(type.name), domain === undefined ? type.typmod : -1],
    ...[false, null, '', '', false],
    ...physicalValues(type.name, collation),
    ...[null, dimensions],
  ]);
}

/** What a column has where no value is given, or is computed by. */
function shownValue(column: CatalogColumn, catalog: Catalog): string | null {
  const { generated, identity, defaultText, type } = column;
  if (generated !== undefined) return markedExpression(inOuterParentheses(generated.text), catalog);
  if (identity !== undefined || defaultText === null) return null;
  return shownDefault(markedExpression(inOuterParentheses(defaultText), catalog), type.name, catalog);
}

function indexColumnRows(index: IndexObject, catalog: Catalog): RawValue[][] {
  return indexColumns(index, catalog).map(({ name, type, dimensions = 0, collation }, at) => [
    ...[index.id, at + 1, name, typeOid(type.name), type.typmod, false, null, '', '', false],
    ...physicalValues(type.name, collation),
    ...[null, dimensions],
  ]);
}
