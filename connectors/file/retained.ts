/**
 * Copies of what a followed file gave: when the file changes in place or is deleted, its old bytes are gone, and its
 * rows can be taken back only by decoding the same bytes again.
 */
import { open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { readContents, type Compression } from './contents.ts';

/** Up to this many bytes are always compared whole. */
const ALWAYS_COMPARED = 1 << 20;
const SAMPLE = 16 * 1024;
const SAMPLES = 16;
const SUFFIX = '.retained';

/** The retained bytes of one file. */
export class RetainedBytes {
  readonly #path: string;
  #length = 0;
  /** Length at the last comparison of the whole. */
  #compared = 0;

  constructor(directory: string, key: string) {
    this.#path = join(directory, `${key}${SUFFIX}`);
  }

  /** Goes on with what a reader before this one retained: its first `length` bytes. */
  async reopen(length: number): Promise<void> {
    if (length > 0) {
      const { size } = await stat(this.#path);
      if (size < length) throw new Error(`${size} of ${length} bytes that were read are retained`);
      await truncate(this.#path, length);
    }
    this.#length = length;
  }

  get length(): number {
    return this.#length;
  }

  async append(bytes: Buffer): Promise<void> {
    const handle = await open(this.#path, this.#length === 0 ? 'w' : 'r+');
    try {
      await handle.write(bytes, 0, bytes.length, this.#length);
      this.#length += bytes.length;
    } finally {
      await handle.close();
    }
  }

  /** The bytes. Nothing was retained of an empty file. */
  async *read(): AsyncGenerator<Buffer> {
    if (this.#length === 0) return;
    let left = this.#length;
    for await (const chunk of readContents(this.#path, 'none', 0, false)) {
      yield chunk.length <= left ? chunk : chunk.subarray(0, left);
      left -= Math.min(left, chunk.length);
      if (left === 0) return;
    }
  }

  /**
   * Whether a file still begins with these bytes. A file that only grows is compared whole each time it has grown by
   * an eighth, which is linear in all, and by samples in between; one that did not grow (`grown` false) always whole.
   */
  async isPrefixOf(
    path: string,
    compression: Compression,
    compressed: boolean,
    grown: boolean,
  ): Promise<boolean> {
    if (this.#length === 0) return true;
    const whole =
      compressed || !grown || this.#length <= ALWAYS_COMPARED || this.#length >= this.#compared * 1.125;
    if (!whole) return this.#sampled(path);
    const same = await this.#same(path, compression);
    if (same) this.#compared = this.#length;
    return same;
  }

  async #same(path: string, compression: Compression): Promise<boolean> {
    const other = readContents(path, compression, 0, true);
    let theirs: Buffer = Buffer.alloc(0);
    try {
      for await (let ours of this.read()) {
        while (ours.length > 0) {
          if (theirs.length === 0) {
            const next = await other.next();
            if (next.done === true) return false;
            theirs = next.value;
          }
          const n = Math.min(ours.length, theirs.length);
          if (!ours.subarray(0, n).equals(theirs.subarray(0, n))) return false;
          ours = ours.subarray(n);
          theirs = theirs.subarray(n);
        }
      }
      return true;
    } finally {
      await other.return(undefined);
    }
  }

  async #sampled(path: string): Promise<boolean> {
    const [ours, theirs] = await Promise.all([open(this.#path, 'r'), open(path, 'r')]);
    try {
      const [a, b] = [Buffer.alloc(SAMPLE), Buffer.alloc(SAMPLE)];
      const last = this.#length - SAMPLE;
      for (let i = 0; i < SAMPLES; i++) {
        // First and last always, and places in between that differ from time to time.
        const at = i === 0 ? 0 : i === 1 ? last : Math.floor(Math.random() * last);
        const [x, y] = await Promise.all([ours.read(a, 0, SAMPLE, at), theirs.read(b, 0, SAMPLE, at)]);
        if (x.bytesRead !== y.bytesRead || !a.equals(b)) return false;
      }
      return true;
    } finally {
      await Promise.all([ours.close(), theirs.close()]);
    }
  }

  async drop(): Promise<void> {
    this.#length = 0;
    this.#compared = 0;
    await rm(this.#path, { force: true });
  }
}

/** Removes the retained bytes of files that are not among those that are followed. */
export async function dropRetainedBut(keys: readonly string[], directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.endsWith(SUFFIX) && !keys.includes(name.slice(0, -SUFFIX.length))) {
      await rm(join(directory, name), { force: true });
    }
  }
}
