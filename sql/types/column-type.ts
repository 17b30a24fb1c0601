import type { ColumnType, ScalarType } from '../../engine/plan.generated.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { recordFields } from './record.ts';
import { elementType, isRegistered, isVector } from './table.ts';
import type { NullableType, TypeName } from './type.ts';

const scalarTypes = new BoundedCache<TypeName, ScalarType>(10_000);

/** The engine's type for a type of SQL; `unknown` is text by the time that it gets there. */
export function toScalarType(name: TypeName): ScalarType {
  return scalarTypes.get(name) ?? scalarTypes.set(name, findScalarType(name));
}

function findScalarType(name: TypeName): ScalarType {
  if (isRegistered(name)) return 'oid';
  if (name.startsWith('_reg')) return '_oid';
  if (isVector(name)) return toScalarType(`_${elementType(name)!}` as TypeName);
  if (name === 'unknown') return 'text';
  const fields = recordFields(name);
  if (fields !== null) return `(${fields.map(({ type }) => toScalarType(type.name)).join(',')})`;
  if (name.startsWith('_(')) return `_${toScalarType(name.slice(1) as TypeName)}` as ScalarType;
  if (name === 'void' || name === 'record') throw new Error(`${name} has no values`);
  return name as ScalarType;
}

/** The engine's column type for a type of SQL. */
export function toColumnType(type: NullableType): ColumnType {
  return { scalar: toScalarType(type.name), typmod: type.typmod, nullable: type.nullable };
}
