/** Columns that keep rows of a relation, whose own columns are then as they are. */
import { SqlError } from '../../../../sql/error.ts';
import { type CatalogObject, describeObject } from '../../../catalog/objects.ts';
import { declarableType } from '../../../catalog/reader.ts';
import type { System } from '../../../system.ts';
import { columnsOfType } from '../../drop.ts';

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
