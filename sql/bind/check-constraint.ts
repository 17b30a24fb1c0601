/** CHECK: a condition over the columns of one row. */
import type { Node } from '@pgsql/types';
import type { CatalogColumn } from '../catalog.ts';
import type { HirScalar } from '../hir.ts';
import { freeOfScalar } from '../hir/traverse.ts';
import { quoteIdentifier } from '../functions/quote.ts';
import { columnReferences, renamings } from '../parse/column-references.ts';
import { EditableText } from '../parse/edits.ts';
import { EXPRESSION_PREFIX, parseExpression } from './body.ts';
import { expressionContext } from './context.ts';
import { bindCondition } from './expression.ts';
import { scopeOfRow } from './scope.ts';
import type { Statement } from './statement.ts';

/** Binds a CHECK's condition over the row of a table. */
export function bindCheckCondition(
  node: Node,
  table: {
    readonly name: string;
    readonly schema?: string | null;
    readonly columns: readonly Pick<CatalogColumn, 'name' | 'type'>[];
  },
  statement: Statement,
): HirScalar {
  const scope = scopeOfRow(table, 'check constraint');
  const context = expressionContext({ statement, ctes: [], outer: null }, scope, 'check constraints');
  return bindCondition(node, context, 'CHECK');
}

/** The columns that a condition reads, in order. */
export function columnsOfCheck(condition: HirScalar): number[] {
  const indexes = freeOfScalar(condition).columns.map(({ index }) => index);
  return [...new Set(indexes)].toSorted((a, b) => a - b);
}

/**
 * A condition's text with its columns named by their names alone, and the row as a whole by its columns: what the table is
 * called does not matter then.
 */
export function withoutTableName(
  condition: string,
  table: { readonly name: string; readonly columns: readonly Pick<CatalogColumn, 'name'>[] },
): string {
  const text = new EditableText(condition);
  const references = columnReferences(text, parseExpression(condition), EXPRESSION_PREFIX.length);
  const isWholeRow = (name: string): boolean =>
    name === table.name && table.columns.every((column) => column.name !== name);
  const row = `ROW(${table.columns.map(({ name }) => quoteIdentifier(name)).join(', ')})`;
  const edits = references.flatMap(({ tokens, column }) => {
    const [first, last] = [tokens[0]!, tokens.at(-1)!];
    if (tokens.length === 1) return isWholeRow(column) ? [text.replace(first, last, row)] : [];
    const { start, end } = text.tokens[last]!;
    return [text.replace(first, last, condition.slice(start, end))];
  });
  return text.edited(edits);
}

/** A condition's text with another name for a column. */
export function withRenamedColumn(condition: string, column: string, to: string): string {
  const text = new EditableText(condition);
  const references = columnReferences(text, parseExpression(condition), EXPRESSION_PREFIX.length);
  return text.edited(renamings(text, references, column, quoteIdentifier(to)));
}
