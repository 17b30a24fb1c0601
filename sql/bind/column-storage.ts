/** STORAGE and COMPRESSION of a column. They have no effect here, and are refused where PostgreSQL does. */
import { SqlError } from '../error.ts';
import { displayType } from '../types/format.ts';
import { typeRow } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';

const STORAGES: ReadonlySet<string> = new Set(['plain', 'external', 'extended', 'main', 'default']);
const COMPRESSIONS: ReadonlySet<string> = new Set(['pglz', 'lz4', 'default']);

/** What is never large is kept in its place. */
function isLarge(type: TypeName): boolean {
  return typeRow(type).storage !== 'p';
}

export function requireStorage(storage: string, type: TypeName): void {
  const name = storage.toLowerCase();
  if (!STORAGES.has(name)) {
    throw new SqlError({ sqlstate: '22023', message: `invalid storage type "${storage}"` });
  }
  if (name === 'plain' || name === 'default' || isLarge(type)) return;
  const message = `column data type ${displayType(type)} can only have storage PLAIN`;
  throw new SqlError({ sqlstate: '0A000', message });
}

export function requireCompression(method: string, type: TypeName): void {
  if (method === 'default') return;
  if (!isLarge(type)) {
    const message = `column data type ${displayType(type)} does not support compression`;
    throw new SqlError({ sqlstate: '0A000', message });
  }
  if (COMPRESSIONS.has(method)) return;
  throw new SqlError({ sqlstate: '22023', message: `invalid compression method "${method}"` });
}
