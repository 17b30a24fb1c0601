/** A function's signature in PostgreSQL's words: pg_get_function_arguments, pg_get_function_result, with marked names. */
import type { CatalogFunction, ObjectId } from '../../sql/catalog.ts';
import { markedName } from '../../sql/functions/marked-names.ts';
import { quoteIdentifier } from '../../sql/functions/quote.ts';
import { displayType } from '../../sql/types/format.ts';
import { ownTypesOf } from '../../sql/types/mentions.ts';
import { elementType } from '../../sql/types/table.ts';
import type { TypeName } from '../../sql/types/type.ts';
import type { Catalog } from './catalog.ts';
import { type FunctionObject, typeText } from './objects.ts';
import { shownDefault } from './shown-default.ts';
import { inOuterParentheses } from './outer-parentheses.ts';
import { markedExpression } from './stored-expressions.ts';

interface Typed {
  readonly name: string;
  readonly type: TypeName;
  readonly domain?: ObjectId;
  readonly rowOf?: ObjectId;
}

function markedType({ type, domain, rowOf }: Omit<Typed, 'name'>, catalog: Catalog): string {
  const [own] = domain === undefined ? ownTypesOf([type]) : [domain];
  const named = rowOf ?? own;
  if (named === undefined) return displayType(type);
  const isArray = domain === undefined && elementType(type) !== null;
  return `${markedName(catalog.object(named))}${isArray ? '[]' : ''}`;
}

function written(column: Typed, catalog: Catalog): string {
  const type = markedType(column, catalog);
  return column.name === '' ? type : `${quoteIdentifier(column.name)} ${type}`;
}

/** The default of a parameter; null: it has none. */
export function argumentDefault(
  { parameters, texts }: Pick<FunctionObject, 'parameters' | 'texts'>,
  index: number,
  catalog: Catalog,
): string | null {
  const text = texts.defaults[index] ?? null;
  return (
    text &&
    shownDefault(markedExpression(inOuterParentheses(text), catalog), parameters[index]!.type, catalog)
  );
}

/** `a integer DEFAULT 1, VARIADIC b text[]`; what the function gives as columns is among its result. */
export function argumentsText(
  { parameters, texts }: Pick<FunctionObject, 'parameters' | 'texts'>,
  catalog: Catalog,
  withDefaults: boolean,
): string {
  const each = parameters.map((one, i) => {
    const text = withDefaults ? argumentDefault({ parameters, texts }, i, catalog) : null;
    const shown = text === null ? '' : ` DEFAULT ${text}`;
    return `${one.variadic ? 'VARIADIC ' : ''}${written(one, catalog)}${shown}`;
  });
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
  if (result.kind === 'value') return `${result.set ? 'SETOF ' : ''}${markedType(result, catalog)}`;
  if (result.columns.length === 0) return result.set ? 'SETOF record' : 'record';
  const columns = result.columns.map((column) => written(column, catalog)).join(', ');
  return result.set ? `TABLE(${columns})` : 'record';
}
