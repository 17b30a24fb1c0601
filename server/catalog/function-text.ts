/** A function's signature in PostgreSQL's words: pg_get_function_arguments, pg_get_function_result. */
import type { CatalogFunction } from '../../sql/catalog.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { displayType } from '../../sql/types/format.ts';
import type { TypeName } from '../../sql/types/type.ts';

const written = (name: string, type: TypeName): string =>
  name === '' ? displayType(type) : `${quoteIdentifier(name)} ${displayType(type)}`;

/** `a integer, b text`; what the function gives as columns is among its result. */
export function argumentsText({ parameters }: CatalogFunction): string {
  const each = parameters.map(
    ({ name, type, variadic }) => `${variadic ? 'VARIADIC ' : ''}${written(name, type)}`,
  );
  return each.join(', ');
}

/** `integer`, `SETOF text`, `TABLE(a integer, b text)`. */
export function resultText({ result }: CatalogFunction): string {
  if (result.kind === 'value') return `${result.set ? 'SETOF ' : ''}${displayType(result.type)}`;
  const columns = result.columns.map(({ name, type }) => written(name, type)).join(', ');
  return result.set ? `TABLE(${columns})` : 'record';
}
