/** Columns that every stored relation has besides its own. */
import { SqlError } from '../error.ts';

/** Columns that PostgreSQL's rows have of where and by whom they were written. */
export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax']);

/** `tableoid` or one that there is only in PostgreSQL. */
export function isSystemColumn(name: string): boolean {
  return name === 'tableoid' || SYSTEM_COLUMNS.has(name);
}

/** Refuses a column of a stored relation that is called as a system column is; columns of views and types may be. */
export function refuseSystemName(name: string): void {
  if (!isSystemColumn(name)) return;
  const message = `column name "${name}" conflicts with a system column name`;
  throw new SqlError({ sqlstate: '42701', message });
}
