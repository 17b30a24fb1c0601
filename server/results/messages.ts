/** Ready backend messages (DataRow, CopyData) as the engine encodes them, taken apart and made without decoding. */
import { ReadyCursor as ReadyMessages } from '../../engine/ready-cursor.ts';

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

/** A cursor over ready messages. */
export class ReadyCursor extends ReadyMessages {
  constructor(rows: readonly Buffer[]) {
    super(rows.length, Buffer.concat(rows));
  }
}
