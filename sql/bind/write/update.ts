import type { Node, UpdateStmt } from '@pgsql/types';
import { findLocation, locationOf, nodeAs } from '../../ast/accessors.ts';
import type { HirRelation, HirScalar, HirWrite } from '../../hir.ts';
import { expressionContext } from '../context.ts';
import type { ExpressionContext, QueryContext } from '../context.ts';
import { bindWith } from '../cte.ts';
import { bindCondition, bindExpression } from '../expression.ts';
import { completeRows } from '../generated-column.ts';
import { filter, map, projectScalars } from '../relation.ts';
import { columnType, literal } from '../scalar.ts';
import { shiftItems } from '../scope.ts';
import type { Scope } from '../scope.ts';
import { expanded } from '../record.ts';
import type { Bound } from '../statement.ts';
import { bindAssignedRow } from '../subquery.ts';
import { withPart } from './parts.ts';
import {
  type WriteTarget,
  assign,
  bindTarget,
  columnAs,
  columnNumber,
  defaultValue,
  isDefault,
  targetRows,
  withViewChecks,
} from './target.ts';
import { bindReturning } from './returning.ts';

/** UPDATE: the old row's columns, then the new row's. */
export function bindUpdate(node: UpdateStmt, outer: QueryContext): HirWrite {
  const { statement } = outer;
  const { context, wrap } = bindWith(node.withClause, outer);
  const target = bindTarget(node.relation!, 'update', context);
  const { table: relation } = target;
  const from = targetRows(target, node.relation!, node.fromClause, context);
  const scope: Scope = { items: from.items, outer: null };
  let rows: HirRelation = from.relation;
  if (node.whereClause !== undefined) {
    rows = filter(rows, bindCondition(node.whereClause, expressionContext(context, scope, 'WHERE'), 'WHERE'));
  }
  const { values, rows: assigned } = bindAssignments(
    node.targetList ?? [],
    target,
    expressionContext(context, scope, 'UPDATE'),
    context,
    rows.columns.length,
  );
  const old = relation.columns.map(({ name, type }, index) => ({
    name,
    scalar: { kind: 'column', index, type } as HirScalar,
  }));
  const fresh = old.map(({ name, scalar }, i) => ({ name, scalar: values.get(i) ?? scalar }));
  const others =
    node.returningClause === undefined
      ? []
      : from.relation.columns.slice(relation.columns.length).map(({ name, type }, i) => ({
          name,
          scalar: { kind: 'column', index: relation.columns.length + i, type } as HirScalar,
        }));
  const changed = projectScalars(map(rows, assigned), [...old, ...fresh, ...others]);
  const complete = completeRows(changed, relation.columns.length, relation, statement.environment);
  return {
    operation: 'update',
    object: relation.id,
    relation: wrap(withViewChecks(complete, relation.columns.length, target)),
    joined: node.fromClause === undefined ? null : relation.columns.length,
    returning: bindReturning(
      node.returningClause,
      {
        target,
        node: node.relation!,
        old: 0,
        new: relation.columns.length,
        others: shiftItems(from.items.slice(1), relation.columns.length, false),
      },
      context,
    ),
    parameters: statement.parameters(),
  };
}

/** What SET says. */
interface Assignments {
  /** The new values by column number. */
  readonly values: Map<number, HirScalar>;
  /** Rows of volatile subqueries, which are computed once for all columns that they are assigned to: columns behind the others. */
  readonly rows: readonly { readonly name: string; readonly scalar: HirScalar }[];
}

/** Binds SET. `width`: how many columns there are to read. */
export function bindAssignments(
  nodes: readonly Node[],
  written: WriteTarget,
  expression: ExpressionContext,
  context: QueryContext,
  width: number,
  verb: 'insert into' | 'update' = 'update',
): Assignments {
  const { statement } = context;
  const { named } = written;
  const values = new Map<number, HirScalar>();
  /** Columns of which parts are assigned. */
  const inParts = new Set<number>();
  const assigned = new Set<string>();
  const rows: { name: string; scalar: HirScalar }[] = [];
  const keep = (scalar: HirScalar): HirScalar => {
    rows.push({ name: 'row', scalar });
    return { kind: 'column', index: width + rows.length - 1, type: columnType(scalar) };
  };
  /** Of the subquery whose columns are being assigned. */
  let row: readonly Bound[] = [];
  for (const node of nodes) {
    const target = nodeAs(node, 'ResTarget')!;
    const at = locationOf(target);
    const qualified = target.indirection !== undefined && target.name === expression.scope.items[0]!.name;
    const hint = 'SET target columns cannot be qualified with the relation name.';
    const number = columnNumber(written, target.name!, verb, at, context, qualified ? { hint } : {});
    const column = columnAs(written, number);
    const steps = target.indirection ?? [];
    if (values.has(number) && (steps.length === 0 || !inParts.has(number))) {
      // Two columns of a view that are one of the table are told by its name.
      const name = assigned.has(target.name!) ? target.name! : written.table.columns[number]!.name;
      throw statement.error('42601', `multiple assignments to same column "${name}"`);
    }
    assigned.add(target.name!);
    const multiple = nodeAs(target.val, 'MultiAssignRef');
    const subquery = nodeAs(multiple?.source, 'SubLink');
    const value = subquery === undefined ? valueOf(target.val!, expression, at) : null;
    const toDefault = value !== null && 'node' in value && isDefault(value.node);
    if (column.generated !== undefined && !toDefault) {
      const message = `column "${column.name}" can only be updated to DEFAULT`;
      throw statement.error('428C9', message, at, {
        detail: `Column "${column.name}" is a generated column.`,
      });
    }
    if (column.identity === 'always' && !toDefault) {
      const message = `column "${column.name}" can only be updated to DEFAULT`;
      throw statement.error('428C9', message, at, {
        detail: `Column "${column.name}" is an identity column defined as GENERATED ALWAYS.`,
      });
    }
    if (toDefault) {
      if (steps.length > 0) {
        const what = 'A_Indices' in steps[0]! ? 'an array element' : 'a subfield';
        throw statement.error('0A000', `cannot set ${what} to DEFAULT`, at);
      }
      // What a view's column has no DEFAULT of its own for becomes NULL.
      const { name, typmod } = column.type;
      const own = named.columns.find((other) => other.name === target.name)?.defaultText ?? null;
      const ofView = own === null ? null : { ...column, defaultText: own };
      const byDefault = written.view === null ? column : ofView;
      values.set(number, byDefault === null ? literal(name, null, typmod) : defaultValue(byDefault, context));
      continue;
    }
    const place = (multiple?.colno ?? 1) - 1;
    if (value === null && place === 0) {
      row = bindAssignedRow(subquery!, multiple!.ncolumns ?? 1, expression, keep);
    }
    const bound =
      value === null ? row[place]! : 'node' in value ? bindExpression(value.node, expression) : value;
    if (steps.length === 0) {
      values.set(number, assign(column, bound, context));
      continue;
    }
    // Parts of one column follow each other.
    const own = named.columns.findIndex(({ name }) => name === target.name);
    const base = values.get(number) ?? expression.scope.items[0]!.columns[own]!.scalar;
    const part = { column, value: bound, at, context: expression };
    values.set(number, withPart(base, column.type, steps, part));
    inParts.add(number);
  }
  return { values, rows };
}

/** The value of one column; `(a, b) = (x, y)` names its part of the row. */
function valueOf(
  node: Node,
  context: ExpressionContext,
  at: number | undefined,
): Bound | { readonly node: Node } {
  const part = nodeAs(node, 'MultiAssignRef');
  if (part === undefined) return { node };
  const { statement } = context;
  const row = nodeAs(part.source, 'RowExpr');
  if (row === undefined)
    throw statement.error(
      '0A000',
      'source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression',
      findLocation(part.source) ?? at,
    );
  const values = (row.args ?? []).flatMap((argument): (Bound | { readonly node: Node })[] => {
    const star = expanded(argument, context);
    return star?.map(({ scalar }) => ({ scalar, at: findLocation(argument) })) ?? [{ node: argument }];
  });
  if (values.length !== part.ncolumns) {
    throw statement.error('42601', 'number of columns does not match number of values', locationOf(row));
  }
  return values[(part.colno ?? 1) - 1]!;
}
