import type { ErrorSubject } from '../engine/index.ts';

/** What a client needs to know about a refused statement; the fields of PostgreSQL's ErrorResponse. */
export interface SqlErrorOptions {
  /** The table, column or constraint that it is about. */
  about?: ErrorSubject | undefined;
  /** Five-character SQLSTATE. */
  sqlstate: string;
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
  /** What the error happened in: PostgreSQL's CONTEXT. */
  where?: string | undefined;
  /** 1-based, in code points of the text that the user sent: the wire protocol's field P. */
  position?: number | undefined;
}

/** An error of a statement. Every refusal that a client sees is one of these. */
export class SqlError extends Error {
  readonly sqlstate: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly where: string | undefined;
  readonly position: number | undefined;
  readonly about: ErrorSubject | undefined;

  constructor(options: SqlErrorOptions) {
    super(options.message);
    this.name = 'SqlError';
    this.sqlstate = options.sqlstate;
    this.detail = options.detail;
    this.hint = options.hint;
    this.where = options.where;
    this.position = options.position;
    this.about = options.about;
  }
}

/** Something a client is told about a statement that was accepted. */
export interface Notice {
  severity: 'NOTICE' | 'WARNING' | 'INFO';
  sqlstate: string;
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
  position?: number | undefined;
}
