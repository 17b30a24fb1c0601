/**
 * Stored queries when what they name gets another name: the text is spliced where the names stand, and bound again
 * before it is kept. A text is taken only if it computes the same as before and calls its columns the same.
 */
import type { ColumnRef, RangeVar } from '@pgsql/types';
import { nameParts } from '../../../sql/ast/accessors.ts';
import type { ObjectId } from '../../../sql/catalog.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import { type Edit, EditableText } from '../../../sql/parse/edits.ts';
import { parse } from '../../../sql/parse/parse.ts';
import { sameMeaning } from '../../../sql/same-meaning.ts';
import type { Definition } from '../../catalog/objects.ts';
import type { Planning } from '../planning.ts';
import { aliasesOfCalls } from './unaliased-calls.ts';

interface QualifiedName {
  readonly schema: string;
  readonly name: string;
}

/** An object that gets another name or schema. */
export interface Renaming {
  readonly object: ObjectId;
  readonly from: QualifiedName;
  readonly to: QualifiedName;
}

/** A column of a relation that gets another name. */
export interface ColumnRenaming {
  readonly object: ObjectId;
  /** The relation's own name. */
  readonly relation: string;
  /** The columns' names until now. */
  readonly columns: readonly string[];
  readonly index: number;
}

/** The planning before and after the change: what names mean. */
export interface Planners {
  readonly before: Planning;
  readonly after: Planning;
}

type Query = Pick<Definition, 'query' | 'references' | 'searchPath' | 'timeZone'>;

/** How references to renamed relations are written; the first that means the same is taken. */
const STYLES = [
  { alias: false, qualify: false },
  { alias: true, qualify: false },
  { alias: false, qualify: true },
  { alias: true, qualify: true },
] as const;

/**
 * The query after the renamings, to be bound under `searchPath`; null when no way to write it is found. `pathUnknown`:
 * what unqualified names mean cannot be found out; `qualify`: they must carry their schema.
 */
export function renameInQuery<Q extends Query>(
  planners: Planners,
  definition: Q,
  renamings: readonly Renaming[],
  searchPath: readonly string[],
  options: { readonly pathUnknown?: boolean; readonly qualify?: boolean } = {},
): Q | null {
  const text = new EditableText(definition.query);
  const renamed = new Set(renamings.map(({ object }) => object));
  for (const style of STYLES) {
    if (options.qualify && !style.qualify) continue;
    const edits = renameEdits(text, definition, renamings, style);
    // What the renamed names mean is left to the binder: the new text must say it by itself.
    const pinned = definition.references.filter(({ object }) => options.pathUnknown || !renamed.has(object));
    const candidate = check(planners, definition, { text, edits, pinned, searchPath });
    if (candidate) return candidate;
  }
  return null;
}

/** The query after a column was renamed: as it is where nothing names the column, else under the column's old name. */
export function renameColumnInQuery<Q extends Query>(
  planners: Planners,
  definition: Q,
  renaming: ColumnRenaming,
): Q | null {
  const text = new EditableText(definition.query);
  const { searchPath, references: pinned } = definition;
  const unchanged = check(planners, definition, { text, edits: [], pinned, searchPath });
  if (unchanged) return unchanged;
  const edits = columnEdits(text, definition, renaming);
  return edits && check(planners, definition, { text, edits, pinned, searchPath });
}

/** The definition with the edited text if that means the same as before, else null. */
function check<Q extends Query>(
  { before, after }: Planners,
  definition: Q,
  change: {
    readonly text: EditableText;
    readonly edits: readonly Edit[];
    readonly pinned: Definition['references'];
    readonly searchPath: readonly string[];
  },
): Q | null {
  const { text, edits, pinned, searchPath } = change;
  const was = before.bindDefinition(definition);
  const query = text.edited(edits);
  const references = pinned.map(({ at, object }) => ({ at: text.moved(at, edits), object }));
  try {
    const becomes = after.bindDefinition({ ...definition, query, searchPath, references });
    const named = was.columns.every(({ name }, index) => name === becomes.columns[index]?.name);
    if (!named || !sameMeaning(was.relation, becomes.relation)) return null;
    return { ...definition, query, searchPath, references: becomes.references };
  } catch {
    return null; // an edit that does not parse or bind is no way to write it
  }
}

function renameEdits(
  text: EditableText,
  { query, references }: Query,
  renamings: readonly Renaming[],
  style: { readonly alias: boolean; readonly qualify: boolean },
): Edit[] {
  const edits: Edit[] = [];
  const { ranges, columns } = namesIn(query);
  const places = new Set<number>();
  const calls = new Map<Renaming, Set<number>>();
  for (const { at, object } of references) {
    const renaming = renamings.find((candidate) => candidate.object === object);
    const first = renaming && text.tokenAt(at);
    if (!renaming || first === undefined) continue;
    places.add(at);
    const { from, to } = renaming;
    const parts = text.nameAt(first);
    const qualified = style.qualify || parts.length > 1;
    const isNamed = style.alias && from.name !== to.name;
    const isCall = !ranges.has(at);
    if (isNamed && isCall) calls.set(renaming, (calls.get(renaming) ?? new Set()).add(at));
    const alias = isNamed && !isCall && ranges.get(at)?.alias === undefined;
    const written = qualified ? qualifiedName(to) : quoteIdentifier(to.name);
    edits.push(
      text.replace(first, parts.at(-1)!, alias ? `${written} AS ${quoteIdentifier(from.name)}` : written),
    );
  }
  for (const [{ from }, at] of calls) edits.push(...aliasesOfCalls(text, query, from.name, at));
  for (const [at, column] of columns) {
    const names = nameParts(column.fields).slice(0, -1);
    const first = text.tokenAt(at);
    if (names.length === 0 || first === undefined || places.has(at)) continue;
    const [name, schema] = names.toReversed();
    const renaming = renamings.find(
      ({ from }) => from.name === name && (schema === undefined || schema === from.schema),
    );
    if (!renaming) continue;
    const { from, to } = renaming;
    const last = text.nameAt(first)[names.length - 1]!;
    if (!style.alias || from.name === to.name) {
      const written = schema === undefined ? quoteIdentifier(to.name) : qualifiedName(to);
      edits.push(text.replace(first, last, written));
    } else if (schema !== undefined) edits.push(text.replace(first, last, quoteIdentifier(from.name)));
  }
  return edits;
}

/** Gives the columns their old names where the relation is read: `FROM t AS t(old, …)`. Null where there is no room for it. */
function columnEdits(
  text: EditableText,
  { query, references }: Query,
  { object, relation, columns, index }: ColumnRenaming,
): Edit[] | null {
  const edits: Edit[] = [];
  const names = namesIn(query);
  for (const reference of references) {
    if (reference.object !== object) continue;
    const range = names.ranges.get(reference.at);
    const first = text.tokenAt(reference.at);
    if (!range || first === undefined) return null;
    const last = text.nameAt(first).at(-1)!;
    const listed = range.alias?.colnames?.length ?? 0;
    if (listed > index) continue;
    const list = columns
      .slice(listed, index + 1)
      .map(quoteIdentifier)
      .join(', ');
    if (!range.alias) {
      edits.push(text.insertBehind(last, ` AS ${quoteIdentifier(relation)}(${list})`));
      continue;
    }
    const alias = last + (text.tokens[last + 1]?.text === 'as' ? 2 : 1);
    if (listed === 0) edits.push(text.insertBehind(alias, `(${list})`));
    else {
      const close = text.find((token) => token.text === ')', alias);
      if (close === undefined) return null;
      edits.push(text.insertBehind(close - 1, `, ${list}`));
    }
  }
  for (const [at, column] of names.columns) {
    // With an alias, the relation's schema is no longer part of its columns' names.
    const parts = nameParts(column.fields).slice(0, -1);
    const first = text.tokenAt(at);
    if (parts.length < 2 || parts.at(-1) !== relation || first === undefined) continue;
    edits.push(text.replace(first, text.nameAt(first)[parts.length - 1]!, quoteIdentifier(relation)));
  }
  return edits;
}

function qualifiedName({ schema, name }: QualifiedName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** The relations and the columns that a query names, by place. */
function namesIn(query: string): { ranges: Map<number, RangeVar>; columns: Map<number, ColumnRef> } {
  const ranges = new Map<number, RangeVar>();
  const columns = new Map<number, ColumnRef>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value !== null && typeof value === 'object') {
      for (const [kind, child] of Object.entries(value)) {
        if (kind === 'RangeVar') ranges.set((child as RangeVar).location ?? 0, child as RangeVar);
        if (kind === 'ColumnRef') columns.set((child as ColumnRef).location ?? 0, child as ColumnRef);
        walk(child);
      }
    }
  };
  walk(parse(query)[0]?.statement);
  return { ranges, columns };
}
