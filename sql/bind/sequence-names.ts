/** Sequences that a DEFAULT names in texts: which they are is settled when it is made, whatever the search path is later. */
import type { CatalogReader } from '../catalog.ts';
import { quoteIdentifier, quoteLiteral } from '../functions/quote.ts';

const CALL =
  /((?:nextval|currval|setval)\s*\(\s*)'((?:[^']|'')*)'(\s*::\s*(?:pg_catalog\s*\.\s*)?regclass)?/gi;

/** The names in a text's calls, as their parts. */
export function sequenceNames(text: string): (readonly string[])[] {
  return [...text.matchAll(CALL)].map(([, , written]) => partsOf(written!));
}

/** The text with other names in its calls; null: the name stays. */
export function withSequenceNames(
  text: string,
  renamed: (parts: readonly string[]) => { readonly schema: string; readonly name: string } | null,
): string {
  return text.replaceAll(CALL, (whole: string, before: string, written: string) => {
    const to = renamed(partsOf(written));
    if (to === null) return whole;
    return `${before}${quoteLiteral(`${quoteIdentifier(to.schema)}.${quoteIdentifier(to.name)}`)}::regclass`;
  });
}

/** The text with each name as what it means now, in its schema. */
export function withFoundSequences(text: string, catalog: CatalogReader): string {
  return withSequenceNames(text, (parts) => {
    const [name, schema = null] = parts.toReversed();
    return name === undefined ? null : catalog.findRelation(schema, name);
  });
}

function partsOf(written: string): string[] {
  const name = written.replaceAll("''", "'");
  return [...name.matchAll(/"((?:[^"]|"")+)"|([^".\s]+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? plain!.toLowerCase() : quoted.replaceAll('""', '"'),
  );
}
