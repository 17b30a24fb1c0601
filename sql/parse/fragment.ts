import type { ColumnDef, Node, RawStmt, TypeName } from '@pgsql/types';
import { nodeAs } from '../ast/accessors.ts';
import { SqlError } from '../error.ts';
import { errorAt, type ParseContext } from './context.ts';
import { grammarHint, grammarSqlstate, parseGrammar } from './grammar.ts';
import { SourceText } from './source-text.ts';

/** A part of the user's text, in UTF-16 offsets. */
export interface Span {
  start: number;
  end: number;
}

const LOCATION_KEY = /(^|_)location$|^(rexpr_)?list_(start|end)$/;

/**
 * Parses a span of the user's text with PostgreSQL's grammar, put between a prefix and a suffix that make it a
 * statement. Cuts inside it are overwritten by as many spaces as they have bytes, so that every location in the
 * tree, shifted, is a byte of the user's text; so is every error's place. The prefix is never empty: then no
 * location in the tree is 0, which protobuf would leave out.
 */
export function parseFragment(
  context: ParseContext,
  span: Span,
  cuts: readonly Span[] = [],
  prefix = ' ',
  suffix = '',
): RawStmt[] {
  const { source } = context;
  const body = blank(source.text, span, cuts);
  const parsed = new SourceText(prefix + body + suffix);
  const shift = source.byteOfUtf16(span.start) - prefix.length;
  const answer = parseGrammar(parsed);
  if (Array.isArray(answer)) {
    shiftLocations(answer, shift);
    return answer;
  }
  const first = source.byteOfUtf16(span.start);
  const last = source.byteOfUtf16(span.end);
  const byte = answer.byte === undefined ? first : answer.byte + shift;
  // The grammar stopped behind the span, at the suffix: what follows in the user's text came too early.
  if (byte >= last && suffix !== '') throw endOfSpan(context, span.end);
  const { message } = answer;
  throw new SqlError({
    sqlstate: grammarSqlstate(message),
    message,
    ...grammarHint(parsed, answer),
    position: source.positionOfByte(Math.min(Math.max(byte, first), last)),
  });
}

function endOfSpan(context: ParseContext, end: number): SqlError {
  const { text } = context.source;
  const following = /^\s*([\w$\u0080-\uffff]+|[^\s;])/.exec(text.slice(end, end + 1000));
  if (following === null) return errorAt(context, end, 'syntax error at end of input');
  const at = end + following[0].length - following[1]!.length;
  return errorAt(context, at, `syntax error at or near "${following[1]}"`);
}

function blank(text: string, span: Span, cuts: readonly Span[]): string {
  let out = '';
  let at = span.start;
  for (const cut of [...cuts].sort((a, b) => a.start - b.start)) {
    if (cut.start < at || cut.end > span.end) continue;
    out += text.slice(at, cut.start);
    out += ' '.repeat(Buffer.byteLength(text.slice(cut.start, cut.end)));
    at = cut.end;
  }
  return out + text.slice(at, span.end);
}

function shiftLocations(node: unknown, shift: number): void {
  if (Array.isArray(node)) {
    for (const element of node) shiftLocations(element, shift);
  } else if (node !== null && typeof node === 'object') {
    const fields = node as Record<string, unknown>;
    for (const key in fields) {
      const value = fields[key];
      if (typeof value === 'number') {
        if (value >= 0 && LOCATION_KEY.test(key)) fields[key] = value + shift;
      } else if (typeof value === 'object') {
        shiftLocations(value, shift);
      }
    }
  }
}

/** An expression. */
export function parseExpression(context: ParseContext, span: Span, cuts: readonly Span[] = []): Node {
  const statements = parseFragment(context, span, cuts, 'SELECT (', ')');
  const select = nodeAs(statements[0]?.stmt, 'SelectStmt');
  const target = nodeAs(select?.targetList?.[0], 'ResTarget')?.val;
  const row = nodeAs(target, 'RowExpr');
  if (
    statements.length !== 1 ||
    target === undefined ||
    (row !== undefined && row.row_format === 'COERCE_IMPLICIT_CAST')
  ) {
    throw new SqlError({
      sqlstate: '42601',
      message: 'a single expression is expected here',
      position: context.source.positionOfUtf16(span.start),
    });
  }
  return target;
}

/** Expressions between commas. */
export function parseExpressionList(context: ParseContext, span: Span): Node[] {
  const statements = parseFragment(context, span, [], 'SELECT ROW(', ')');
  const select = nodeAs(statements[0]?.stmt, 'SelectStmt');
  const row = nodeAs(nodeAs(select?.targetList?.[0], 'ResTarget')?.val, 'RowExpr');
  if (statements.length !== 1 || row?.args === undefined || select?.targetList?.length !== 1) {
    throw new SqlError({
      sqlstate: '42601',
      message: 'expressions are expected here',
      position: context.source.positionOfUtf16(span.start),
    });
  }
  return row.args;
}

/** A query: SELECT, VALUES, WITH, TABLE or one of these in parentheses. */
export function parseQueryNode(context: ParseContext, span: Span, cuts: readonly Span[] = []): Node {
  const statements = parseFragment(context, span, cuts);
  const stmt = statements[0]?.stmt;
  if (statements.length !== 1 || stmt === undefined || !('SelectStmt' in stmt)) {
    throw new SqlError({
      sqlstate: '42601',
      message: statements.length === 0 ? 'syntax error at end of input' : 'a query is expected here',
      position: context.source.positionOfUtf16(span.start),
    });
  }
  return stmt;
}

/** A type name. */
export function parseTypeName(context: ParseContext, span: Span): TypeName {
  const statements = parseFragment(context, span, [], 'SELECT NULL::');
  const select = nodeAs(statements[0]?.stmt, 'SelectStmt');
  const value = nodeAs(select?.targetList?.[0], 'ResTarget')?.val;
  const type = nodeAs(value, 'TypeCast')?.typeName;
  if (type === undefined) {
    throw new SqlError({
      sqlstate: '42601',
      message: 'a type name is expected here',
      position: context.source.positionOfUtf16(span.start),
    });
  }
  return type;
}

/** A column of a table, its type and constraints. */
export function parseColumnDefinition(
  context: ParseContext,
  span: Span,
  cuts: readonly Span[] = [],
): ColumnDef {
  const statements = parseFragment(context, span, cuts, 'CREATE TABLE t (', ')');
  const column = nodeAs(nodeAs(statements[0]?.stmt, 'CreateStmt')?.tableElts?.[0], 'ColumnDef');
  if (column === undefined) {
    throw new SqlError({
      sqlstate: '42601',
      message: 'a column, PRIMARY KEY or WATERMARK is expected here',
      position: context.source.positionOfUtf16(span.start),
    });
  }
  return column;
}

/** The items of an ORDER BY, as `{ SortBy }` nodes. */
export function parseSortList(context: ParseContext, span: Span): Node[] {
  const statements = parseFragment(context, span, [], 'SELECT ORDER BY ');
  return nodeAs(statements[0]?.stmt, 'SelectStmt')?.sortClause ?? [];
}
