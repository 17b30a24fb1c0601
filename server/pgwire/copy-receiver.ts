/** COPY data on its way from a client to a statement. */
import { SqlError } from '../../sql/error.ts';
import type { FrontendMessage } from './frontend.ts';

export class CopyReceiver {
  readonly done: Promise<void>;
  readonly #push: (chunk: Buffer) => void;
  #resolve!: () => void;
  #reject!: (error: Error) => void;
  #settled = false;

  constructor(push: (chunk: Buffer) => void) {
    this.#push = push;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** No more messages are taken. */
  get settled(): boolean {
    return this.#settled;
  }

  take(message: FrontendMessage): void {
    switch (message.kind) {
      case 'copyData':
        try {
          this.#push(message.data);
        } catch (error) {
          this.abort(error instanceof Error ? error : new Error(String(error)));
        }
        return;
      case 'copyDone':
        this.#settled = true;
        this.#resolve();
        return;
      case 'copyFail':
        this.abort(
          new SqlError({ sqlstate: '57014', message: `COPY from stdin failed: ${message.message}` }),
        );
        return;
      // Sent by clients that use the extended protocol before they know that this is a COPY.
      case 'flush':
      case 'sync':
        return;
      default:
        this.abort(
          new SqlError({
            sqlstate: '08P01',
            message: `unexpected message (${message.kind}) during COPY from stdin`,
          }),
        );
    }
  }

  abort(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(error);
  }
}
