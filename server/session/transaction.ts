/**
 * The transaction that a session's statements run in.
 *
 *            BEGIN                     error
 *   none ───────────▶ explicit (T) ───────────▶ failed (E)
 *    │ ▲                  │ COMMIT, ROLLBACK        │ ROLLBACK, COMMIT
 *    │ └──────────────────┴─────────────────────────┘
 *    │ statement ▲
 *    ▼           │ end of statement, Query or Sync
 *   implicit ────┘   BEGIN turns an implicit one into an explicit one
 *
 * An implicit transaction is either `single`, one statement that the executor commits by itself and may repeat after
 * a write conflict, or a `group` of several statements that succeed or fail together.
 */
import { SqlError } from '../../sql/error.ts';
import type { OpenTransaction, StatementExecutor } from './statement.ts';

export type TransactionStatus = 'I' | 'T' | 'E';

export class TransactionControl {
  readonly #executor: StatementExecutor;
  readonly #readOnlyByDefault: () => boolean;
  #open: OpenTransaction | null = null;
  #block: 'none' | 'implicit' | 'explicit' | 'failed' = 'none';
  /** A statement has run in the implicit group. */
  #used = false;

  constructor(executor: StatementExecutor, readOnlyByDefault: () => boolean) {
    this.#executor = executor;
    this.#readOnlyByDefault = readOnlyByDefault;
  }

  get status(): TransactionStatus {
    if (this.#block === 'explicit') return 'T';
    return this.#block === 'failed' ? 'E' : 'I';
  }

  get isExplicit(): boolean {
    return this.#block === 'explicit' || this.#block === 'failed';
  }

  /** Several statements belong together: BEGIN's, or an implicit group's. */
  get isBlock(): boolean {
    return this.isExplicit || (this.#open?.explicit ?? false);
  }

  /** A group has run a statement already. */
  get inUse(): boolean {
    return this.isExplicit || this.#used;
  }

  /** The current transaction; a single one begins here when there is none. */
  get current(): OpenTransaction {
    if (this.#open) return this.#open;
    if (this.#block === 'none') this.#block = 'implicit';
    this.#open = this.#executor.begin({ readOnly: this.#readOnlyByDefault(), explicit: false });
    return this.#open;
  }

  get currentOrNull(): OpenTransaction | null {
    return this.#open;
  }

  /** The next statement runs in a transaction of its own, or in a group with its neighbours. */
  enter(kind: 'single' | 'group'): void {
    if (this.isExplicit) return;
    const explicit = kind === 'group';
    if (this.#open?.explicit !== explicit) {
      if (this.#open) this.#executor.rollback(this.#open);
      this.#open = this.#executor.begin({ readOnly: this.#readOnlyByDefault(), explicit });
    }
    this.#block = 'implicit';
    this.#used = true;
  }

  /** BEGIN. What an implicit group has done so far becomes part of it. */
  begin(readOnly: boolean): void {
    if (this.#open && !(this.#open.explicit && this.#used)) {
      this.#executor.rollback(this.#open);
      this.#open = null;
    }
    this.#open ??= this.#executor.begin({ readOnly, explicit: true });
    this.#block = 'explicit';
  }

  /** Another access mode: READ WRITE only before the first query, and not since a savepoint. */
  setReadOnly(readOnly: boolean, hasSavepoint: boolean): void {
    const open = this.#open;
    if (!open || open.readOnly === readOnly) return;
    if (!readOnly && (hasSavepoint || open.timestamp !== null)) {
      throw new SqlError({
        sqlstate: '25001',
        message: hasSavepoint
          ? 'cannot set transaction read-write mode inside a read-only transaction'
          : 'transaction read-write mode must be set before any query',
      });
    }
    open.readOnly = readOnly;
  }

  /** Ends the transaction whatever it is; true when it was committed, false when it had failed. */
  async commit(): Promise<boolean> {
    const open = this.#open;
    const failed = this.#block === 'failed';
    this.#reset();
    if (!open) return !failed;
    if (failed) {
      this.#executor.rollback(open);
      return false;
    }
    await this.#executor.commit(open);
    return true;
  }

  rollback(): void {
    const open = this.#open;
    this.#reset();
    if (open) this.#executor.rollback(open);
  }

  /** A statement failed. True: the transaction is over (an implicit one). */
  fail(): boolean {
    if (this.isExplicit) {
      this.#block = 'failed';
      return false;
    }
    this.rollback();
    return true;
  }

  /** ROLLBACK TO: a failed transaction can go on. */
  recover(): void {
    if (this.#block === 'failed') this.#block = 'explicit';
  }

  #reset(): void {
    this.#open = null;
    this.#block = 'none';
    this.#used = false;
  }
}
