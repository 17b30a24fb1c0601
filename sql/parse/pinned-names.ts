/**
 * The text of a DEFAULT, a CHECK, a generated column or an index is bound again wherever it is used, under any search path. What in it
 * is the user's own (functions in SQL, types) is therefore named by its oid: `tw_internal."#16385"(a)` goes on meaning the same
 * when the function gets another name, or another function comes that would suit as well.
 */
import type { Node } from '@pgsql/types';
import { nameParts } from '../ast/accessors.ts';
import { quoteIdentifier } from '../functions/quote.ts';
import { EditableText } from './edits.ts';

const SCHEMA = 'tw_internal';
const BEGINNING = `${SCHEMA}."#`;

/** The oid that a name stands for; null where it is another kind of name. */
export function pinnedOid(schema: string | null, name: string): number | null {
  const digits = schema === SCHEMA ? /^#(\d+)$/.exec(name)?.[1] : undefined;
  return digits === undefined ? null : Number(digits);
}

function pinnedName(oid: number): string {
  return `${SCHEMA}.${quoteIdentifier(`#${oid}`)}`;
}

/** The part of a text from `start` to `end` (UTF-16), with its names pinned; `meaning`: what a name at a place (UTF-8) means. */
export function withPinnedNames(
  whole: string,
  start: number,
  end: number,
  meaning: (at: number) => number | null,
): string {
  const part = whole.slice(start, end);
  const text = new EditableText(part);
  const before = Buffer.byteLength(whole.slice(0, start));
  const edits = text.tokens.flatMap((token, index) => {
    if (token.kind !== 'word' && token.kind !== 'quoted') return [];
    const oid = meaning(before + Buffer.byteLength(part.slice(0, token.start)));
    return oid === null ? [] : [text.replace(index, text.nameAt(index).at(-1)!, pinnedName(oid))];
  });
  return edits.length === 0 ? part : text.edited(edits);
}

/** The pinned names of a text: their first tokens and what they mean. */
function pinnedNames(text: EditableText): { readonly first: number; readonly oid: number }[] {
  return text.tokens.flatMap((token, first) => {
    if (token.kind !== 'word' || text.tokens[first + 1]?.text !== '.') return [];
    const oid = pinnedOid(token.text, text.tokens[first + 2]?.text.replaceAll('"', '') ?? '');
    return oid === null ? [] : [{ first, oid }];
  });
}

/** What a text names by oid. */
export function pinnedOids(text: string | null | undefined): number[] {
  if (text?.includes(BEGINNING) !== true) return [];
  return pinnedNames(new EditableText(text)).map(({ oid }) => oid);
}

/** The text as it is shown: with the names that its objects have now. */
export function withShownNames(text: string, nameOf: (oid: number) => string): string {
  if (!text.includes(BEGINNING)) return text;
  const editable = new EditableText(text);
  return editable.edited(
    pinnedNames(editable).map(({ first, oid }) => editable.replace(first, first + 2, nameOf(oid))),
  );
}

/** The lists of a tree that name functions and types, with where they stand. */
function namesIn(value: unknown, found: (holder: Record<string, unknown>, list: string) => void): void {
  if (value === null || typeof value !== 'object') return;
  const holder = value as Record<string, unknown>;
  if ('funcname' in holder) found(holder, 'funcname');
  if ('names' in holder) found(holder, 'names');
  for (const child of Object.values(holder)) namesIn(child, found);
}

/** An expression that is kept as its tree, with its names pinned. */
export function pinnedNode(node: Node, meaning: (at: number) => number | null): Node {
  const copy = structuredClone(node);
  namesIn(copy, (holder, list) => {
    const oid = typeof holder.location === 'number' ? meaning(holder.location) : null;
    if (oid !== null) holder[list] = [SCHEMA, `#${oid}`].map((sval) => ({ String: { sval } }));
  });
  return copy;
}

/** What such a tree names by oid. */
export function pinnedOidsOf(node: Node): number[] {
  const oids: number[] = [];
  namesIn(node, (holder, list) => {
    const [name, schema = null] = nameParts(holder[list] as Node[]).toReversed() as [string, string?];
    const oid = pinnedOid(schema, name);
    if (oid !== null) oids.push(oid);
  });
  return oids;
}
