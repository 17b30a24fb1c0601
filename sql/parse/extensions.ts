import type { Extension } from '../ast/extension.ts';
import type { Query } from '../ast/query.ts';
import { errorAt, noEffect } from './context.ts';
import type { Cursor } from './cursor.ts';
import {
  parseExpression,
  parseExpressionList,
  parseQueryNode,
  parseTypeName,
  type Span,
} from './fragment.ts';

// Clauses inside queries that PostgreSQL's grammar refuses or misreads. They are found in the tokens, parsed on
// their own, attached by offset, and blanked before PostgreSQL's grammar sees the text.

/** Words of which a text must have one for any clause of this file to be in it. */
export const EXTENSION_WORDS =
  'asof|mutually|emit|system_time|strict|as\\s+of|(?:session|options)(?=\\s*\\()';

/** A query of ours: extensions taken out, the rest parsed by PostgreSQL. */
export function parseQuery(cursor: Cursor): Query {
  const { context } = cursor;
  let end = cursor.end;
  let cuts = extractExtensions(cursor);
  // The text of the query does not include what was taken from its end.
  const emit = emitOnWindowClose(cursor);
  if (emit !== undefined) end = emit;
  if (cursor.at >= end) throw cursor.error('a query');
  const span = cursor.span(cursor.at, end);
  cuts = cuts.filter((cut) => cut.end <= span.end);
  const node = parseQueryNode(context, span, cuts);
  return {
    node,
    text: context.source.text.slice(span.start, span.end),
    location: context.source.byteOfUtf16(span.start),
  };
}

/** Finds the extensions in the cursor's tokens, records them in its context, and returns what to blank. */
export function extractExtensions(cursor: Cursor): Span[] {
  const { context, tokens } = cursor;
  const cuts: Span[] = [];
  const cut = (from: number, to: number): void => {
    cuts.push(cursor.span(from, to));
  };
  const at = (index: number): number => context.source.byteOfUtf16(cursor.offsetAt(index));
  const attach = (index: number, extension: Extension): void => {
    context.extensions.at.set(at(index), extension);
  };

  let depth = 0;
  for (let i = cursor.at; i < cursor.end; i++) {
    const token = tokens[i]!;
    if (token.kind === 'punctuation') {
      if (token.text === '(' || token.text === '[') depth++;
      if (token.text === ')' || token.text === ']') depth--;
      continue;
    }
    if (token.kind !== 'word') continue;
    const previous = i > cursor.at ? tokens[i - 1] : undefined;
    if (
      previous?.text === '.' ||
      (previous?.kind === 'word' && previous.text === 'as' && token.text !== 'of')
    ) {
      continue;
    }
    switch (token.text) {
      case 'asof': {
        const join = cursor.isAt(i + 1, 'join')
          ? i + 1
          : cursor.isAt(i + 1, 'left', 'join')
            ? i + 2
            : undefined;
        const leftBefore = cursor.isAt(i - 1, 'left') && cursor.isAt(i + 1, 'join');
        if (join === undefined && !leftBefore) break;
        cut(i, i + 1);
        const right = (join ?? i + 1) + 1;
        if (right >= cursor.end) throw cursor.slice(right, cursor.end).error('a relation');
        const extension: Extension & { kind: 'asof_join' } = { kind: 'asof_join', location: at(i) };
        const match = findMatchCondition(cursor, right);
        if (match !== undefined) {
          const close = cursor.closing(match + 1);
          extension.match = parseExpression(context, cursor.span(match + 2, close));
          cut(match, close + 1);
        }
        attach(right, extension);
        break;
      }
      case 'session':
        sessionPartition(cursor, i, cuts);
        break;
      case 'with':
        if (cursor.isAt(i + 1, 'mutually', 'recursive')) mutuallyRecursive(cursor, i, cuts);
        break;
      case 'for':
        if (cursor.isAt(i + 1, 'system_time', 'as', 'of')) {
          const end = primaryEnd(cursor, i + 4);
          const expression = parseExpression(context, cursor.span(i + 4, end));
          const start = relationStart(cursor, i);
          attach(start, { kind: 'system_time', location: at(i), expression });
          cut(i, end);
          i = end - 1;
        }
        break;
      case 'emit':
        if (depth === 0 && cursor.isAt(i, 'emit', 'on', 'window', 'close')) {
          if (i + 4 !== cursor.end) throw cursor.slice(i + 4, cursor.end).error();
          context.extensions.emitOnWindowClose = at(i);
          cut(i, i + 4);
        }
        break;
      case 'as':
        if (depth === 0 && cursor.isAt(i + 1, 'of') && isAsOf(cursor, i + 2)) {
          const end = asOfEnd(cursor, i + 2);
          parseAsOf(cursor, i, end);
          cut(i, end);
          i = end - 1;
        }
        break;
      case 'in':
        // CREATE INDEX … IN CLUSTER name ON …; our own statements take theirs themselves.
        if (depth === 0 && cursor.isAt(i + 1, 'cluster') && cursor.isAt(cursor.at, 'create')) {
          if (i + 2 >= cursor.end) throw cursor.slice(i + 2, cursor.end).error("a cluster's name");
          noEffect(context, 'IN CLUSTER', cursor.offsetAt(i));
          cut(i, i + 3);
          i += 2;
        }
        break;
      case 'options': {
        // Materialize: how many rows a group is expected to have. Foreign tables have OPTIONS too, of other words.
        const close = tokens[i + 1]?.text === '(' ? cursor.closing(i + 1) : i;
        if (cursor.isAt(close - 4, 'group', 'size') || cursor.isAt(close - 3, 'group', 'size')) {
          noEffect(context, 'OPTIONS (… GROUP SIZE …)', cursor.offsetAt(i));
          cut(i, close + 1);
          i = close;
        }
        break;
      }
      case 'strict':
        if (cursor.isAt(i - 1, 'level') && cursor.isAt(i + 1, 'serializable')) {
          context.extensions.strictSerializable = at(i);
          cut(i, i + 1);
        }
        break;
    }
  }
  return cuts;
}

/** Reads AS OF [AT LEAST] expr from the index of AS to an end, into the context. */
export function parseAsOf(cursor: Cursor, as: number, end: number): void {
  const { context } = cursor;
  if (context.extensions.asOf !== undefined) {
    throw errorAt(context, cursor.offsetAt(as), 'AS OF is given more than once');
  }
  const atLeast = cursor.isAt(as + 2, 'at', 'least');
  const from = as + (atLeast ? 4 : 2);
  if (from >= end) throw cursor.slice(end, cursor.end).error('a timestamp');
  context.extensions.asOf = {
    atLeast,
    expression: parseExpression(context, cursor.span(from, end)),
    location: context.source.byteOfUtf16(cursor.offsetAt(as)),
  };
}

/** Words that can follow an alias named "of", so that `AS OF` before them is that alias. */
const AFTER_ALIAS = new Set(
  `from where group having window order limit offset fetch for union intersect except join inner left right full
  cross natural on using tablesample asof emit into returning with set values select default when then as`
    .trim()
    .split(/\s+/),
);

function isAsOf(cursor: Cursor, index: number): boolean {
  if (cursor.isAt(index, 'at', 'least')) return true;
  const token = index < cursor.end ? cursor.tokens[index] : undefined;
  if (token === undefined) return false;
  if (token.kind === 'number' || token.kind === 'string' || token.kind === 'parameter') return true;
  if (token.kind === 'operator') return token.text === '-' || token.text === '+';
  return token.kind === 'word' && !AFTER_ALIAS.has(token.text);
}

function asOfEnd(cursor: Cursor, from: number): number {
  return cursor.find((i) => cursor.isAt(i, 'emit', 'on'), from);
}

function emitOnWindowClose(cursor: Cursor): number | undefined {
  const start = cursor.end - 4;
  return start >= cursor.at && cursor.isAt(start, 'emit', 'on', 'window', 'close') ? start : undefined;
}

/** The MATCH_CONDITION behind the right operand at an index, if it is there. */
function findMatchCondition(cursor: Cursor, right: number): number | undefined {
  const index = cursor.find(
    (i) =>
      cursor.isAt(i, 'match_condition') ||
      cursor.isAt(i, 'on') ||
      cursor.isAt(i, 'using') ||
      cursor.isAt(i, 'where') ||
      cursor.tokens[i]!.text === ')' ||
      cursor.isAt(i, 'join'),
    right,
  );
  if (!cursor.isAt(index, 'match_condition')) return undefined;
  if (index + 1 >= cursor.end || cursor.tokens[index + 1]!.text !== '(') {
    throw cursor.slice(index + 1, cursor.end).error('"("');
  }
  return index;
}

/** The end of a literal, a typed literal or a function call. */
function primaryEnd(cursor: Cursor, from: number): number {
  let i = from;
  const token = i < cursor.end ? cursor.tokens[i]! : undefined;
  if (token === undefined) throw cursor.slice(cursor.end, cursor.end).error('a timestamp');
  if (token.text === '(') return cursor.closing(i) + 1;
  i++;
  if (token.kind !== 'word') return i;
  const following = i < cursor.end ? cursor.tokens[i]! : undefined;
  if (following?.kind === 'string') return i + 1;
  if (following?.text === '(') return cursor.closing(i) + 1;
  return i;
}

/** The first token of the qualified name that ends before an index. */
function relationStart(cursor: Cursor, end: number): number {
  let start = end - 1;
  while (start - 2 >= cursor.at && cursor.tokens[start - 1]!.text === '.') start -= 2;
  return start;
}

/** `SESSION(relation, column, gap PARTITION BY expr, …)`. */
function sessionPartition(cursor: Cursor, index: number, cuts: Span[]): void {
  const { context, tokens } = cursor;
  if (index + 1 >= cursor.end || tokens[index + 1]!.text !== '(') return;
  const close = cursor.closing(index + 1);
  const inside = cursor.slice(index + 2, close);
  const partition = inside.find((i) => inside.isAt(i, 'partition', 'by'));
  if (partition === close) return;
  if (partition + 2 === close) throw cursor.slice(close, cursor.end).error('an expression');
  const location = context.source.byteOfUtf16(cursor.offsetAt(index));
  context.extensions.at.set(location, {
    kind: 'session_partition',
    location: context.source.byteOfUtf16(cursor.offsetAt(partition)),
    partition: parseExpressionList(context, cursor.span(partition + 2, close)),
  });
  cuts.push(cursor.span(partition, close));
}

/** WITH MUTUALLY RECURSIVE [(limit)] name (column type, …) AS (query), …: becomes WITH RECURSIVE name (columns). */
function mutuallyRecursive(cursor: Cursor, withIndex: number, cuts: Span[]): void {
  const { context, tokens } = cursor;
  const at = (index: number): number => context.source.byteOfUtf16(cursor.offsetAt(index));
  const extension: Extension & { kind: 'mutually_recursive' } = {
    kind: 'mutually_recursive',
    location: at(withIndex + 1),
  };
  cuts.push(cursor.span(withIndex + 1, withIndex + 2));
  const inner = cursor.slice(withIndex + 3, cursor.end);
  if (inner.isMark('(')) {
    const open = inner.at++;
    const policy = inner.eatOneOf(['error', 'return'] as const);
    if (policy !== undefined) inner.expect('at');
    inner.expect('recursion', 'limit');
    extension.limit = { count: inner.integer(), onLimit: policy ?? 'error' };
    inner.expectMark(')');
    cuts.push(cursor.span(open, inner.at));
  }
  context.extensions.at.set(at(withIndex), extension);
  do {
    const name = inner.at;
    inner.identifier('a name');
    if (!inner.isMark('(')) throw inner.error('"(", the columns and their types');
    const close = inner.closing(inner.at);
    inner.at++;
    const columns = [];
    for (const range of inner.commaSeparated(close)) {
      const column = cursor.slice(range.from, range.to);
      const identifier = column.identifier();
      if (column.done) throw cursor.slice(range.to, cursor.end).error('a type');
      const span = cursor.span(column.at, range.to);
      columns.push({ name: identifier, type: parseTypeName(context, span) });
      cuts.push(span);
    }
    context.extensions.at.set(at(name), { kind: 'cte_types', location: at(name), columns });
    inner.at = close + 1;
    inner.expect('as');
    if (!inner.isMark('(')) throw inner.error('"("');
    inner.at = inner.closing(inner.at) + 1;
  } while (inner.eatMark(',') && tokens[inner.at] !== undefined);
}
