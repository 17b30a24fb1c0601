import type { CommonTableExpr } from '@pgsql/types';
import type { CatalogReader } from '../catalog.ts';
import type { HirColumn } from '../hir.ts';
import type { Expr } from '../../engine/plan.generated.ts';
import type { Extension } from '../ast/extension.ts';
import type { SqlType } from '../types/type.ts';
import type { BodyTemplates } from './body-templates.ts';

/** What binding one statement may know and use. */
export interface BindEnvironment {
  readonly catalog: CatalogReader;
  /** The native evaluator: the text form of a constant expression's value. Throws an error with a `sqlstate`. */
  evaluate(expression: Expr): string | null;
  /** Turns a tree's location (UTF-8 bytes) into the position that a client is told; a `SourceText`. */
  readonly source: { positionOfByte(byte: number | undefined): number | undefined; readonly text?: string };
  /** Types of `$1…` that the client declared; null where it left them open. */
  readonly parameterTypes?: readonly (SqlType | null)[];
  /** The query defines a view: volatile functions and session values are refused, ORDER BY and LIMIT become top-k. */
  readonly inView?: boolean;
  /** The view is the catalog's own: it may show what the session has. */
  readonly ofSystem?: boolean;
  /** Values of reg* types are given out as the oids that they are, for binary formats, and not as names. */
  readonly registeredAsNumbers?: boolean;
  /** The expression is a DEFAULT, read again with each INSERT: it may not stand for the time at which it was written. */
  readonly forDefault?: boolean;
  /** Bodies of PostgreSQL's functions that were bound over this catalog. */
  readonly bodies?: BodyTemplates;
  /** Rows that stand for WITH items. */
  readonly workingTables?: WorkingTables | undefined;
  /** Clauses that PostgreSQL's grammar lacks, by location. */
  readonly extensions?: { readonly at: ReadonlyMap<number, Extension> };
}

/** What a WITH item that reads itself gave so far: texts of values. */
export interface WorkingTable {
  readonly columns: readonly Pick<HirColumn, 'name' | 'type'>[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export type WorkingTables = ReadonlyMap<CommonTableExpr, WorkingTable>;
