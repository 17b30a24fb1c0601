/** What a function in SQL gives, and what its body has for it. */
import type { CatalogFunction, CatalogReader, FunctionColumn, FunctionResult } from '../catalog.ts';
import { SqlError } from '../error.ts';
import type { HirColumn } from '../hir.ts';
import { castPath } from '../types/casts.ts';
import { displayType } from '../types/format.ts';
import { recordFields } from '../types/record.ts';

type Declared = Pick<CatalogFunction, 'name' | 'result'>;
type ValueResult = Extract<FunctionResult, { readonly kind: 'value' }>;

/** A field of a composite type has a modifier, too. */
export interface BodyColumn extends FunctionColumn {
  readonly typmod?: number;
}

/**
 * The columns that a body has for what a function gives; null where the body gives the value itself. A row of a composite type
 * can be either: its fields one by one, or one value of the type.
 */
export function columnsOfBody(
  result: FunctionResult,
  given: readonly HirColumn[],
): readonly BodyColumn[] | null {
  if (result.kind === 'columns') {
    return result.columns.length > 0
      ? result.columns
      : given.map(({ name, type }) => ({ name, type: type.name, typmod: type.typmod }));
  }
  const fields = recordFields(result.type);
  if (fields === null) return null;
  const [only, second] = given;
  const isRow =
    only !== undefined &&
    second === undefined &&
    castPath(only.type.name, result.type, 'assignment') !== null;
  return isRow ? null : fields.map(({ name, type }) => ({ name, type: type.name, typmod: type.typmod }));
}

/** A body that does not give what is declared. */
export function mismatch({ name, result }: Declared, detail: string, catalog: CatalogReader): SqlError {
  const type =
    result.kind !== 'value'
      ? 'record'
      : result.domain === undefined
        ? displayType(result.type)
        : catalog.domain(result.domain).display;
  const message = `return type mismatch in function declared to return ${type}`;
  return new SqlError({ sqlstate: '42P13', message, detail, where: `SQL function "${name}"` });
}

/** Refuses the columns of a body that are not what is declared. */
export function checkColumns(
  definition: Declared,
  given: readonly HirColumn[],
  catalog: CatalogReader,
): void {
  const { result } = definition;
  const refused = (detail: string): SqlError => mismatch(definition, detail, catalog);
  const columns = columnsOfBody(result, given);
  const declared = columns === null ? [(result as ValueResult).type] : columns.map(({ type }) => type);
  if (columns === null && given.length !== 1) {
    throw refused('Final statement must return exactly one column.');
  }
  declared.forEach((type, i) => {
    const column = given[i];
    if (column === undefined) throw refused('Final statement returns too few columns.');
    const { name: source } = column.type;
    if (source === type || castPath(source, type, 'assignment') !== null) return;
    throw refused(
      columns === null
        ? `Actual return type is ${displayType(source)}.`
        : `Final statement returns ${displayType(source)} instead of ${displayType(type)} at column ${i + 1}.`,
    );
  });
  if (given.length > declared.length) {
    throw refused('Final statement returns too many columns.');
  }
}
