/** ORDER BY, GROUP BY and DISTINCT ON items (PostgreSQL's findTargetlistEntry), LIMIT and OFFSET. */
import type { Node, SelectStmt, SortBy } from '@pgsql/types';
import { constantOf, locationOf, nameParts, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import { coerceToSpecific } from './coerce.ts';
import { expressionContext } from './context.ts';
import type { ExpressionContext, QueryContext } from './context.ts';
import { bindExpression } from './expression.ts';
import type { Target } from './query.ts';
import { readsColumns, sameScalar } from './scalar.ts';
import type { Scope } from './scope.ts';
import type { Bound, Statement } from './statement.ts';

/** An item that is a column of the SELECT list, or an expression of its own. */
export type ListItem =
  | { readonly kind: 'target'; readonly index: number; readonly at: number | undefined }
  | { readonly kind: 'expression'; readonly bound: Bound; readonly at: number | undefined };

/** How a sort key runs. */
export interface SortDirection {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** ASC and NULLS LAST, or DESC and NULLS FIRST, if nothing else is said. */
export function sortDirection(statement: Pick<Statement, 'error'>, node: SortBy): SortDirection {
  const direction = node.sortby_dir ?? 'SORTBY_DEFAULT';
  let descending = direction === 'SORTBY_DESC';
  if (direction === 'SORTBY_USING') {
    const operator = nameParts(node.useOp).pop();
    if (operator !== '<' && operator !== '>') {
      throw statement.error(
        '42809',
        `operator ${operator} is not a valid ordering operator`,
        locationOf(node),
        {
          hint: 'Ordering operators must be "<" or ">" members of btree operator families.',
        },
      );
    }
    descending = operator === '>';
  }
  const nulls = node.sortby_nulls ?? 'SORTBY_NULLS_DEFAULT';
  const nullsFirst = nulls === 'SORTBY_NULLS_DEFAULT' ? descending : nulls === 'SORTBY_NULLS_FIRST';
  return { descending, nullsFirst };
}

/** Resolves an item: an output name, a position, or an expression. */
export function bindListItem(
  node: Node,
  targets: readonly Target[],
  context: ExpressionContext,
  clause: 'ORDER BY' | 'GROUP BY' | 'DISTINCT ON',
): ListItem {
  const { statement } = context;
  const reference = nodeAs(node, 'ColumnRef');
  if (reference !== undefined) {
    const parts = nameParts(reference.fields);
    const at = locationOf(reference);
    // GROUP BY prefers a column of FROM to a name of the SELECT list.
    const isInput = clause === 'GROUP BY' && parts.length === 1 && hasColumn(context.scope, parts[0]!);
    if (parts.length === 1 && parts[0] !== '*' && !isInput) {
      const index = targetNamed(parts[0]!, targets, clause, at, statement);
      if (index >= 0) return { kind: 'target', index, at };
    }
  }
  const constant = nodeAs(node, 'A_Const');
  if (constant !== undefined) {
    const at = locationOf(constant);
    const value = constantOf(constant);
    if (value.kind !== 'integer') throw statement.error('42601', `non-integer constant in ${clause}`, at);
    if (value.value < 1 || value.value > targets.length) {
      throw statement.error('42P10', `${clause} position ${value.value} is not in select list`, at);
    }
    return { kind: 'target', index: value.value - 1, at };
  }
  const bound = bindExpression(node, context);
  const index = targets.findIndex((target) => sameScalar(target.bound.scalar, bound.scalar));
  return index >= 0 ? { kind: 'target', index, at: bound.at } : { kind: 'expression', bound, at: bound.at };
}

function hasColumn(scope: Scope, name: string): boolean {
  return scope.items.some((item) => item.byColumn && item.columns.some((column) => column.name === name));
}

function targetNamed(
  name: string,
  targets: readonly Target[],
  clause: string,
  at: number | undefined,
  statement: Statement,
): number {
  let found = -1;
  for (const [index, target] of targets.entries()) {
    if (target.name !== name) continue;
    if (found < 0) found = index;
    else if (!sameScalar(targets[found]!.bound.scalar, target.bound.scalar)) {
      throw statement.error('42702', `${clause} "${name}" is ambiguous`, at);
    }
  }
  return found;
}

/** LIMIT and OFFSET, bound. */
export interface BoundLimit {
  readonly limit: HirScalar | null;
  readonly offset: HirScalar | null;
  readonly withTies: boolean;
}

/** Binds LIMIT and OFFSET: int8 expressions without columns but an outer query's; NULL is none. */
export function bindLimit(select: SelectStmt, context: QueryContext, scope: Scope): BoundLimit {
  const withTies = select.limitOption === 'LIMIT_OPTION_WITH_TIES';
  const bind = (node: Node | undefined, clause: 'LIMIT' | 'OFFSET'): HirScalar | null => {
    if (node === undefined) return null;
    if (withTies && clause === 'LIMIT' && nodeAs(node, 'A_Const')?.isnull === true) {
      const message = 'row count cannot be null in FETCH FIRST ... WITH TIES clause';
      throw context.statement.error('2201W', message);
    }
    const bound = bindExpression(node, expressionContext(context, scope, clause));
    const scalar = coerceToSpecific(context.statement, bound, 'int8', clause);
    if (readsColumns(scalar)) {
      throw context.statement.error('42P10', `argument of ${clause} must not contain variables`, bound.at);
    }
    return scalar.kind === 'literal' && scalar.text === null ? null : scalar;
  };
  return {
    limit: bind(select.limitCount, 'LIMIT'),
    offset: bind(select.limitOffset, 'OFFSET'),
    withTies,
  };
}
