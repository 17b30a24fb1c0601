/** Reads the fields of one message strictly: nothing beyond its end, no string without its end, no bytes left over. */
import { isUtf8 } from 'node:buffer';
import { SqlError } from '../../sql/error.ts';
import { ProtocolError } from './protocol-error.ts';

export class BodyReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get remaining(): number {
    return this.#body.length - this.#at;
  }

  byte(): number {
    this.#need(1);
    return this.#body[this.#at++]!;
  }

  /** PostgreSQL's counts are unsigned: up to 65,535 parameters. */
  uint16(): number {
    this.#need(2);
    const value = this.#body.readUInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    this.#need(4);
    const value = this.#body.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A string up to its NUL. */
  string(): string {
    const end = this.#body.indexOf(0, this.#at);
    if (end < 0) throw new ProtocolError('invalid string in message');
    const bytes = this.#body.subarray(this.#at, end);
    this.#at = end + 1;
    if (!isUtf8(bytes)) {
      throw new SqlError({ sqlstate: '22021', message: 'invalid byte sequence for encoding "UTF8"' });
    }
    return bytes.toString('utf8');
  }

  /** `length` bytes; a view into the message. */
  bytes(length: number): Buffer {
    this.#need(length);
    const bytes = this.#body.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  end(): void {
    if (this.remaining > 0) throw new ProtocolError('invalid message format');
  }

  #need(length: number): void {
    if (length < 0 || this.remaining < length) throw new ProtocolError('insufficient data left in message');
  }
}
