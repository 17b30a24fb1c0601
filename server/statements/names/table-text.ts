/** CREATE TABLE as a table is now: what SHOW CREATE shows once ALTER TABLE has changed it. */
import type { CatalogColumn, ObjectId } from '../../../sql/catalog.ts';
import { objectName } from '../../../sql/object-name.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { formatType } from '../../../sql/types/format.ts';
import { ownTypesOf } from '../../../sql/types/mentions.ts';
import { elementType } from '../../../sql/types/table.ts';
import type { Catalog } from '../../catalog/catalog.ts';
import {
  checkDefinition,
  declarationOf,
  foreignKeyDefinition,
  notNullDefinition,
} from '../../catalog/definition-text.ts';
import type { IndexObject, TableObject } from '../../catalog/objects.ts';
import { shownExpression } from '../../catalog/stored-expressions.ts';

/** `indexes`: the unique ones, as they are by now. */
export function tableText(table: TableObject, indexes: readonly IndexObject[], catalog: Catalog): string {
  const names = table.columns.map(({ name }) => quoteIdentifier(name));
  const list = (columns: readonly number[]): string => columns.map((column) => names[column]).join(', ');
  const shown = (text: string): string => shownExpression(text, table.schema, catalog);
  const columns = table.columns.map((column, index) => {
    const { type, defaultText, identity, generated: computed } = column;
    const generated =
      computed !== undefined
        ? ` GENERATED ALWAYS AS (${shown(computed.text)}) ${computed.stored ? 'STORED' : 'VIRTUAL'}`
        : identity === undefined
          ? defaultText === null
            ? ''
            : ` DEFAULT ${shown(defaultText)}`
          : ` GENERATED ${identity === 'always' ? 'ALWAYS' : 'BY DEFAULT'} AS IDENTITY`;
    const notNull = notNullClause(table, column);
    const [own] = column.domain === undefined ? ownTypesOf([type.name]) : [column.domain];
    const typeText =
      own === undefined
        ? formatType(type)
        : `${ownTypeName(catalog, table, own)}${elementType(type.name) === null || column.domain !== undefined ? '' : '[]'}`;
    return `${names[index]} ${typeText}${generated}${notNull}`;
  });
  const [primary] = table.keys;
  const key =
    primary === undefined
      ? []
      : [
          `CONSTRAINT ${quoteIdentifier(table.primaryKeyName ?? '')} PRIMARY KEY (${list(primary)})${include(primaryOf(table, indexes, catalog))}`,
        ];
  const unique = indexes
    .filter(({ constraint, primary: isPrimary }) => constraint && !isPrimary)
    .map((index) => {
      const { name, nullsEqual, columns: numbers } = index;
      const nulls = nullsEqual ? ' NULLS NOT DISTINCT' : '';
      return `CONSTRAINT ${quoteIdentifier(name)} UNIQUE${nulls} (${list(numbers.map((number) => number - 1))})${include(index)}`;
    });
  const checks = table.checks.map(
    (check) => `CONSTRAINT ${quoteIdentifier(check.name)} ${checkDefinition(shown(check.text), check)}`,
  );
  const notValid = table.columns.flatMap(({ name, notNull }) =>
    notNull?.validated === false
      ? [`CONSTRAINT ${quoteIdentifier(notNull.name)} ${notNullDefinition(name, notNull)}`]
      : [],
  );
  const foreign = table.foreignKeys.map(
    (foreignKey) =>
      `CONSTRAINT ${quoteIdentifier(foreignKey.name)} ${foreignKeyDefinition(table, foreignKey, catalog)}`,
  );
  const name = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
  return `CREATE TABLE ${name} (\n  ${[...columns, ...key, ...unique, ...notValid, ...checks, ...foreign].join(',\n  ')}\n)`;
}

function primaryOf(
  { id }: TableObject,
  indexes: readonly IndexObject[],
  catalog: Catalog,
): IndexObject | undefined {
  const isPrimary = (object: { readonly kind: string }): object is IndexObject =>
    object.kind === 'index' && (object as IndexObject).primary;
  return indexes.find(isPrimary) ?? catalog.dependents(id).find(isPrimary);
}

/** What a key has behind INCLUDE. */
function include(index: IndexObject | undefined): string {
  const names = index && declarationOf(index)?.included;
  return names?.length ? ` INCLUDE (${names.map(quoteIdentifier).join(', ')})` : '';
}

/** NOT NULL behind a column, with its name where PostgreSQL would choose another. */
function notNullClause(table: TableObject, { name, type, identity, notNull }: CatalogColumn): string {
  if (type.nullable || notNull === undefined) return '';
  const isUsual = notNull.name === objectName(table.name, name, 'not_null');
  if (isUsual && identity !== undefined && !notNull.noInherit) return '';
  const inherits = notNull.noInherit ? ' NO INHERIT' : '';
  return `${isUsual ? '' : ` CONSTRAINT ${quoteIdentifier(notNull.name)}`} NOT NULL${inherits}`;
}

/** A type of the user's as the table's statement names it: with its schema where that is another. */
function ownTypeName(catalog: Catalog, table: TableObject, type: ObjectId): string {
  const { schema, name } = catalog.object(type);
  return (schema === table.schema ? [name] : [schema, name]).map(quoteIdentifier).join('.');
}
