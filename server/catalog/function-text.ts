/** A function's signature in PostgreSQL's words: pg_get_function_arguments, pg_get_function_result. */
import type { CatalogFunction, ObjectId } from '../../sql/catalog.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import type { TypeName } from '../../sql/types/type.ts';
import type { Catalog } from './catalog.ts';
import { typeText } from './objects.ts';

interface Typed {
  readonly name: string;
  readonly type: TypeName;
  readonly domain?: ObjectId;
  readonly rowOf?: ObjectId;
}

function written(column: Typed, catalog: Catalog): string {
  const type = typeText(column, catalog);
  return column.name === '' ? type : `${quoteIdentifier(column.name)} ${type}`;
}

/** `a integer, VARIADIC b text[]`; what the function gives as columns is among its result. */
export function argumentsText({ parameters }: CatalogFunction, catalog: Catalog): string {
  const each = parameters.map((one) => `${one.variadic ? 'VARIADIC ' : ''}${written(one, catalog)}`);
  return each.join(', ');
}

/** A function as messages show it: `f(integer, text)`. */
export function shownSignature(
  catalog: Catalog,
  name: string,
  parameters: readonly Omit<Typed, 'name'>[],
): string {
  return `${name}(${parameters.map((each) => typeText(each, catalog)).join(', ')})`;
}

/** `integer`, `SETOF text`, `TABLE(a integer, b text)`. */
export function resultText({ result }: CatalogFunction, catalog: Catalog): string {
  if (result.kind === 'value') return `${result.set ? 'SETOF ' : ''}${typeText(result, catalog)}`;
  if (result.columns.length === 0) return result.set ? 'SETOF record' : 'record';
  const columns = result.columns.map((column) => written(column, catalog)).join(', ');
  return result.set ? `TABLE(${columns})` : 'record';
}
