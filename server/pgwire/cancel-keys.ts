/** Finds the session that a CancelRequest means. */
import { randomBytes, timingSafeEqual } from 'node:crypto';

interface Entry {
  readonly key: Buffer;
  cancel(): void;
}

export class CancelKeys {
  readonly #entries = new Map<number, Entry>();
  #last = 0;

  /** A process number and a secret for a new session. */
  register(keyBytes: number, cancel: () => void): { readonly process: number; readonly key: Buffer } {
    do this.#last = (this.#last % 0x7fffffff) + 1;
    while (this.#entries.has(this.#last));
    const key = randomBytes(keyBytes);
    this.#entries.set(this.#last, { key, cancel });
    return { process: this.#last, key };
  }

  release(process: number): void {
    this.#entries.delete(process);
  }

  /** Cancels what that session runs; a wrong key does nothing, and the sender is told nothing either way. */
  cancel(process: number, key: Buffer): void {
    const entry = this.#entries.get(process);
    if (entry && entry.key.length === key.length && timingSafeEqual(entry.key, key)) entry.cancel();
  }
}
