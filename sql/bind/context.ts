import type { ObjectId } from '../catalog.ts';
import type { HirAggregate, HirAggregateOrder, HirColumn, HirOrder, HirScalar } from '../hir.ts';
import type { Scope } from './scope.ts';
import type { SetCollector } from './set-returning.ts';
import type { Bound, Statement } from './statement.ts';
import type { WindowCollector } from './window.ts';

/** A CTE that is in scope. */
export interface CteEntry {
  readonly name: string;
  readonly binding: number;
  readonly columns: readonly HirColumn[];
  /** How many of its columns can be named: those behind them are there for the order. */
  readonly visible: number;
  /** Its ORDER BY. */
  readonly order: readonly HirOrder[];
  /** Whether anything refers to it. */
  used: boolean;
  /** A name of WITH RECURSIVE that is being defined, or a statement that is not a SELECT: why it cannot be used. */
  readonly refusal: string | null;
}

/** What a query level inherits from the levels around it. */
export interface QueryContext {
  readonly statement: Statement;
  /** Innermost first. */
  readonly ctes: readonly CteEntry[];
  /** Names of WITH that come only later, for messages. */
  readonly laterCtes?: readonly string[];
  /** The scope around the query, to tell a correlated reference from an unknown one. */
  readonly outer: Scope | null;
  /** Values of $1… in the body of a SQL function, over the row that its call stands in; else parameters are the statement's. */
  readonly bodyArguments?: readonly HirScalar[];
  /** It is in the body of a function of PostgreSQL's, which calls no other functions. */
  readonly ofPostgres?: boolean;
  /** The functions whose bodies the query is in. */
  readonly calledBy?: readonly ObjectId[];
}

/** The clause that an expression stands in, as messages call it. */
export type Clause =
  | 'SELECT'
  | 'WHERE'
  | 'HAVING'
  | 'GROUP BY'
  | 'ORDER BY'
  | 'DISTINCT ON'
  | 'JOIN conditions'
  | 'FILTER'
  | 'VALUES'
  | 'LIMIT'
  | 'OFFSET'
  | 'RETURNING'
  | 'UPDATE'
  | 'DEFAULT expressions'
  | 'check constraints'
  | 'column generation expressions'
  | 'functions in FROM'
  | 'index expressions'
  | 'index predicates'
  | 'transform expressions'
  | 'EXECUTE parameters'
  | 'COPY FROM WHERE conditions'
  | 'options';

/** Clauses whose expressions are kept as texts, in which one's own functions are named by their oids. */
export const STORED_EXPRESSIONS: ReadonlySet<Clause> = new Set([
  'check constraints',
  'column generation expressions',
  'DEFAULT expressions',
]);

/** Collects the aggregates of one query level; a call is then the column behind the FROM clause's own. */
export interface AggregateCollector {
  readonly width: number;
  readonly aggregates: HirAggregate[];
  /** Where each of them was last read in the text. */
  readonly places: (number | undefined)[];
  /** Direct arguments of aggregates that are bound to others: like columns beside aggregates, they must be the group's. */
  readonly direct: HirScalar[];
  /** The arguments of each GROUPING(). */
  readonly groupings: (readonly Bound[])[];
  /** The order in which the rows come: what depends on one and has no other takes it. */
  readonly order?: readonly HirAggregateOrder[];
}

/** Where an expression stands. */
export interface ExpressionContext {
  readonly statement: Statement;
  readonly query: QueryContext;
  readonly scope: Scope;
  readonly clause: Clause;
  /** null: aggregates are not allowed here. */
  readonly collector: AggregateCollector | null;
  readonly insideAggregate: boolean;
  /** Collects set-returning functions; a name: what does not allow them; null: the clause does not. */
  readonly sets: SetCollector | string | null;
  /** Collects window functions; a name: what they stand in does not allow them; null: the clause does not. */
  readonly windows: WindowCollector | 'calls' | 'definitions' | null;
}

export function expressionContext(
  query: QueryContext,
  scope: Scope,
  clause: Clause,
  collector: AggregateCollector | null = null,
  sets: SetCollector | null = null,
  windows: WindowCollector | null = null,
): ExpressionContext {
  return {
    statement: query.statement,
    query,
    scope,
    clause,
    collector,
    insideAggregate: false,
    sets,
    windows,
  };
}
