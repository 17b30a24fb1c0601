/** Results whose messages (DataRow, CopyData) are all here already, as one chunk. */
import type { ResultChunk, ResultCursor } from './index.ts';

const EMPTY = Buffer.alloc(0);

/** Bytes of the first `rows` messages of a chunk. Each is a letter, then its length without the letter. */
export function messagesLength(chunk: Buffer, rows: number): number {
  let end = 0;
  for (let row = 0; row < rows; row++) end += 1 + chunk.readUInt32BE(end + 1);
  return end;
}

/** A cursor over them. */
export class ReadyCursor implements ResultCursor {
  #chunk: Buffer;
  #left: number;

  constructor(rows: number, chunk: Buffer) {
    this.#chunk = chunk;
    this.#left = rows;
  }

  fill(): null {
    return null;
  }

  next(maxRows: number): ResultChunk {
    const rows = maxRows === 0 ? this.#left : Math.min(maxRows, this.#left);
    const end = rows === this.#left ? this.#chunk.length : messagesLength(this.#chunk, rows);
    const chunk = this.#chunk.subarray(0, end);
    this.#chunk = this.#chunk.subarray(end);
    this.#left -= rows;
    return { chunk, rows, done: this.#left === 0 };
  }

  close(): void {
    this.#chunk = EMPTY;
    this.#left = 0;
  }
}
