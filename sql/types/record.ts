/** Record types: several values as one. Each list of fields is a type of its own, named by its number: `(3)`. */
import { type OwnType, nameType, ownType, rowTypeOids } from './own.ts';
import type { SqlType, TypeName } from './type.ts';

export interface RecordField {
  readonly name: string;
  readonly type: SqlType;
  /** The domain that its values are of; its type is the one that the domain is over. */
  readonly domain?: number | undefined;
  /** How many dimensions the type of a composite type's field was declared with, which is shown. */
  readonly dimensions?: number | undefined;
  /** The collation that the field was declared with, which is shown too. */
  readonly collation?: string | undefined;
}

interface Shape {
  readonly fields: readonly RecordField[];
  /** The oid of the composite type that it is; null for a record of no name. */
  readonly composite: number | null;
}

const shapes: Shape[] = [];
const numbers = new Map<string, number>();

/** The record of these fields: one of no name, or the composite type of this oid. */
export function recordType(fields: readonly RecordField[], composite: number | null = null): TypeName {
  const key = JSON.stringify([
    composite,
    ...fields.map(({ name, type, domain }) => [name, type.name, type.typmod, domain]),
  ]);
  let number = numbers.get(key);
  if (number === undefined) numbers.set(key, (number = shapes.push({ fields, composite }) - 1));
  return `(${number})` as TypeName;
}

/** The composite type of a relation's rows, which has the relation's name. */
export function rowTypeOf({
  id,
  name,
  columns,
}: {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly RecordField[];
}): TypeName {
  const oids = rowTypeOids(id);
  const type = recordType(
    columns.map(({ name: column, type: of, domain }) => ({
      name: column,
      type: { name: of.name, typmod: of.typmod },
      domain,
    })),
    oids.oid,
  );
  nameType({ ...oids, name, type });
  return type;
}

/** The composite type that a record type is; null for one of no name and for what is no record. */
export function compositeName(name: string): OwnType | null {
  const oid = name.startsWith('(') ? shapes[Number(name.slice(1, -1))]!.composite : null;
  return oid === null ? null : (ownType(oid) ?? null);
}

/** The fields of a record type; null for any other. */
export function recordFields(name: string): readonly RecordField[] | null {
  return name.startsWith('(') ? shapes[Number(name.slice(1, -1))]!.fields : null;
}

/** Whether fields of the type have modifiers or are of domains, so that not every row of such values is one of it. */
export function hasConditions(name: string): boolean {
  const fields = recordFields(name.startsWith('_') ? name.slice(1) : name);
  return (
    fields?.some(
      ({ type, domain }) => type.typmod !== -1 || domain !== undefined || hasConditions(type.name),
    ) === true
  );
}

/** The domains that fields of a type are of, in whatever depth. */
export function domainsWithin(name: string): number[] {
  const fields = recordFields(name.startsWith('_') ? name.slice(1) : name) ?? [];
  return fields.flatMap(({ type, domain }) => [domain ?? [], domainsWithin(type.name)].flat());
}

/** The type without the modifiers and the domains of its fields: a record of no name. */
export function withoutConditions(name: TypeName): TypeName {
  if (name.startsWith('_(')) return `_${withoutConditions(name.slice(1) as TypeName)}` as TypeName;
  const fields = recordFields(name);
  if (fields === null) return name;
  return recordType(
    fields.map((field) => ({
      name: field.name,
      type: { name: withoutConditions(field.type.name), typmod: -1 },
    })),
  );
}

/** Whether a type is a record of no name, or arrays of one: no column of a relation can be. */
export function isAnonymous(name: string): boolean {
  const element = name.startsWith('_(') ? name.slice(1) : name;
  return element.startsWith('(') && compositeName(element) === null;
}
