/** Cancellation of one running statement, from the client, a timeout or the server's end. */
import type { Cancellation } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';

export class CancelScope {
  readonly #create: () => Cancellation;
  #engine: Cancellation | null = null;
  #reason: SqlError | null = null;
  #promise: Promise<never> | null = null;
  #reject: ((error: Error) => void) | null = null;
  #listeners = new Set<() => void>();

  constructor(create: () => Cancellation) {
    this.#create = create;
  }

  /** Why it was cancelled, or null. */
  get reason(): SqlError | null {
    return this.#reason;
  }

  /** The engine's handle, made when the first execution asks for it. */
  get engine(): Cancellation {
    if (!this.#engine) {
      this.#engine = this.#create();
      if (this.#reason) this.#engine.cancel();
    }
    return this.#engine;
  }

  /** Rejects when the statement is cancelled. */
  get cancelled(): Promise<never> {
    if (!this.#promise) {
      this.#promise = new Promise((_, reject) => (this.#reject = reject));
      this.#promise.catch(() => {});
      if (this.#reason) this.#reject?.(this.#reason);
    }
    return this.#promise;
  }

  cancel(message: string, sqlstate = '57014'): void {
    if (this.#reason) return;
    this.#reason = new SqlError({ sqlstate, message });
    this.#engine?.cancel();
    this.#reject?.(this.#reason);
    for (const listener of this.#listeners) listener();
  }

  /** Throws when cancelled. */
  check(): void {
    if (this.#reason) throw this.#reason;
  }

  /** Calls `listener` on cancellation until the returned function is called. */
  onCancel(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The error to report for `error`: the reason when the engine says that it was cancelled. */
  explain(error: unknown): unknown {
    const cancelled = (error as { sqlstate?: unknown } | null)?.sqlstate === '57014';
    return this.#reason && cancelled ? this.#reason : error;
  }
}
