/** tw_internal.types and enum_labels: PostgreSQL's own types, those that users make, and those of relations' rows. */
import type { TypeRow } from '../../../sql/functions/catalog-rows.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { rowTypeOids } from '../../../sql/types/own.ts';
import { recordType } from '../../../sql/types/record.ts';
import { collationOid } from '../../../sql/types/collations.ts';
import { allTypes, typeOid, typeRow } from '../../../sql/types/table.ts';
import type { TypeName } from '../../../sql/types/type.ts';
import type { Catalog } from '../catalog.ts';
import type { CatalogObject, TypeObject } from '../objects.ts';
import { typeOfObject } from '../reader.ts';
import { inOuterParentheses } from '../outer-parentheses.ts';
import { markedExpression } from '../stored-expressions.ts';
import { pseudoTypeRows } from './pseudo-types.ts';
import type { RawTable, RawValue } from './raw-table.ts';
import { isUnrelated } from './relations.ts';

export const types: RawTable = {
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
    ['dimensions', 'int4'],
    ['relation_oid', 'oid'],
  ],
  ofObject: (object, catalog) => {
    if (object.kind !== 'type') return rowTypes(object, catalog);
    const own = typeOfObject(object);
    const schemaId = catalog.schema(object.schema)?.id ?? 0;
    const { id, arrayId, name } = object;
    const display = quoteIdentifier(name);
    const single = { ...typeRow(own), ...beneath(object), oid: id, array: arrayId, name, display };
    return [
      single,
      {
        ...typeRow(`_${own}` as TypeName),
        ...{ oid: arrayId, element: id, name: `_${name}`, display: `${display}[]` },
        collation: single.collation,
      },
    ].map((row, index) =>
      index === 0
        ? typeValues(row, schemaId, domainValues(object, catalog), relationOf(object))
        : typeValues(row, schemaId),
    );
  },
  fixed: () => [...allTypes, ...pseudoTypeRows].map((row) => typeValues(row, PG_CATALOG)),
};

export const enumLabels: RawTable = {
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
  const { length, byValue, category, align, storage, output, send, ...row } = typeRow(object.type.name);
  const collation = collationOid(object.collation ?? null) ?? row.collation;
  return { length, byValue, category, align, storage, collation, output, send };
}

/** base_oid, typmod, not_null, default_text, dimensions */
function domainValues(object: TypeObject, catalog: Catalog): RawValue[] | undefined {
  if (object.form !== 'domain') return undefined;
  const { over, type, notNull, defaultText, dimensions = 0 } = object;
  const shown = markedExpression(inOuterParentheses(defaultText), catalog);
  // A domain that it is over has the modifier itself.
  return [over ?? typeOid(type.name), over === null ? type.typmod : -1, notNull !== null, shown, dimensions];
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
  domain: readonly RawValue[] = [0, -1, false, null, 0],
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
