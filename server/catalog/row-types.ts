/** Functions whose signatures have the rows of relations: what these are changes with the relations' columns. */
import type { CatalogColumn, CatalogFunction, ObjectId } from '../../sql/catalog.ts';
import { rowTypeOf } from '../../sql/types/record.ts';
import { arrayType, elementType } from '../../sql/types/table.ts';
import type { TypeName } from '../../sql/types/type.ts';
import type { Catalog } from './catalog.ts';

/** What became of functions, for the columns that there were. */
const ofColumns = new WeakMap<CatalogFunction, { readonly key: string; readonly current: CatalogFunction }>();

/** The function with the types of the rows that it takes and gives as they are now; the same one as long as they are the same. */
export function withRowTypes(called: CatalogFunction, catalog: Catalog): CatalogFunction {
  const { parameters, result } = called;
  const current = ({ type, rowOf }: { readonly type: TypeName; readonly rowOf?: ObjectId }): TypeName => {
    if (rowOf === undefined) return type;
    const relation = catalog.object(rowOf);
    const row =
      'columns' in relation
        ? rowTypeOf({ ...relation, columns: relation.columns as readonly CatalogColumn[] })
        : type;
    return elementType(type) === null ? row : arrayType(row)!;
  };
  const given = parameters.map(current);
  const gives = result.kind === 'value' ? current(result) : null;
  const isSame =
    given.every((type, i) => type === parameters[i]!.type) &&
    (result.kind !== 'value' || result.type === gives);
  if (isSame) return called;
  const key = [...given, gives].join();
  const known = ofColumns.get(called);
  if (known?.key === key) return known.current;
  const made: CatalogFunction = {
    ...called,
    parameters: parameters.map((parameter, i) => ({ ...parameter, type: given[i]! })),
    result: result.kind === 'value' ? { ...result, type: gives! } : result,
  };
  ofColumns.set(called, { key, current: made });
  return made;
}
