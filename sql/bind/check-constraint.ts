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
  const scope = scopeOfRow(table);
  const context = expressionContext({ statement, ctes: [], outer: null }, scope, 'check constraints');
  return bindCondition(node, context, 'CHECK');
}

/** The columns that a condition reads, in order. */
export function columnsOfCheck(condition: HirScalar): number[] {
  const indexes = freeOfScalar(condition).columns.map(({ index }) => index);
  return [...new Set(indexes)].toSorted((a, b) => a - b);
}

/** A condition's text with its columns named by their names alone: what the table is called does not matter then. */
export function withoutTableName(condition: string): string {
  const text = new EditableText(condition);
  const references = columnReferences(text, parseExpression(condition), EXPRESSION_PREFIX.length);
  const edits = references
    .filter(({ tokens }) => tokens.length > 1)
    .map(({ tokens }) => {
      const last = text.tokens[tokens.at(-1)!]!;
      return text.replace(tokens[0]!, tokens.at(-1)!, condition.slice(last.start, last.end));
    });
  return text.edited(edits);
}

/** A condition's text with another name for a column. */
export function withRenamedColumn(condition: string, column: string, to: string): string {
  const text = new EditableText(condition);
  const references = columnReferences(text, parseExpression(condition), EXPRESSION_PREFIX.length);
  return text.edited(renamings(text, references, column, quoteIdentifier(to)));
}
