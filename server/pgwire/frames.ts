/**
 * Cuts the byte stream of a client into messages. A message's announced length is judged before anything of it is
 * kept, so that a wrong or hostile length costs no memory.
 */
import { ProtocolError } from './protocol-error.ts';

/** The largest startup packet, as in PostgreSQL. */
const STARTUP_BYTES = 10_000;
/** Messages that carry no user data, as in PostgreSQL (PQ_SMALL_MESSAGE_LIMIT). */
const SMALL_BYTES = 10_000;
/** Statements, parameter values, COPY data. */
export const LARGE_BYTES = 256 << 20;

const LARGE = new Set(['Q', 'P', 'B', 'd', 'F'].map((type) => type.charCodeAt(0)));
const SMALL = new Set(['C', 'D', 'E', 'H', 'S', 'X', 'c', 'f', 'p'].map((type) => type.charCodeAt(0)));

/** One message: its type (0 for a startup packet) and its body without the header. Valid until the next `push`. */
export interface Frame {
  readonly type: number;
  readonly body: Buffer;
}

export class FrameReader {
  /** Received, not yet cut; a message in parts is joined once, when it is complete. */
  #parts: Buffer[] = [];
  #offset = 0;
  #length = 0;
  #startup = true;
  /** The first and only part is overwritten by the next chunk. */
  #isShared = false;

  /** Bytes received and not yet taken. */
  get buffered(): number {
    return this.#length;
  }

  /** `isShared`: the chunk is overwritten later, but not before `own`. */
  push(chunk: Buffer, isShared = false): void {
    if (chunk.length === 0) return;
    const follows = this.#parts.length > 0;
    this.#parts.push(isShared && follows ? Buffer.from(chunk) : chunk);
    this.#isShared = isShared && !follows;
    this.#length += chunk.length;
  }

  /** Copies what was not taken of a chunk that is overwritten. */
  own(): void {
    if (!this.#isShared) return;
    this.#isShared = false;
    const [part] = this.#parts;
    if (part === undefined) return;
    this.#parts[0] = Buffer.from(part.subarray(this.#offset));
    this.#offset = 0;
  }

  /** From here on messages have a type byte. */
  startupDone(): void {
    this.#startup = false;
  }

  /** The type of the next message if its header is here, else null. */
  peekType(): number | null {
    return this.#length === 0 ? null : this.#byte(0);
  }

  /** What lies together from the next message on; all of it in nearly all cases. It may be overwritten after `own`. */
  get together(): { readonly bytes: Buffer; readonly at: number } | null {
    const bytes = this.#parts[0];
    return bytes === undefined ? null : { bytes, at: this.#offset };
  }

  /** Passes bytes that lie together. */
  skip(length: number): void {
    this.#offset += length;
    this.#length -= length;
    if (this.#offset === this.#parts[0]!.length) {
      this.#parts.shift();
      this.#offset = 0;
    }
  }

  /** The next whole message, or null. Throws ProtocolError on a length that cannot be. */
  next(): Frame | null {
    const header = this.#startup ? 4 : 5;
    if (this.#length < header) {
      // A type that does not exist is refused at once, not after four more bytes.
      if (!this.#startup && this.#length > 0) checkType(this.#byte(0));
      return null;
    }
    const type = this.#startup ? 0 : this.#byte(0);
    const at = this.#startup ? 0 : 1;
    const length =
      ((this.#byte(at) << 24) |
        (this.#byte(at + 1) << 16) |
        (this.#byte(at + 2) << 8) |
        this.#byte(at + 3)) >>>
      0;
    this.#checkLength(type, length);
    const total = header - 4 + length;
    if (this.#length < total) return null;
    this.own();
    this.#gather(total);
    const first = this.#parts[0]!;
    const body = first.subarray(this.#offset + header, this.#offset + total);
    this.skip(total);
    return { type, body };
  }

  #checkLength(type: number, length: number): void {
    if (this.#startup) {
      if (length < 8 || length > STARTUP_BYTES) throw new ProtocolError('invalid length of startup packet');
      return;
    }
    checkType(type);
    if (length < 4) throw new ProtocolError(`invalid message length ${length}`);
    const limit = LARGE.has(type) ? LARGE_BYTES : SMALL_BYTES;
    if (length > limit) {
      throw new ProtocolError(
        `message of type "${String.fromCharCode(type)}" is too long: ${length} bytes, at most ${limit} are accepted`,
      );
    }
  }

  /** The byte `index` places behind the next one to take. */
  #byte(index: number): number {
    let at = this.#offset + index;
    for (const part of this.#parts) {
      if (at < part.length) return part[at]!;
      at -= part.length;
    }
    throw new RangeError('byte beyond what was received');
  }

  /** Makes the next `total` bytes lie in the first part. */
  #gather(total: number): void {
    const first = this.#parts[0]!;
    if (first.length - this.#offset >= total) return;
    let end = first.length - this.#offset;
    let count = 1;
    while (end < total) end += this.#parts[count++]!.length;
    const joined = Buffer.concat([first.subarray(this.#offset), ...this.#parts.slice(1, count)], end);
    this.#parts.splice(0, count, joined);
    this.#offset = 0;
  }
}

function checkType(type: number): void {
  if (LARGE.has(type) || SMALL.has(type)) return;
  throw new ProtocolError(`invalid frontend message type ${type}`);
}
