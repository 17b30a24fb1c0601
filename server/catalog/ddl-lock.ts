/**
 * One DDL statement at a time: names are checked, dataflows built and the change committed as one step. A transaction with
 * DDL in it keeps the lock until its end.
 */
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { SessionContext } from '../session/statement.ts';
import type { CatalogChange } from './catalog.ts';
import { SharedRelations } from './shared-relations.ts';
import { durationMilliseconds } from '../session/settings/duration.ts';

/** Who asks: the wait ends with 55P03 after the session's `lock_timeout`, and when the statement is cancelled. */
export type LockWaiter = Pick<SessionContext, 'setting' | 'cancelled' | 'transaction'>;

/** Runs DDL, each piece as one step. */
export interface DdlGate {
  run<T>(work: () => Promise<T>, waiter?: LockWaiter): Promise<T>;
  /** Begins a piece that ends when what it gives is called. */
  acquire(waiter?: LockWaiter): Promise<() => void>;
  /** A transaction holds relations until it ends. */
  share(transaction: number, relations: readonly ObjectId[]): void;
  /** Whose turn it is waits until no other transaction holds what the changes are about. */
  free(changes: readonly CatalogChange[]): Promise<void>;
}

export class DdlLock implements DdlGate {
  readonly shared = new SharedRelations();
  #tail: Promise<void> = Promise.resolve();
  /** Whose turn it is; none: the server's own. */
  #holder: LockWaiter | undefined;

  /** Runs `work` after all that was asked before it has ended. */
  async run<T>(work: () => Promise<T>, waiter?: LockWaiter): Promise<T> {
    const release = await this.acquire(waiter);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Waits for all that was asked before; what is asked later waits until the lock is released. */
  async acquire(waiter?: LockWaiter): Promise<() => void> {
    const before = this.#tail;
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    this.#tail = before.then(() => released);
    try {
      await (waiter ? this.shared.queued(waiter.transaction.number, waitFor(before, waiter)) : before);
    } catch (error) {
      release();
      throw error;
    }
    this.#holder = waiter;
    return release;
  }

  share(transaction: number, relations: readonly ObjectId[]): void {
    this.shared.share(transaction, relations);
  }

  free(changes: readonly CatalogChange[]): Promise<void> {
    const holder = this.#holder;
    if (holder === undefined) return this.shared.free(changes, null, new Promise(() => undefined));
    return waitFor(this.shared.free(changes, holder.transaction.number, holder.cancelled), holder);
  }
}

async function waitFor(before: Promise<void>, waiter: LockWaiter): Promise<void> {
  const limit = durationMilliseconds(waiter.setting('lock_timeout'));
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    if (limit === 0) return;
    const error = new SqlError({ sqlstate: '55P03', message: 'canceling statement due to lock timeout' });
    timer = setTimeout(() => reject(error), limit);
  });
  try {
    await Promise.race([before, timeout, waiter.cancelled]);
  } finally {
    clearTimeout(timer);
  }
}
