/** The rows of a SCROLL cursor: those that it has reached are kept, so that it can go back to them. */
import type { ResultChunk, ResultCursor } from '../../engine/index.ts';
import type { CancelScope } from './cancel-scope.ts';

const CHUNK_BYTES = 64 << 10;

/** Rows that a movement passes over, by number from 1. */
export interface Passed {
  readonly first: number;
  readonly count: number;
  readonly step: 1 | -1;
}

export class ScrollRows {
  readonly #source: ResultCursor;
  /** Each is a message of the protocol. */
  readonly #rows: Buffer[] = [];
  #complete = false;
  /** Before the first row is 0; behind the last, one more than there are. */
  #position = 0;

  constructor(source: ResultCursor) {
    this.#source = source;
  }

  get position(): number {
    return this.#position;
  }

  /** Puts the cursor where another over the same rows stands. */
  stand(position: number): void {
    this.#position = position;
  }

  /** As FETCH n: the next rows, of which fewer than `count` leave the cursor behind the last. */
  async forward(count: number, scope: CancelScope): Promise<Passed> {
    const from = this.#position;
    const there = await this.#reach(from + count, scope);
    const passed = Math.max(0, Math.min(count, there - from));
    this.#position = passed < count ? there + 1 : from + count;
    return { first: from + 1, count: passed, step: 1 };
  }

  /** As FETCH BACKWARD n: the rows before, of which fewer than `count` leave the cursor before the first. */
  async backward(count: number, scope: CancelScope): Promise<Passed> {
    const from = this.#position;
    await this.#reach(from, scope);
    const passed = Math.max(0, Math.min(count, from - 1));
    this.#position = passed < count ? 0 : from - count;
    return { first: from - 1, count: passed, step: -1 };
  }

  /** The row on which the cursor stands, if there is one. */
  async current(scope: CancelScope): Promise<Passed> {
    const first = this.#position;
    const there = await this.#reach(first, scope);
    return { first, count: first >= 1 && first <= there ? 1 : 0, step: 1 };
  }

  /** These rows as a result. */
  give({ first, count, step }: Passed): ResultCursor {
    let row = first;
    let left = count;
    return {
      fill: () => null,
      next: (maxRows: number): ResultChunk => {
        const messages: Buffer[] = [];
        const limit = maxRows === 0 ? left : Math.min(left, maxRows);
        for (let bytes = 0; messages.length < limit && bytes < CHUNK_BYTES; row += step) {
          const message = this.#rows[row - 1]!;
          messages.push(message);
          bytes += message.length;
        }
        left -= messages.length;
        return { chunk: Buffer.concat(messages), rows: messages.length, done: left === 0 };
      },
      close: () => {
        left = 0;
      },
    };
  }

  close(): void {
    this.#source.close();
    this.#rows.length = 0;
  }

  /** Has so many rows at hand, or all where there are fewer; returns how many these are. */
  async #reach(count: number, scope: CancelScope): Promise<number> {
    while (this.#rows.length < count && !this.#complete) {
      await this.#source.fill();
      scope.check();
      const { chunk, done } = this.#source.next(0);
      for (let at = 0; at < chunk.length;) {
        // A message's length counts itself, and not the byte before it.
        const end = at + 1 + chunk.readInt32BE(at + 1);
        this.#rows.push(chunk.subarray(at, end));
        at = end;
      }
      this.#complete = done;
    }
    return this.#rows.length;
  }
}
