/** Columns that keep rows of a relation, whose own columns are then as they are. */
import type { CatalogColumn, ObjectId } from '../../../../sql/catalog.ts';
import { SqlError } from '../../../../sql/error.ts';
import { ownTypesOf } from '../../../../sql/types/mentions.ts';
import type { TypeName } from '../../../../sql/types/type.ts';
import { type CatalogObject, type TableObject, describeObject } from '../../../catalog/objects.ts';
import { declarableType } from '../../../catalog/reader.ts';
import type { System } from '../../../system.ts';
import { columnsOfType } from '../../drop.ts';

/** Refuses a column that would have rows of its own table in it. */
export function refuseOwnRows(
  { catalog }: System,
  { id, name }: TableObject,
  column: Pick<CatalogColumn, 'type' | 'domain'>,
): void {
  const seen = new Set<ObjectId>();
  const reaches = (type: TypeName, domain?: ObjectId | null): boolean =>
    [...ownTypesOf([type]), ...(domain === undefined || domain === null ? [] : [domain])].some((other) => {
      if (other === id) return true;
      if (seen.has(other) || !catalog.has(other)) return false;
      seen.add(other);
      const object = catalog.object(other);
      if (object.kind === 'type' && object.form === 'domain') return reaches(object.type.name, object.over);
      if (object.kind === 'type') {
        return (
          object.form === 'composite' && object.fields.some((field) => reaches(field.type.name, field.domain))
        );
      }
      if (object.kind === 'index' || !('columns' in object)) return false;
      return object.columns.some((each) => reaches(each.type.name, each.domain));
    });
  if (!reaches(column.type.name, column.domain)) return;
  const message = `composite type ${name} cannot be made a member of itself`;
  throw new SqlError({ sqlstate: '42P16', message });
}

/** Refuses other columns of a relation while a column, or a field of a composite type, is of the type of its rows. */
export function refuseKeptRows(system: System, before: CatalogObject, after: CatalogObject): void {
  if (declarableType(before) === declarableType(after)) return;
  const [kept] = columnsOfType(system, before);
  const type = system.catalog.dependents(before.id).find(({ kind }) => kind === 'type');
  if (kept === undefined && type === undefined) return;
  const user =
    kept === undefined
      ? describeObject(type!, system.catalog)
      : `column "${kept.stored.name}.${kept.columns[0]}"`;
  throw new SqlError({
    sqlstate: '0A000',
    message: `cannot alter ${before.kind === 'table' ? 'table' : 'view'} "${before.name}" because ${user} uses its row type`,
  });
}
