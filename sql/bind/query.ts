/** SELECT in all its forms: what they share, WITH, ORDER BY and LIMIT. */
import type { Node, SelectStmt } from '@pgsql/types';
import { locationOf, nodeAs, nodeKind } from '../ast/accessors.ts';
import type { HirColumn, HirOrder, HirRelation, HirScalar } from '../hir.ts';
import { unknownToText } from './coerce.ts';
import type { QueryContext } from './context.ts';
import { bindWith } from './cte.ts';
import { checkLocking } from './locking.ts';
import { project, topK } from './relation.ts';
import { prepareSelect } from './select.ts';
import { withoutOpenLimits } from './limit.ts';
import { prepareSetOperation } from './set-operation.ts';
import type { Bound } from './statement.ts';
import { prepareValues } from './values.ts';

/** A bound SELECT whose ORDER BY and LIMIT are still beside it. */
export interface BoundSelect {
  readonly relation: HirRelation;
  /** The columns that the query shows; the relation may have more, to sort by. */
  readonly projection: readonly number[];
  readonly order: readonly HirOrder[];
  readonly limit: HirScalar | null;
  readonly offset: HirScalar | null;
  readonly withTies: boolean;
}

/** A column of a SELECT list. Its type may still be unknown: a set operation can give it one. */
export interface Target {
  readonly name: string;
  readonly bound: Bound;
}

/** A SELECT whose output types may still be changed by what it is part of. */
export interface PreparedSelect {
  readonly targets: readonly Target[];
  /** The queries of a set operation. */
  readonly operands?: readonly PreparedSelect[];
  /** Builds it with these scalars, one for each target, over the same columns. */
  finish(scalars: readonly HirScalar[]): BoundSelect;
}

/** Prepares a SelectStmt node. */
export function prepareQuery(node: Node, context: QueryContext): PreparedSelect {
  const select = nodeAs(node, 'SelectStmt');
  if (select === undefined) throw context.statement.unsupported(`${nodeKind(node)} as a query`);
  return prepareSelectStatement(select, context);
}

/** Prepares a SELECT, VALUES or set operation with its WITH. */
export function prepareSelectStatement(select: SelectStmt, outer: QueryContext): PreparedSelect {
  const { statement } = outer;
  if (select.lockingClause !== undefined) checkLocking(select, outer);
  if (select.intoClause !== undefined) {
    throw statement.error(
      '42601',
      'SELECT ... INTO is not allowed here',
      locationOf(select.intoClause.rel ?? {}),
    );
  }
  const { context, wrap } = bindWith(select.withClause, outer);
  const prepared =
    select.valuesLists !== undefined
      ? prepareValues(select, context)
      : (select.op ?? 'SETOP_NONE') !== 'SETOP_NONE'
        ? prepareSetOperation(select, context)
        : prepareSelect(select, context);
  const { sortClause, limitCount, limitOffset, withClause } = select;
  const isBare = [sortClause, limitCount, limitOffset, withClause].every((clause) => clause === undefined);
  return {
    targets: prepared.targets,
    ...(isBare && prepared.operands !== undefined ? { operands: prepared.operands } : {}),
    finish: (scalars) => {
      const bound = withoutOpenLimits(prepared.finish(scalars));
      return { ...bound, relation: wrap(bound.relation) };
    },
  };
}

/** A query as a relation: LIMIT becomes top-k, ORDER BY without it has no meaning. */
export function bindSubquery(node: Node, context: QueryContext): HirRelation {
  return asRelation(bindQueryNode(node, context));
}

/** A query in FROM or WITH: who reads it may go by its order. */
export interface OrderedRelation {
  readonly relation: HirRelation;
  /** How many columns the query shows; the columns behind them are there for the order. */
  readonly visible: number;
  readonly order: readonly HirOrder[];
}

/** As `bindSubquery`, with what its ORDER BY is by. */
export function bindOrderedSubquery(node: Node, context: QueryContext): OrderedRelation {
  return asOrderedRelation(bindQueryNode(node, context));
}

/** As `asRelation`, with what its ORDER BY is by. */
export function asOrderedRelation(bound: BoundSelect): OrderedRelation {
  const { projection, order } = bound;
  const hidden = [...new Set(order.map(({ column }) => column))].filter(
    (column) => !projection.includes(column),
  );
  const shown = [...projection, ...hidden];
  return {
    relation: asRelation({ ...bound, projection: shown }),
    visible: projection.length,
    order: order.map((key) => ({ ...key, column: shown.indexOf(key.column) })),
  };
}

/** A query with its untyped literals made text. */
export function bindQueryNode(node: Node, context: QueryContext): BoundSelect {
  const prepared = prepareQuery(node, context);
  const scalars = resolveTargets(prepared.targets, context);
  return withDomains(prepared.finish(scalars), scalars, context);
}

/** The query with the domains that its targets are of. */
function withDomains(
  query: BoundSelect,
  scalars: readonly HirScalar[],
  { statement }: QueryContext,
): BoundSelect {
  const { relation, projection } = query;
  const places = new Map(projection.map((place, i) => [place, scalars[i]!]));
  const columns = relation.columns.map((column, place) => {
    const scalar = places.get(place);
    const domain = scalar === undefined ? column.domain : statement.domainOf(scalar);
    return domain === column.domain ? column : { ...column, domain };
  });
  if (columns.every((column, place) => column === relation.columns[place])) return query;
  return { ...query, relation: { ...relation, columns } };
}

/** Types for the targets that nothing has given one. */
export function resolveTargets(targets: readonly Target[], context: QueryContext): HirScalar[] {
  return targets.map((target) => unknownToText(context.statement, target.bound));
}

/** See `bindSubquery`. */
export function asRelation(bound: BoundSelect): HirRelation {
  const limited = bound.limit !== null || bound.offset !== null;
  const relation = limited ? topK(bound.relation, bound) : bound.relation;
  return project(relation, bound.projection);
}

/** The columns that a bound query shows. */
export function shownColumns(bound: BoundSelect): HirColumn[] {
  return bound.projection.map((index) => bound.relation.columns[index]!);
}
