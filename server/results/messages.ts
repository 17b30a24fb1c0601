/** Ready backend messages (DataRow, CopyData) as the engine encodes them, taken apart and made without decoding. */
import type { ResultChunk, ResultCursor } from '../../engine/index.ts';

/** Bytes of the first `rows` messages of a chunk. */
export function messagesLength(chunk: Buffer, rows: number): number {
  let end = 0;
  for (let row = 0; row < rows; row++) end += 1 + chunk.readUInt32BE(end + 1);
  return end;
}

/** One DataRow of text values: the same bytes in text and binary format, so only for columns of type text. */
export function textRow(values: readonly (string | Buffer | null)[]): Buffer {
  const fields = values.map((value) => (typeof value === 'string' ? Buffer.from(value, 'utf8') : value));
  const length = fields.reduce((sum, field) => sum + 4 + (field?.length ?? 0), 6);
  const row = Buffer.allocUnsafe(1 + length);
  row.write('D', 0, 'latin1');
  row.writeInt32BE(length, 1);
  row.writeUInt16BE(fields.length, 5);
  let at = 7;
  for (const field of fields) {
    row.writeInt32BE(field?.length ?? -1, at);
    at += 4;
    if (field) at += field.copy(row, at);
  }
  return row;
}

/** The fields of one DataRow. */
export function rowFields(row: Buffer): (Buffer | null)[] {
  const count = row.readUInt16BE(5);
  const fields: (Buffer | null)[] = [];
  let at = 7;
  for (let index = 0; index < count; index++) {
    const length = row.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? null : row.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  return fields;
}

/** A cursor over messages that are all here already. */
export class ReadyCursor implements ResultCursor {
  #chunk: Buffer;
  #rows: number;

  constructor(rows: readonly Buffer[]) {
    this.#rows = rows.length;
    this.#chunk = Buffer.concat(rows);
  }

  fill(): null {
    return null;
  }

  next(maxRows: number): ResultChunk {
    const rows = maxRows === 0 ? this.#rows : Math.min(maxRows, this.#rows);
    const length = rows === this.#rows ? this.#chunk.length : messagesLength(this.#chunk, rows);
    const chunk = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    this.#rows -= rows;
    return { chunk, rows, done: this.#rows === 0 };
  }

  close(): void {
    this.#chunk = Buffer.alloc(0);
    this.#rows = 0;
  }
}
