/** The types, by name and by oid: PostgreSQL's pg_type rows for what Tidewire has. */
import { typeRows } from '../functions/catalog.generated.ts';
import type { TypeRow } from '../functions/catalog-rows.ts';
import { polymorphicTypes } from './polymorphic-names.ts';
import { compositeName } from './record.ts';
import type { SqlType, TypeName } from './type.ts';

const byName = new Map<string, TypeRow>(typeRows.map((row) => [row.name, row]));
const byOid = new Map<number, TypeRow>(typeRows.map((row) => [row.oid, row]));

/** Pseudo-types that stand in signatures only. */
const signatureOnly = new Set(['any', 'void', ...polymorphicTypes]);
const registered = new Set<string>([
  ...['regclass', 'regtype', 'regproc', 'regnamespace', 'regrole'],
  ...['regprocedure', 'regoper', 'regoperator', 'regcollation'],
]);
/** Arrays that count from 0 and are written without brackets: the catalog's own. */
const vectors: Readonly<Record<string, TypeName>> = { int2vector: 'int2', oidvector: 'oid' };

/** All types that expressions can have. */
export const types: readonly TypeRow[] = typeRows.filter((row) => !signatureOnly.has(row.name));

/** The pg_type row of a type. */
export function typeRow(name: TypeName): TypeRow {
  const row = byName.get(name) ?? recordRow(name);
  if (row === undefined) throw new Error(`no type ${name}`);
  return row;
}

/** The row of a record type, or of arrays of one: what pg_type has of `record` and `_record`. */
function recordRow(name: string): TypeRow | undefined {
  const isArray = name.startsWith('_(');
  if (!isArray && !name.startsWith('(')) return undefined;
  const composite = compositeName(isArray ? name.slice(1) : name);
  const common = { preferred: false, collation: 0, align: 'd', storage: 'x' };
  if (composite !== null) {
    const { oid, array } = composite;
    const row = { ...typeRow('text'), ...common };
    return isArray
      ? {
          ...row,
          kind: 'b',
          category: 'A',
          oid: array,
          name: `_${composite.name}`,
          array: 0,
          element: oid,
          display: `${composite.name}[]`,
        }
      : {
          ...row,
          kind: 'c',
          category: 'C',
          oid,
          name: composite.name,
          array,
          element: 0,
          display: composite.name,
        };
  }
  const row = { ...typeRow('text'), ...common, kind: 'p', category: 'P' };
  return isArray
    ? { ...row, oid: 2287, name: '_record', array: 0, element: 2249, display: 'record[]' }
    : { ...row, oid: 2249, name: 'record', array: 2287, element: 0, display: 'record' };
}

/** The type of this `typname`, or undefined. */
export function findType(name: string): TypeName | undefined {
  return byName.has(name) && !signatureOnly.has(name) ? (name as TypeName) : undefined;
}

/** The type of this oid, or undefined. */
export function findTypeByOid(oid: number): TypeName | undefined {
  const row = byOid.get(oid);
  return row === undefined || signatureOnly.has(row.name) ? undefined : (row.name as TypeName);
}

/** The oid of a type. */
export function typeOid(name: TypeName): number {
  return typeRow(name).oid;
}

/** `typlen`. */
export function typeLength(name: TypeName): number {
  return typeRow(name).length;
}

/** The type of an array type's elements, or null for a type that is no array. */
export function elementType(name: TypeName): TypeName | null {
  return name.startsWith('_') ? (name.slice(1) as TypeName) : (vectors[name] ?? null);
}

/** The type of arrays of this type, or null where there are none. */
export function arrayType(name: TypeName): TypeName | null {
  return name.startsWith('(') ? (`_${name}` as TypeName) : (findType(`_${name}`) ?? null);
}

/** Whether it is one of the reg* types, which are oids with a name of their own. */
export function isRegistered(name: string): boolean {
  return registered.has(name);
}

/** Whether it is int2vector or oidvector. */
export function isVector(name: string): boolean {
  return name in vectors;
}

/** A type without modifier. */
export function plain(name: TypeName): SqlType {
  return plainTypes.get(name) ?? { name, typmod: -1 };
}

const plainTypes = new Map<string, SqlType>(
  typeRows.map((row) => [row.name, { name: row.name as TypeName, typmod: -1 }]),
);
