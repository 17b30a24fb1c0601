/** A function's signature in PostgreSQL's words: pg_get_function_arguments, pg_get_function_result, with marked names. */
import type { ObjectId } from '../../sql/catalog.ts';
import { markedName } from '../../sql/functions/marked-names.ts';
import { quoteIdentifier, quoteLiteral } from '../../sql/functions/quote.ts';
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

/** An argument as pg_proc has it, those included that are what the function gives. */
interface Argument extends Typed {
  /** In, out, both, variadic, a column of RETURNS TABLE. */
  readonly mode: string;
  /** Which of the parameters of a call it is; null: it only gives. */
  readonly input: number | null;
}

/** In the order in which they were written. */
export function argumentsOf({ parameters, result, texts }: FunctionObject): Argument[] {
  const outputs =
    result.kind === 'columns' ? result.columns : [{ type: result.type, name: result.column ?? '' }];
  const modes =
    texts.modes ??
    [
      ...parameters.map(({ variadic }) => (variadic ? 'v' : 'i')),
      ...(result.kind === 'columns' && result.set ? result.columns.map(() => 't') : []),
    ].join('');
  let input = 0;
  let output = 0;
  return [...modes].map((mode): Argument => {
    const given = 'ot'.includes(mode) ? null : input++;
    const place = 'bot'.includes(mode) ? output++ : 0;
    if (given !== null) return { ...parameters[given]!, mode, input: given };
    const column = outputs[place]!;
    // Where no name was written the column got one.
    return { ...column, name: column.name === `column${place + 1}` ? '' : column.name, mode, input: null };
  });
}

const WORDS: Readonly<Record<string, string>> = { b: 'INOUT ', o: 'OUT ', v: 'VARIADIC ' };

/** `a integer DEFAULT 1, OUT c text, VARIADIC b text[]`; columns of RETURNS TABLE are part of the result. */
export function argumentsText(object: FunctionObject, catalog: Catalog, withDefaults: boolean): string {
  const shown = argumentsOf(object).filter(({ mode }) => mode !== 't');
  const each = shown.map((one) => {
    const text = withDefaults && one.input !== null ? argumentDefault(object, one.input, catalog) : null;
    return `${WORDS[one.mode] ?? ''}${written(one, catalog)}${text === null ? '' : ` DEFAULT ${text}`}`;
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
export function resultText(object: FunctionObject, catalog: Catalog): string {
  const { result } = object;
  const set = result.set ? 'SETOF ' : '';
  const columns = argumentsOf(object).filter(({ mode }) => mode === 't');
  if (columns.length > 0) return `TABLE(${columns.map((column) => written(column, catalog)).join(', ')})`;
  return `${set}${result.kind === 'value' ? markedType(result, catalog) : 'record'}`;
}

/** The clauses SET, as pg_get_functiondef has them. */
export function settingsText({ searchPath }: FunctionObject): string {
  if (searchPath === undefined) return '';
  const schemas = searchPath.length === 0 ? "''" : searchPath.map(quoteLiteral).join(', ');
  return ` SET search_path TO ${schemas}\n`;
}
