/** The types, by name and by oid: PostgreSQL's pg_type rows for what Tidewire has. */
import { typeRows } from '../functions/catalog.generated.ts';
import type { TypeRow } from '../functions/catalog-rows.ts';
import { quoteIdentifier } from '../functions/quote.ts';
import { domainOid, enumOid, isEnum } from './enum.ts';
import { elementOfArray, ownType } from './own.ts';
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

/** Those, and the pseudo-types that stand in signatures only. */
export const allTypes: readonly TypeRow[] = typeRows;

/** The oid of a pseudo-type that stands in signatures only; undefined for any other name. */
export function pseudoTypeOid(name: string): number | undefined {
  return signatureOnly.has(name) ? byName.get(name)?.oid : undefined;
}

/** The pg_type row of a type. */
export function typeRow(name: TypeName): TypeRow {
  const row = byName.get(name) ?? ownRow(name);
  if (row === undefined) throw new Error(`no type ${name}`);
  return row;
}

/** What all arrays of own types have in pg_type. */
const ARRAY = { kind: 'b', category: 'A', array: 0, length: -1, byValue: false } as const;
/** array_in and its like. */
const ARRAY_IO = { input: 750, output: 751, receive: 2400, send: 2401 } as const;
const RECORD_IO = { input: 2290, output: 2291, receive: 2402, send: 2403 } as const;
const ENUM_IO = { input: 3506, output: 3507, receive: 3532, send: 3533 } as const;
/** domain_in and domain_recv; what writes them is what writes the type beneath. */
const DOMAIN_IO = { input: 2597, output: 47, receive: 2598, send: 2415 } as const;
const BASE = { preferred: false, delimiter: ',', collation: 0 } as const;

/** The row of a type that users declare, of a record of no name, or of arrays of one of these. */
function ownRow(name: string): TypeRow | undefined {
  if (name.startsWith('_')) {
    const element = ownRow(name.slice(1));
    if (element === undefined) return undefined;
    return {
      ...{ ...BASE, ...ARRAY, ...ARRAY_IO, align: element.align, storage: 'x' },
      ...(element.kind === 'p' ? { kind: 'p', category: 'P' } : {}),
      ...{ oid: element.array, name: `_${element.name}`, element: element.oid },
      display: `${element.display}[]`,
    };
  }
  const oid = enumOid(name);
  if (oid !== null) {
    const own = ownType(oid) ?? { oid, array: 0, name, type: null };
    return {
      ...{ ...BASE, ...ENUM_IO, ...own, element: 0, display: quoteIdentifier(own.name) },
      ...{ kind: 'e', category: 'E', length: 4, byValue: true, align: 'i', storage: 'p' },
    };
  }
  const domain = domainOid(name);
  if (domain !== null) {
    const own = ownType(domain) ?? { oid: domain, array: 0, name, type: null };
    return {
      ...{ ...BASE, ...DOMAIN_IO, ...own, element: 0, display: quoteIdentifier(own.name) },
      ...{ kind: 'd', category: 'U', length: -1, byValue: false, align: 'i', storage: 'x' },
    };
  }
  if (!name.startsWith('(')) return undefined;
  const composite = compositeName(name);
  const row = { ...BASE, ...RECORD_IO, length: -1, byValue: false, align: 'd', storage: 'x', element: 0 };
  return composite === null
    ? { ...row, kind: 'p', category: 'P', oid: 2249, name: 'record', array: 2287, display: 'record' }
    : { ...row, kind: 'c', category: 'C', ...composite, display: composite.name };
}

/** The type of this `typname`, or undefined. */
export function findType(name: string): TypeName | undefined {
  return byName.has(name) && !signatureOnly.has(name) ? (name as TypeName) : undefined;
}

/** The type of this oid, or undefined. */
export function findTypeByOid(oid: number): TypeName | undefined {
  const row = byOid.get(oid);
  if (row !== undefined) return signatureOnly.has(row.name) ? undefined : (row.name as TypeName);
  const element = elementOfArray(oid);
  if (element !== undefined) return arrayType(findTypeByOid(element) ?? 'unknown') ?? undefined;
  return ownType(oid)?.type ?? undefined;
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
  return name.startsWith('(') || isEnum(name) ? (`_${name}` as TypeName) : (findType(`_${name}`) ?? null);
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
