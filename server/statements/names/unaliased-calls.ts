/** Columns and FROM items that are called as a function is, because nothing calls them otherwise. */
import type { FuncCall, RangeFunction, ResTarget, SelectStmt } from '@pgsql/types';
import { nodeAs } from '../../../sql/ast/accessors.ts';
import { columnName } from '../../../sql/bind/column-name.ts';
import { quoteIdentifier } from '../../../sql/functions/quote.ts';
import type { Edit, EditableText } from '../../../sql/parse/edits.ts';
import { parse } from '../../../sql/parse/parse.ts';

/** Keywords that end an expression of a SELECT list, or an item of FROM, outside of parentheses. */
const AFTER_TARGET = new Set([
  ...['from', 'where', 'group', 'having', 'window', 'union', 'intersect', 'except'],
  ...['order', 'limit', 'offset', 'fetch', 'for', 'into'],
]);

/**
 * Gives what is called `name` after its function the name as an alias: `f(x)` in a SELECT list, and `FROM f(x)`. `places`
 * are those of the names of functions.
 */
export function aliasesOfCalls(
  text: EditableText,
  query: string,
  name: string,
  places: ReadonlySet<number>,
): Edit[] {
  const edits: Edit[] = [];
  const alias = ` AS ${quoteIdentifier(name)}`;
  const { targets, items } = unaliased(query);
  for (const { location, val } of targets) {
    if (val === undefined || columnName(val) !== name) continue;
    const first = text.tokenAt(location ?? 0);
    const last = first === undefined ? undefined : endOfTarget(text, first);
    if (last !== undefined) edits.push(text.insertBehind(last, alias));
  }
  for (const call of items) {
    if (call.location === undefined || !places.has(call.location)) continue;
    const first = text.tokenAt(call.location);
    const open = first === undefined ? undefined : text.find(({ text: own }) => own === '(', first);
    const close = open === undefined ? undefined : closing(text, open);
    if (close === undefined) continue;
    edits.push(text.insertBehind(close, alias));
  }
  return edits;
}

/** The SELECT lists' entries and FROM's calls that have no alias. */
function unaliased(query: string): { targets: ResTarget[]; items: FuncCall[] } {
  const targets: ResTarget[] = [];
  const items: FuncCall[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value !== null && typeof value === 'object') {
      for (const [kind, child] of Object.entries(value)) {
        // The sides of a set operation have no kind.
        if (kind === 'SelectStmt' || kind === 'larg' || kind === 'rarg') {
          const listed = ((child as SelectStmt).targetList ?? []).flatMap(
            (target) => nodeAs(target, 'ResTarget') ?? [],
          );
          targets.push(...listed.filter((target) => target.name === undefined));
        }
        if (kind === 'RangeFunction') items.push(...callOf(child as RangeFunction));
        walk(child);
      }
    }
  };
  walk(parse(query)[0]?.statement);
  return { targets, items };
}

function callOf({ alias, is_rowsfrom: several, functions }: RangeFunction): FuncCall[] {
  if (alias !== undefined || several === true) return [];
  const call = nodeAs(nodeAs(functions?.[0], 'List')?.items?.[0], 'FuncCall');
  return call === undefined ? [] : [call];
}

/** The last token of the SELECT list's entry that begins at `first`. */
function endOfTarget({ tokens }: EditableText, first: number): number | undefined {
  let depth = 0;
  for (let index = first; index < tokens.length; index += 1) {
    const { kind, text } = tokens[index]!;
    if (text === '(' || text === '[') depth += 1;
    if (text === ')' || text === ']') depth -= 1;
    const before = tokens[index - 1]?.text;
    const ends =
      text === ',' ||
      text === ';' ||
      (kind === 'word' && AFTER_TARGET.has(text) && before !== 'distinct' && before !== 'within');
    if (depth < 0 || (depth === 0 && index > first && ends)) return index - 1;
  }
  return tokens.length - 1;
}

/** The parenthesis that closes the one at `open`. */
function closing({ tokens }: EditableText, open: number): number | undefined {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    const { text } = tokens[index]!;
    if (text === '(') depth += 1;
    if (text === ')' && --depth === 0) return index;
  }
  return undefined;
}
