import { domainType, enumOid } from './enum.ts';
import { objectOfType } from './own.ts';
import { compositeName, recordFields } from './record.ts';
import { elementType } from './table.ts';
import type { TypeName } from './type.ts';

/** Whether a type is another, or arrays of it, or a record that has it. */
export function mentionsType(type: TypeName, other: TypeName): boolean {
  if (type === other) return true;
  const element = elementType(type);
  if (element !== null) return mentionsType(element, other);
  return (
    recordFields(type)?.some(
      (field) =>
        mentionsType(field.type.name, other) ||
        (field.domain !== undefined && domainType(field.domain) === other),
    ) === true
  );
}

/** The objects that the types of one's own among these are, or whose arrays are: a relation's rows are of its type. */
export function ownTypesOf(types: readonly TypeName[]): number[] {
  const oids = types.flatMap((type) => {
    const element = elementType(type) ?? type;
    return enumOid(element) ?? compositeName(element)?.oid ?? [];
  });
  return [...new Set(oids.map(objectOfType))];
}
