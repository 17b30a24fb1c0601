/** Comparisons of rows, `(a, b) < (c, d)`: pair by pair, as PostgreSQL's make_row_comparison_op. */
import type { A_Expr, Node, RowExpr } from '@pgsql/types';
import { locationOf, nodeAs } from '../ast/accessors.ts';
import type { HirScalar } from '../hir.ts';
import type { ExpressionContext } from './context.ts';
import { bindExpression, leftmost } from './expression.ts';
import { allComputedOnce } from './once.ts';
import { makeOperator, notDistinct } from './operator.ts';
import { rowValues } from './record.ts';
import { and, not, or } from './scalar.ts';
import type { Bound } from './statement.ts';
import { refuseSets } from './set-returning.ts';
import { overSubqueryRow } from './subquery.ts';

/** A row that is written out; undefined for anything else. */
const writtenRow = (node: Node | undefined): RowExpr | undefined => nodeAs(node, 'RowExpr');

/** Whether one side of an operator is a row. */
export function comparesRows(node: A_Expr): boolean {
  return writtenRow(node.lexpr) !== undefined || writtenRow(node.rexpr) !== undefined;
}

/** Binds `row op row` and `row op (subquery)`. */
export function bindRowComparison(
  node: A_Expr,
  name: string,
  context: ExpressionContext,
  at: number | undefined,
): Bound {
  const left = writtenRow(node.lexpr);
  const right = writtenRow(node.rexpr);
  const subquery = nodeAs(node.rexpr, 'SubLink');
  if (left !== undefined && right === undefined && subquery?.subLinkType === 'EXPR_SUBLINK') {
    const lefts = rowValues(left, context);
    const scalar = overSubqueryRow(subquery, lefts.length, context, at, (rights) =>
      compareRows(context, name, lefts, rights, at),
    );
    return { scalar, at: leftmost(at, lefts[0]?.at) };
  }
  if (left === undefined || right === undefined) {
    // Beside a value that is a record the row is one too.
    const sides = [bindExpression(node.lexpr!, context), bindExpression(node.rexpr!, context)] as const;
    return { scalar: makeOperator(context, name, ...sides, at), at: leftmost(at, sides[0].at) };
  }
  const [lefts, rights] = [rowValues(left, context), rowValues(right, context)];
  checkLengths(context, lefts.length, rights.length, at);
  const first = leftmost(at, locationOf(left));
  return { scalar: compareRows(context, name, lefts, rights, at), at: first };
}

function checkLengths(context: ExpressionContext, left: number, right: number, at: number | undefined): void {
  if (left !== right) {
    throw context.statement.error('42601', 'unequal number of entries in row expressions', at);
  }
  if (left === 0) throw context.statement.error('0A000', 'cannot compare rows of zero length', at);
}

/**
 * The comparison of two rows of one length. Order is decided by the first pair that is not equal, and is unknown where
 * that is.
 */
export function compareRows(
  context: ExpressionContext,
  name: string,
  left: readonly Bound[],
  right: readonly Bound[],
  at: number | undefined,
): HirScalar {
  const compared = (operator: string, one: Bound, other: Bound): HirScalar => {
    const scalar = makeOperator(context, operator, one, other, at);
    refuseSets(scalar, 'row comparison operator', context, at);
    return scalar;
  };
  const pair = (operator: string, i: number): HirScalar => compared(operator, left[i]!, right[i]!);
  const all = (operator: string): HirScalar[] => left.map((_, i) => pair(operator, i));
  switch (name) {
    case '=':
      return and(all('='));
    case '<>':
      return or(all('<>'));
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const last = left.length - 1;
      const strict = name[0]!;
      // In this order, so that the first pair that cannot be compared is the one that is told of.
      const from = (i: number): HirScalar =>
        i === last
          ? pair(name, i)
          : allComputedOnce(context.statement, [left[i]!, right[i]!], ([one, other]) => {
              const decided = compared(strict, one!, other!);
              return or([decided, and([compared('=', one!, other!), from(i + 1)])]);
            });
      return from(0);
    }
    default: {
      // An operator that there is not is refused by its name.
      pair(name, 0);
      const message = `could not determine interpretation of row comparison operator ${name}`;
      throw context.statement.error('0A000', message, at, {
        hint: 'Row comparison operators must be associated with btree operator families.',
      });
    }
  }
}

/** Binds `row IS [NOT] DISTINCT FROM row`. */
export function bindRowDistinct(node: A_Expr, context: ExpressionContext, at: number | undefined): Bound {
  const left = writtenRow(node.lexpr);
  const right = writtenRow(node.rexpr);
  if (left === undefined || right === undefined) {
    const given = bindExpression(node.lexpr!, context);
    const equal = notDistinct(context, given, bindExpression(node.rexpr!, context), at);
    return { scalar: node.kind === 'AEXPR_DISTINCT' ? not(equal) : equal, at: leftmost(at, given.at) };
  }
  const [lefts, rights] = [rowValues(left, context), rowValues(right, context)];
  checkLengths(context, lefts.length, rights.length, at);
  const same = and(lefts.map((value, i) => notDistinct(context, value, rights[i]!, at)));
  return { scalar: node.kind === 'AEXPR_DISTINCT' ? not(same) : same, at };
}
