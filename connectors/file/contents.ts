/** The bytes of a file, decompressed. */
import { open } from 'node:fs/promises';
import { constants, createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';

/** Bytes read at once. */
const CHUNK = 256 * 1024;

export type Compression = 'auto' | 'none' | 'gzip';

/** Which file a path is: device and inode, size and time of change. */
export interface FileIdentity {
  readonly key: string;
  readonly size: number;
  /** Nanoseconds, exact. */
  readonly changed: bigint;
}

/** The identity of the file at a path. */
export async function identify(path: string): Promise<FileIdentity & { readonly isFile: boolean }> {
  const handle = await open(path, 'r');
  try {
    const info = await handle.stat({ bigint: true });
    return {
      key: `${info.dev}-${info.ino}`,
      size: Number(info.size),
      changed: info.mtimeNs,
      isFile: info.isFile(),
    };
  } finally {
    await handle.close();
  }
}

/**
 * The file's content from an offset in its decompressed bytes. The bytes of a chunk stay until the one after the next is asked
 * for. `partial`: a compressed file that ends within a member is still being written, and gives what it has; otherwise that is
 * an error.
 */
export async function* readContents(
  path: string,
  compression: Compression,
  from: number,
  partial: boolean,
): AsyncGenerator<Buffer> {
  const handle = await open(path, 'r');
  try {
    if (await isCompressed(handle, compression)) {
      const raw = Readable.from(readFrom(handle, 0, null), { objectMode: false });
      const gunzip = createGunzip({
        chunkSize: CHUNK,
        ...(partial ? { finishFlush: constants.Z_SYNC_FLUSH } : {}),
      });
      raw.on('error', (error) => gunzip.destroy(error));
      raw.pipe(gunzip);
      let skip = from;
      for await (const chunk of gunzip as AsyncIterable<Buffer>) {
        if (chunk.length <= skip) {
          skip -= chunk.length;
          continue;
        }
        yield skip === 0 ? chunk : chunk.subarray(skip);
        skip = 0;
      }
    } else {
      yield* readFrom(handle, from, [Buffer.allocUnsafe(CHUNK), Buffer.allocUnsafe(CHUNK)]);
    }
  } finally {
    await handle.close();
  }
}

type Handle = Awaited<ReturnType<typeof open>>;

/**
 * Reads into `buffers` in turn, or, if their bytes stay with whoever takes them, into new ones: a buffer for each chunk of a large
 * file would have JavaScript look for garbage all the time.
 */
async function* readFrom(
  handle: Handle,
  from: number,
  buffers: readonly [Buffer, Buffer] | null,
): AsyncGenerator<Buffer> {
  let position = from;
  for (let turn = 0; ; turn = 1 - turn) {
    const buffer = buffers?.[turn as 0 | 1] ?? Buffer.allocUnsafe(CHUNK);
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Whether a file's bytes are gzip. */
export async function hasGzip(path: string, compression: Compression): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    return await isCompressed(handle, compression);
  } finally {
    await handle.close();
  }
}

async function isCompressed(handle: Handle, compression: Compression): Promise<boolean> {
  if (compression !== 'auto') return compression === 'gzip';
  const magic = Buffer.alloc(2);
  const { bytesRead } = await handle.read(magic, 0, 2, 0);
  return bytesRead === 2 && magic[0] === 0x1f && magic[1] === 0x8b;
}
