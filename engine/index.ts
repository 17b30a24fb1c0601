/**
 * The only door from TypeScript to the native engine: typed calls, buffers in and out, never an object per row.
 */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import type { ColumnType, Expr, Layout, Plan, ScalarType } from './plan.generated.ts';

export type * from './plan.generated.ts';

/** Engine-wide identity of a maintained arrangement; issued by the catalog, never reused. */
export type ArrangementId = number;
/** Microseconds since the Unix epoch. */
export type Timestamp = number;

/** A data error: what PostgreSQL would report. */
export class EngineError extends Error {
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  constructor(options: { sqlstate: string; message: string; detail?: string; hint?: string }) {
    super(options.message);
    this.name = 'EngineError';
    this.sqlstate = options.sqlstate;
    this.detail = options.detail;
    this.hint = options.hint;
  }
}

/** How result rows are encoded. Column formats: 0 text, 1 binary; one for each projected column. */
export type RowEncoding =
  | { readonly kind: 'dataRow'; readonly formats: readonly number[] }
  | { readonly kind: 'copyText'; readonly nullText: string; readonly delimiter: string }
  | { readonly kind: 'copyCsv'; readonly nullText: string; readonly delimiter: string; readonly header: readonly string[] | null };

/** A parameter value as it came over the wire. `format` 0 text, 1 binary. */
export interface ParameterValue {
  readonly format: 0 | 1;
  readonly value: Buffer | null;
}

export interface ExecuteOptions {
  /** The time to read at. Must be computed already. */
  readonly timestamp: Timestamp;
  readonly parameters: readonly ParameterValue[];
  /** The session's TimeZone. */
  readonly timeZone: string;
  /** Uncommitted writes that the statement sees. */
  readonly transaction: Transaction | null;
  readonly encoding: RowEncoding;
  /** Aborting it ends the execution with 57014. */
  readonly cancel?: Cancellation;
}

/** Ready rows of a one-shot statement, held by the engine until taken or closed. */
export interface ResultCursor {
  /** Rows in all. */
  readonly rowCount: number;
  /** At most `maxRows` (0: no limit) rows, about 64 KB, as ready protocol messages. */
  next(maxRows: number): { readonly chunk: Buffer; readonly rows: number; readonly done: boolean };
  close(): void;
}

/** A change notice of a subscription: complete up to `upTo` (exclusive). */
export interface SubscriptionChunk {
  readonly subscription: number;
  readonly upTo: Timestamp;
  /** Encoded rows (tw_timestamp[, tw_progressed], tw_diff, columns…) in timestamp order; may be empty. */
  readonly chunk: Buffer;
  readonly rows: number;
}
