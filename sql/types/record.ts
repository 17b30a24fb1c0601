/** Record types: several values as one. Each list of fields is a type of its own, named by its number: `(3)`. */
import type { SqlType, TypeName } from './type.ts';

export interface RecordField {
  readonly name: string;
  readonly type: SqlType;
}

/** What a composite type is called. */
export interface CompositeName {
  readonly oid: number;
  /** The oid of its arrays' type. */
  readonly array: number;
  readonly name: string;
}

interface Shape {
  readonly fields: readonly RecordField[];
  readonly composite: CompositeName | null;
}

const shapes: Shape[] = [];
const numbers = new Map<string, number>();

/** The record of these fields: one of no name, or a composite type. */
export function recordType(fields: readonly RecordField[], composite: CompositeName | null = null): TypeName {
  const key = JSON.stringify([composite, ...fields.map(({ name, type }) => [name, type.name, type.typmod])]);
  let number = numbers.get(key);
  if (number === undefined) numbers.set(key, (number = shapes.push({ fields, composite }) - 1));
  return `(${number})` as TypeName;
}

/** What a record type is called; null for one of no name and for what is no record. */
export function compositeName(name: string): CompositeName | null {
  return name.startsWith('(') ? shapes[Number(name.slice(1, -1))]!.composite : null;
}

/** The fields of a record type; null for any other. */
export function recordFields(name: string): readonly RecordField[] | null {
  return name.startsWith('(') ? shapes[Number(name.slice(1, -1))]!.fields : null;
}

/** Whether a type is a record of no name, or arrays of one: no column of a relation can be. */
export function isAnonymous(name: string): boolean {
  const element = name.startsWith('_(') ? name.slice(1) : name;
  return element.startsWith('(') && compositeName(element) === null;
}
