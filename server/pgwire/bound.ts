/**
 * Bind, perhaps Describe, Execute and Sync over the unnamed portal, as drivers send them for a prepared statement: where
 * they lie together, the engine can read them where they are.
 */
import { type Framing, framings } from '../../engine/index.ts';

export interface Bound {
  readonly statement: string;
  /** Where Bind's body lies. */
  readonly from: number;
  readonly to: number;
  readonly framing: Framing;
  /** Where the Sync ends. */
  readonly end: number;
}

const BIND = 'B'.charCodeAt(0);
const DESCRIBE_PORTAL = Buffer.from('D\0\0\0\x06P\0', 'latin1');
const EXECUTE_ALL_SYNC = Buffer.from('E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04', 'latin1');

/** Reads those of one connection. */
export class BoundReader {
  /** The statement that was bound last, and its name with the end: most name the same again. */
  #statement = '';
  #name = Buffer.from('\0');

  /** The messages that begin at `at`, if they are these; null also where they are not there yet. */
  read(bytes: Buffer, at: number): Bound | null {
    // A type, a length and no name of a portal.
    if (bytes.length < at + 6 || bytes[at] !== BIND || bytes[at + 5] !== 0) return null;
    const to = at + 1 + bytes.readUInt32BE(at + 1);
    const described = lies(DESCRIBE_PORTAL, bytes, to);
    const execute = described ? to + DESCRIBE_PORTAL.length : to;
    if (!lies(EXECUTE_ALL_SYNC, bytes, execute)) return null;
    if (!lies(this.#name, bytes, at + 6)) {
      const nameEnd = bytes.indexOf(0, at + 6);
      if (nameEnd >= to) return null;
      this.#statement = bytes.toString('utf8', at + 6, nameEnd);
      this.#name = Buffer.from(bytes.subarray(at + 6, nameEnd + 1));
    }
    return {
      statement: this.#statement,
      from: at + 5,
      to,
      framing: described ? framings.described : framings.bound,
      end: execute + EXECUTE_ALL_SYNC.length,
    };
  }
}

function lies(wanted: Buffer, bytes: Buffer, at: number): boolean {
  if (at + wanted.length > bytes.length) return false;
  for (let index = 0; index < wanted.length; index++) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}
