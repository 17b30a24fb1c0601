/**
 * Takes rows from a stream in portions. A wait can be given up (timeout, cancellation) without losing what arrives
 * afterwards: the next `take` gets it.
 */
import { messagesLength } from '../../engine/ready-cursor.ts';
import type { CancelScope } from './cancel-scope.ts';
import type { ResultColumn, RowStream, SocketBorrower } from './statement.ts';

export interface Portion {
  readonly chunk: Buffer;
  readonly rows: number;
}

export class StreamReader {
  readonly #stream: RowStream;
  #waiting = false;
  #ready: Portion | null = null;
  #end: { readonly error: unknown } | 'done' | null = null;
  #wake: (() => void) | null = null;

  constructor(stream: RowStream) {
    this.#stream = stream;
  }

  get columns(): readonly ResultColumn[] {
    return this.#stream.columns;
  }

  get borrower(): SocketBorrower | undefined {
    return this.#stream.borrower;
  }

  /**
   * At most `maxRows` rows (0: no limit); 'timeout' when none came within `timeoutMilliseconds`; null at the end.
   * Throws the stream's error or the reason of a cancellation.
   */
  async take(
    maxRows: number,
    timeoutMilliseconds: number | null,
    cancel: CancelScope,
  ): Promise<Portion | 'timeout' | null> {
    cancel.check();
    if (!this.#ready && !this.#end) await this.#wait(timeoutMilliseconds, cancel);
    if (this.#ready) return this.#portion(maxRows);
    cancel.check();
    if (this.#end === 'done') return null;
    if (this.#end) throw this.#end.error;
    return 'timeout';
  }

  close(): void {
    this.#end ??= 'done';
    this.#ready = null;
    this.#stream.close();
  }

  #portion(maxRows: number): Portion {
    const ready = this.#ready!;
    if (maxRows === 0 || ready.rows <= maxRows) {
      this.#ready = null;
      return ready;
    }
    const length = messagesLength(ready.chunk, maxRows);
    this.#ready = { chunk: ready.chunk.subarray(length), rows: ready.rows - maxRows };
    return { chunk: ready.chunk.subarray(0, length), rows: maxRows };
  }

  #request(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#stream.next().then(
      (portion) => {
        this.#waiting = false;
        if (portion === null) this.#end ??= 'done';
        else if (portion.rows > 0 && this.#end === null) this.#ready = portion;
        else if (this.#end === null) {
          this.#request();
          return;
        }
        this.#wake?.();
      },
      (error: unknown) => {
        this.#waiting = false;
        this.#end ??= { error };
        this.#wake?.();
      },
    );
  }

  async #wait(timeoutMilliseconds: number | null, cancel: CancelScope): Promise<void> {
    this.#request();
    let timer: NodeJS.Timeout | undefined;
    let release = (): void => {};
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      release = cancel.onCancel(resolve);
      if (timeoutMilliseconds !== null) timer = setTimeout(resolve, timeoutMilliseconds);
    });
    clearTimeout(timer);
    release();
    this.#wake = null;
  }
}
