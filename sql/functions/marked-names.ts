/**
 * Texts that the catalog keeps, and shows as the search path has it: before the schema of each name in them that is the user's own
 * stands a mark. Where the schema is searched, pg_get_expr and its kin leave it out; the marks they take away always. So they do with those
 * of outer parentheses.
 */
import { quoteIdentifier } from './quote.ts';

const MARK = '\u0002';

/** Around an operation that is a whole expression: parentheses, which a text that is to be pretty goes without. */
const OUTER = { open: '\u0003', close: '\u0004' };

/** A whole expression that is an operation, in such a text. */
export function markedOuter(text: string): string {
  return `${OUTER.open}${text}${OUTER.close}`;
}

/** A name of the user's in such a text. */
export function markedName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${MARK}${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The schemas of `search_path` as the branches of a pattern, quoted where names have to be. */
const SEARCHED = String.raw`regexp_replace(regexp_replace(regexp_replace(current_setting('search_path'),
    '"([a-z_][a-z0-9_]*)"', '\1', 'g'), '([][$.*+?^(){}\\|])', '\\\1', 'g'), '\s*,\s*', '|', 'g')`;

/** The expression that shows the text of an expression; `pretty` says whether it is to be. */
export function shownNames(text: string, pretty?: string): string {
  const always = `'()'`;
  const outer = pretty === undefined ? always : `CASE WHEN ${pretty} THEN '' ELSE ${always} END`;
  return `translate(CASE WHEN strpos(${text}, '${MARK}') > 0
    THEN replace(regexp_replace(${text}, '${MARK}(?:' || ${SEARCHED} || ')[.]', '', 'g'), '${MARK}', '') ELSE ${text} END,
    '${OUTER.open}${OUTER.close}', ${outer})`;
}
