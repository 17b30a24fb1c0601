/**
 * Texts that the catalog keeps, and shows as the search path has it: before the schema of each name in them that is the user's own
 * stands a mark. Where the schema is searched, pg_get_expr and its kin leave it out; the marks they take away always.
 */
import { quoteIdentifier } from './quote.ts';

const MARK = '\u0002';

/** A name of the user's in such a text. */
export function markedName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${MARK}${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The schemas of `search_path` as the branches of a pattern, quoted where names have to be. */
const SEARCHED = String.raw`regexp_replace(regexp_replace(regexp_replace(current_setting('search_path'),
    '"([a-z_][a-z0-9_]*)"', '\1', 'g'), '([][$.*+?^(){}\\|])', '\\\1', 'g'), '\s*,\s*', '|', 'g')`;

/** The expression that shows the text of an expression. */
export function shownNames(text: string): string {
  return `CASE WHEN strpos(${text}, '${MARK}') > 0
    THEN replace(regexp_replace(${text}, '${MARK}(?:' || ${SEARCHED} || ')[.]', '', 'g'), '${MARK}', '') ELSE ${text} END`;
}
