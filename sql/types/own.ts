/**
 * The names of types that users declare, by oid. Within the server such a type is called by its oid, so that ALTER TYPE …
 * RENAME TO changes nothing but what is shown.
 */

import type { TypeName } from './type.ts';

/** A type as pg_type has it. */
export interface OwnType {
  readonly oid: number;
  /** The oid of its arrays' type. */
  readonly array: number;
  readonly name: string;
  /** What values are known as within the server, where the oid says it. */
  readonly type: TypeName | null;
}

const names = new Map<number, OwnType>();
const arrays = new Map<number, number>();

/** A type is called this from now on. */
export function nameType(type: OwnType): void {
  names.set(type.oid, type);
  arrays.set(type.array, type.oid);
}

/** What the type of this oid is called. */
export function ownType(oid: number): OwnType | undefined {
  return names.get(oid);
}

/** The type whose arrays' type has this oid. */
export function elementOfArray(oid: number): number | undefined {
  return arrays.get(oid);
}

/** Objects' ids stay below: what is above are the types of relations' rows and of arrays of these. */
const ROW_TYPES = 1 << 30;

/** The object that a type's oid is of: a type, or the relation of whose rows it is. */
export function objectOfType(oid: number): number {
  return oid < ROW_TYPES ? oid : (oid - ROW_TYPES) >> 1;
}

/** The oids of the type of a relation's rows and of their arrays' type. */
export function rowTypeOids(relation: number): { readonly oid: number; readonly array: number } {
  return { oid: ROW_TYPES + 2 * relation, array: ROW_TYPES + 2 * relation + 1 };
}
