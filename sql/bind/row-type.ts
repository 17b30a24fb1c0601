/** The type of a relation's rows, which its name stands for where a value is cast, or a function declared. */
import type { TypeName as TypeNameNode } from '@pgsql/types';
import { typeReference } from '../ast/accessors.ts';
import type { ObjectId } from '../catalog.ts';
import { rowTypeOf } from '../types/record.ts';
import { arrayType, findType } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import type { Statement } from './statement.ts';

export interface RowType {
  readonly type: TypeName;
  readonly relation: ObjectId;
}

/** What the name of a type means where it is a relation's; null where it is a type's, or nobody's. */
export function bindRowType(statement: Statement, node: TypeNameNode): RowType | null {
  const { names, arrayBounds, typmods, location } = typeReference(node);
  if (typmods.length > 0 || node.pct_type === true) return null;
  const name = names[names.length - 1]!;
  const schema = names.length > 1 ? names[names.length - 2]! : null;
  const { catalog } = statement.environment;
  const place = statement.placeOf(location);
  const isType =
    findType(name) !== undefined ||
    catalog.findType(schema, name, place) !== null ||
    catalog.findDomain(schema, name, place) !== null;
  const relation = isType ? null : catalog.findRelation(schema, name, place);
  // Nobody declares a value of a sequence's.
  if (relation === null || relation.kind === 'sequence') return null;
  const type = rowTypeOf(relation);
  return { type: arrayBounds.length > 0 ? arrayType(type)! : type, relation: relation.id };
}
