/** Types whose values cannot be compared (json and jsonpath, and what has it in it), where they would have to be. */
import { SqlError } from '../error.ts';
import { displayType } from '../types/format.ts';
import { recordFields } from '../types/record.ts';
import { elementType } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import type { Statement } from './statement.ts';

/** Whether values of the type are equal or not, and one before the other. */
export function isComparable(type: TypeName): boolean {
  if (type === 'json' || type === 'jsonpath') return false;
  const element = elementType(type);
  if (element !== null) return isComparable(element);
  return recordFields(type)?.every((field) => isComparable(field.type.name)) !== false;
}

/** Refuses to group by what is not comparable. */
export function requireEquality(
  statement: Pick<Statement, 'error'>,
  type: TypeName,
  at: number | undefined,
): void {
  if (isComparable(type)) return;
  throw statement.error('42883', `could not identify an equality operator for type ${displayType(type)}`, at);
}

/** Refuses to sort by what is not comparable. */
export function requireOrder(
  statement: Pick<Statement, 'error'>,
  type: TypeName,
  at: number | undefined,
): void {
  if (isComparable(type)) return;
  throw statement.error(
    '42883',
    `could not identify an ordering operator for type ${displayType(type)}`,
    at,
    {
      hint: 'Use an explicit ordering operator or modify the query.',
    },
  );
}

/** Refuses an index by what is not comparable. */
export function requireIndexable(type: TypeName): void {
  if (isComparable(type)) return;
  throw new SqlError({
    sqlstate: '42704',
    message: `data type ${displayType(type)} has no default operator class for access method "btree"`,
    hint: 'You must specify an operator class for the index or define a default operator class for the data type.',
  });
}
