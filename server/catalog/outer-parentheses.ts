/**
 * Kept expressions are shown as they were written, but for the parentheses around the whole: PostgreSQL shows trees, in which an operation has
 * one pair, which a pretty text goes without, and anything else none. Clients take the text apart by these.
 */
import type { A_Expr, Node } from '@pgsql/types';
import { nodeAs, nodeKind, nameParts } from '../../sql/ast/accessors.ts';
import { markedOuter } from '../../sql/functions/marked-names.ts';
import { parseExpression } from '../../sql/bind/body.ts';
import { EditableText } from '../../sql/parse/edits.ts';

const OPERATIONS: ReadonlySet<string> = new Set([
  ...['A_Expr', 'BoolExpr', 'NullTest', 'BooleanTest', 'CollateClause', 'JsonIsPredicate'],
]);
/** Functions that are written as operations. */
const AS_OPERATIONS: ReadonlySet<string> = new Set(['timezone', 'overlaps', 'is_normalized']);
const CALLS: ReadonlySet<string> = new Set(['FuncCall', 'CoalesceExpr', 'MinMaxExpr', 'SQLValueFunction']);
/** What loses its meaning without its parentheses. */
const PARENTHESISED: ReadonlySet<string> = new Set(['RowExpr', 'SubLink']);

/** The expression in marked parentheses where it is an operation, and else without. */
export function inOuterParentheses(text: string): string;
export function inOuterParentheses(text: string | null): string | null;
export function inOuterParentheses(text: string | null): string | null {
  return text === null ? null : shownOf(parseExpression(text), text);
}

function shownOf(node: Node, text: string): string {
  if (PARENTHESISED.has(nodeKind(node))) return text;
  const bare = withoutOuter(text);
  return isOperation(node) ? markedOuter(bare) : bare;
}

/** An expression of an index: one that is no call is in parentheses besides. */
export function asIndexElement(text: string): string {
  const node = parseExpression(text);
  const shown = shownOf(node, text);
  const isCall = CALLS.has(nodeKind(node)) || nodeAs(node, 'A_Expr')?.kind === 'AEXPR_NULLIF';
  return isCall || PARENTHESISED.has(nodeKind(node)) ? shown : `(${shown})`;
}

function isOperation(node: Node): boolean {
  const operation = nodeAs(node, 'A_Expr');
  if (operation?.kind === 'AEXPR_NULLIF') return false;
  if (operation !== undefined && isSigned(operation)) return false;
  const call = nodeAs(node, 'FuncCall');
  if (call?.funcformat === 'COERCE_SQL_SYNTAX') return AS_OPERATIONS.has(nameParts(call.funcname).at(-1)!);
  return OPERATIONS.has(nodeKind(node));
}

/** A minus before a constant is a part of it. */
function isSigned({ name, lexpr, rexpr }: A_Expr): boolean {
  return lexpr === undefined && nameParts(name).at(-1) === '-' && nodeAs(rexpr, 'A_Const') !== undefined;
}

function withoutOuter(text: string): string {
  const { tokens } = new EditableText(text);
  let depth = 0;
  const ends = tokens.map((token) => {
    if (token.text === '(' || token.text === '[') depth++;
    if (token.text === ')' || token.text === ']') depth--;
    return depth;
  });
  const first = tokens[0];
  const last = tokens.at(-1);
  const encloses = first?.text === '(' && last?.text === ')' && ends.indexOf(0) === tokens.length - 1;
  return encloses ? withoutOuter(text.slice(first.end, last.start)) : text.trim();
}
