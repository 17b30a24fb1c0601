/** Record types: several values as one. Each list of fields is a type of its own, named by its number: `(3)`. */
import type { SqlType, TypeName } from './type.ts';

export interface RecordField {
  readonly name: string;
  readonly type: SqlType;
}

const shapes: (readonly RecordField[])[] = [];
const numbers = new Map<string, number>();

/** The record of these fields. */
export function recordType(fields: readonly RecordField[]): TypeName {
  const key = JSON.stringify(fields.map(({ name, type }) => [name, type.name, type.typmod]));
  let number = numbers.get(key);
  if (number === undefined) numbers.set(key, (number = shapes.push(fields) - 1));
  return `(${number})` as TypeName;
}

/** The fields of a record type; null for any other. */
export function recordFields(name: string): readonly RecordField[] | null {
  return name.startsWith('(') ? shapes[Number(name.slice(1, -1))]! : null;
}

/** Whether a type is a record, or arrays of one. */
export function isRecord(name: string): boolean {
  return name.startsWith('(') || name.startsWith('_(');
}
