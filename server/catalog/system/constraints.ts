/** tw_internal.constraints: CHECK, NOT NULL, PRIMARY KEY, UNIQUE and FOREIGN KEY. */
import type { ReferentialAction } from '../../../sql/catalog.ts';
import { OTHER_TABLE } from '../../../sql/functions/catalog-functions.ts';
import type { Catalog } from '../catalog.ts';
import {
  checkDefinition,
  foreignKeyDefinition,
  keyDefinition,
  notNullDefinition,
} from '../definition-text.ts';
import { type ForeignKeyConstraint, isKey } from '../objects.ts';
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

export const constraints: RawTable = {
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
    ['is_enforced', 'bool'],
    ['no_inherit', 'bool'],
  ],
  ofObject: (object, catalog) => {
    const schema = catalog.schema(object.schema)?.id ?? 0;
    const unreferring: RawValue[] = [0, null, ' ', ' ', null, ' ', false, false];
    const none: RawValue[] = [...unreferring, true, false];
    if (object.kind === 'type' && object.form === 'domain') {
      const { notNull, checks } = object;
      const made = checks.map(({ id, name, text: kept, validated }): RawValue[] => {
        const text = markedExpression(kept, catalog);
        return [
          ...[
            id,
            0,
            name,
            'c',
            0,
            null,
            text,
            checkDefinition(text, { validated, enforced: true, noInherit: false }),
          ],
          ...[object.id, schema, validated, ...none],
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
      const key = [id, table, name, primary ? 'p' : 'u', id, keys, null, definition, 0, schema, true];
      return [[...key, ...unreferring, true, true]];
    }
    if (object.kind !== 'table') return [];
    const list = (columns: readonly number[]): string => `{${columns.map((number) => number + 1).join(',')}}`;
    const checks = object.checks.map((check): RawValue[] => {
      const { id, name, columns: read, text, validated, enforced, noInherit } = check;
      const condition = markedExpression(text, catalog);
      return [
        ...[id, object.id, name, 'c', 0, list(read), condition],
        ...[checkDefinition(condition, check), 0, schema, validated, ...unreferring, enforced, noInherit],
      ];
    });
    const notNulls = object.columns.flatMap(({ name: column, notNull }, number): RawValue[][] => {
      if (notNull === undefined) return [];
      const { id, name, validated, noInherit } = notNull;
      const definition = notNullDefinition(column, notNull);
      const own = [id, object.id, name, 'n', 0, list([number]), null, definition, 0, schema, validated];
      return [[...own, ...unreferring, true, noInherit]];
    });
    const foreign = object.foreignKeys.map((foreignKey): RawValue[] => {
      const { id, name, columns: own, parent, parentColumns, onUpdate, onDelete } = foreignKey;
      const { onDeleteColumns, full, deferrable, deferred, enforced, validated } = foreignKey;
      return [
        ...[id, object.id, name, 'f', parentIndex(foreignKey, catalog), list(own), null],
        ...[foreignKeyDefinition(object, foreignKey, catalog, OTHER_TABLE), 0, schema, validated],
        ...[parent, list(parentColumns), ACTION_CODES[onUpdate], ACTION_CODES[onDelete]],
        ...[onDeleteColumns && list(onDeleteColumns), full ? 'f' : 's', deferrable, deferred],
        ...[enforced, true],
      ];
    });
    return [...checks, ...notNulls, ...foreign];
  },
};
