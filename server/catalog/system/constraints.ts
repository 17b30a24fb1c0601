/** tw_internal.constraints: CHECK, NOT NULL, PRIMARY KEY, UNIQUE and FOREIGN KEY. */
import type { ReferentialAction } from '../../../sql/catalog.ts';
import { shownDomainCondition } from '../../../sql/bind/domain.ts';
import { OTHER_TABLE } from '../../../sql/functions/catalog-functions.ts';
import type { Catalog } from '../catalog.ts';
import {
  checkDefinition,
  foreignKeyDefinition,
  keyDefinition,
  notNullDefinition,
} from '../definition-text.ts';
import { type DomainObject, type ForeignKeyConstraint, type TableObject, isKey } from '../objects.ts';
import { inOuterParentheses } from '../outer-parentheses.ts';
import { markedExpression } from '../stored-expressions.ts';
import type { RawTable, RawValue } from './raw-table.ts';

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

const columns = [
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
  ['is_enforced', 'bool'],
  ['no_inherit', 'bool'],
] as const;

type ConstraintRow = Readonly<Record<(typeof columns)[number][0], RawValue>>;

/** What a constraint has where its kind says nothing else. */
const USUAL = {
  ...{ table_oid: 0, index_oid: 0, columns: null, condition: null, type_oid: 0, is_validated: true },
  ...{
    parent_oid: 0,
    parent_columns: null,
    on_update: ' ',
    on_delete: ' ',
    on_delete_columns: null,
    match: ' ',
  },
  ...{ is_deferrable: false, is_deferred: false, is_enforced: true, no_inherit: false },
} satisfies Partial<ConstraintRow>;

function row(own: Omit<ConstraintRow, keyof typeof USUAL> & Partial<ConstraintRow>): RawValue[] {
  const values: ConstraintRow = { ...USUAL, ...own };
  return columns.map(([name]) => values[name]);
}

/** Numbers of columns, from 0, as an array of those from 1. */
function numbers(from0: readonly number[]): string {
  return `{${from0.map((number) => number + 1).join(',')}}`;
}

function ofDomain(domain: DomainObject, schema: number, catalog: Catalog): RawValue[][] {
  const { id: type_oid, notNull, checks } = domain;
  const own = { type_oid, schema_oid: schema };
  const rows = checks.map(({ id: oid, name, text, validated }) => {
    const condition = markedExpression(inOuterParentheses(shownDomainCondition(text)), catalog);
    const definition = checkDefinition(condition, { validated, enforced: true, noInherit: false });
    return row({ ...own, oid, name, type: 'c', condition, definition, is_validated: validated });
  });
  if (notNull)
    rows.push(row({ ...own, oid: notNull.id, name: notNull.name, type: 'n', definition: 'NOT NULL' }));
  return rows;
}

function ofTable(table: TableObject, schema: number, catalog: Catalog): RawValue[][] {
  const own = { table_oid: table.id, schema_oid: schema };
  const checks = table.checks.map((check) => {
    const { id: oid, name, columns: read, validated, enforced, noInherit } = check;
    const condition = markedExpression(inOuterParentheses(check.text), catalog);
    const definition = checkDefinition(condition, check);
    const kept = { is_validated: validated, is_enforced: enforced, no_inherit: noInherit };
    return row({ ...own, oid, name, type: 'c', columns: numbers(read), condition, definition, ...kept });
  });
  const notNulls = table.columns.flatMap(({ name: column, notNull }, number) => {
    if (notNull === undefined) return [];
    const { id: oid, name, validated, noInherit } = notNull;
    const definition = notNullDefinition(column, notNull);
    const kept = { is_validated: validated, no_inherit: noInherit };
    return [row({ ...own, oid, name, type: 'n', columns: numbers([number]), definition, ...kept })];
  });
  const foreign = table.foreignKeys.map((foreignKey) => {
    const { id: oid, name, onDeleteColumns, full, deferrable, deferred, enforced, validated } = foreignKey;
    return row({
      ...own,
      ...{ oid, name, type: 'f', index_oid: parentIndex(foreignKey, catalog) },
      columns: numbers(foreignKey.columns),
      definition: foreignKeyDefinition(table, foreignKey, catalog, OTHER_TABLE),
      parent_oid: foreignKey.parent,
      parent_columns: numbers(foreignKey.parentColumns),
      on_update: ACTION_CODES[foreignKey.onUpdate],
      on_delete: ACTION_CODES[foreignKey.onDelete],
      on_delete_columns: onDeleteColumns && numbers(onDeleteColumns),
      match: full ? 'f' : 's',
      ...{ is_validated: validated, is_deferrable: deferrable, is_deferred: deferred },
      ...{ is_enforced: enforced, no_inherit: true },
    });
  });
  return [...checks, ...notNulls, ...foreign];
}

export const constraints: RawTable = {
  name: 'constraints',
  key: [0],
  columns,
  ofObject: (object, catalog) => {
    const schema = catalog.schema(object.schema)?.id ?? 0;
    if (object.kind === 'type' && object.form === 'domain') return ofDomain(object, schema, catalog);
    if (object.kind === 'table') return ofTable(object, schema, catalog);
    if (object.kind !== 'index' || !object.constraint) return [];
    const { id: oid, table: table_oid, name, primary } = object;
    const own = { oid, table_oid, schema_oid: schema, name, type: primary ? 'p' : 'u', index_oid: oid };
    const definition = keyDefinition(object, catalog);
    return [row({ ...own, columns: `{${object.columns.join(',')}}`, definition, no_inherit: true })];
  },
};
