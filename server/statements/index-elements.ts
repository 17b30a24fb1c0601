/** What CREATE INDEX is refused for of its columns and expressions. */
import type { IndexElem, IndexStmt, Node } from '@pgsql/types';
import { nameParts, nodeAs, stringOf } from '../../sql/ast/accessors.ts';
import { isSystemColumn } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { displayType } from '../../sql/types/format.ts';
import { typeRow } from '../../sql/types/table.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { OPERATOR_CLASSES, namedOperatorClass } from '../catalog/system/operator-classes.ts';

interface Columned {
  readonly columns: readonly { readonly name: string }[];
}

/** Where rows are, and by whom they were written, is not indexed. */
export function refuseSystemColumns(statement: IndexStmt, { columns }: Columned): void {
  const isOther = (name: string | undefined): boolean =>
    name !== undefined && isSystemColumn(name) && !columns.some((column) => column.name === name);
  const names = (value: unknown): boolean => {
    if (value === null || typeof value !== 'object') return false;
    const reference = nodeAs(value as Node, 'ColumnRef');
    if (reference !== undefined) return isOther(nameParts(reference.fields).at(-1));
    return isOther(nodeAs(value as Node, 'IndexElem')?.name) || Object.values(value).some(names);
  };
  const { indexParams, indexIncludingParams, whereClause } = statement;
  if (![indexParams, indexIncludingParams, whereClause].some(names)) return;
  const message = 'index creation on system columns is not supported';
  throw new SqlError({ sqlstate: '0A000', message });
}

/** What PostgreSQL refuses of a hash index, which has no order and one key. */
export function refuseOfHash({ unique, indexParams, indexIncludingParams }: IndexStmt): void {
  const elements = (indexParams ?? []).map((param) => nodeAs(param, 'IndexElem')!);
  const isOrdered = ({ ordering, nulls_ordering: nulls }: IndexElem, part: 'order' | 'nulls'): boolean => {
    const said = part === 'order' ? ordering : nulls;
    return said !== undefined && said !== 'SORTBY_DEFAULT' && said !== 'SORTBY_NULLS_DEFAULT';
  };
  const unsupported =
    unique === true
      ? 'unique indexes'
      : (indexIncludingParams ?? []).length > 0
        ? 'included columns'
        : elements.length > 1
          ? 'multicolumn indexes'
          : elements.some((element) => isOrdered(element, 'order'))
            ? 'ASC/DESC options'
            : elements.some((element) => isOrdered(element, 'nulls'))
              ? 'NULLS FIRST/LAST options'
              : null;
  if (unsupported === null) return;
  const message = `access method "hash" does not support ${unsupported}`;
  throw new SqlError({ sqlstate: '0A000', message });
}

/** The operator class that an index names for a key, if it takes the key's type. */
export function requireOperatorClass(
  { opclass, opclassopts }: IndexElem,
  type: TypeName,
  method: string,
): void {
  const name = stringOf(opclass!.at(-1)!);
  if (!OPERATOR_CLASSES.some(([, known]) => known === name)) {
    const message = `operator class "${name}" does not exist for access method "${method}"`;
    throw new SqlError({ sqlstate: '42704', message });
  }
  if (namedOperatorClass(name, typeRow(type)) !== null) {
    if (opclassopts) throw withoutOptions(name);
    return;
  }
  const message = `operator class "${name}" does not accept data type ${displayType(type)}`;
  throw new SqlError({ sqlstate: '42804', message });
}

/** Those of btree and hash have nothing to be set. */
function withoutOptions(operatorClass: string): SqlError {
  const message = `operator class ${operatorClass} has no options`;
  return new SqlError({ sqlstate: '22023', message });
}

/** The columns behind INCLUDE: an index has whole rows, so they only need to be there. */
export function requireIncluded(statement: IndexStmt, relation: Columned): void {
  for (const param of statement.indexIncludingParams ?? []) {
    const { name, expr } = nodeAs(param, 'IndexElem')!;
    if (expr) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'expressions are not supported in included columns',
      });
    }
    if (relation.columns.some((column) => column.name === name)) continue;
    throw new SqlError({ sqlstate: '42703', message: `column "${name}" does not exist` });
  }
}
