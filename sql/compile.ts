/**
 * The life of a query, in one function: bind → lower → optimize → physical. SELECT, views, subscriptions and DML share
 * it up to the physical plan.
 */
import type { CatalogReader, ObjectId } from './catalog.ts';
import type { HirColumn, HirQuery, HirWrite } from './hir.ts';
import type { ArrangementId, Layout, Plan } from '../engine/index.ts';
import type { SqlType } from './types/type.ts';

/** What a compiled plan will be used for. */
export type Purpose =
  /** Rows for a client; `parameters` may stay open. */
  | { readonly kind: 'rows' }
  /** INSERT, UPDATE, DELETE. */
  | { readonly kind: 'write' }
  /** A materialized view kept in `arrangement`. */
  | { readonly kind: 'maintain'; readonly arrangement: ArrangementId; readonly name: string }
  /** SUBSCRIBE or a sink. */
  | { readonly kind: 'subscribe'; readonly name: string };

/** An arrangement that must be installed before the plan: shared, counted by reference. */
export interface RequiredArrangement {
  readonly id: ArrangementId;
  readonly relation: ObjectId;
  readonly layout: Layout;
  readonly plan: Plan;
}

/** The outcome of compilation. */
export interface Compiled {
  readonly plan: Plan;
  /** What the client sees (RETURNING's columns for a write; none for a write without). */
  readonly columns: readonly HirColumn[];
  /** Types of `$1…$n`; the plan's parameters after them are session values, in this order. */
  readonly parameters: readonly SqlType[];
  readonly sessionValues: readonly import('./hir.ts').SessionValue[];
  /** Objects that the plan reads, for dependencies and wake-up. */
  readonly reads: readonly ObjectId[];
  /** For maintain: arrangements to install first. */
  readonly requires: readonly RequiredArrangement[];
  /** For maintain: unique keys of the result, as column numbers. */
  readonly keys: readonly (readonly number[])[];
  /** For maintain: the layout of the output arrangement. */
  readonly layout: Layout | null;
  /** Texts of the stages for EXPLAIN: produced on demand. */
  explain(stage: 'raw' | 'decorrelated' | 'optimized' | 'physical', format: 'text' | 'json'): string;
}

export interface PlanningEnvironment {
  readonly catalog: CatalogReader;
  /** The native evaluator: folds an expression without columns; throws EngineError. */
  evaluate(expression: import('../engine/index.ts').Expr): string | null;
  /** Allocates the id of a shared arrangement that does not exist yet (maintain only). */
  allocateArrangement(): ArrangementId;
}

export type { HirQuery, HirWrite };
