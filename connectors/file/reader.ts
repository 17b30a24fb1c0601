/** Reads files: once, or following them. */
import { watch, type FSWatcher } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import {
  ConnectorError,
  type BytesBatch,
  type ConnectorMetrics,
  type Health,
  type PartitionStatus,
  type SourceBatch,
  type SourceOptions,
  type SourceReader,
  type SourceState,
} from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { Alarm, PauseGate, StateHolder } from '../state.ts';
import { hasGzip, identify, readContents, type FileIdentity } from './contents.ts';
import type { fileSourceOptions } from './options.ts';
import { isGone, listFiles, watchedFolder } from './paths.ts';
import { dropRetainedBut, RetainedBytes } from './retained.ts';

const NEWLINE = 10;
const RETURN = 13;
const EMPTY = Buffer.alloc(0);

/** A file that is followed. */
interface FollowedFile {
  path: string;
  /** The path under which its rows and refused records are known. */
  name: string;
  identity: FileIdentity;
  compressed: boolean;
  retained: RetainedBytes;
  /** Its last byte is a line break, or it is empty. */
  complete: boolean;
  /** Its last line has no line break and was taken as whole. */
  flushed: boolean;
}

/** Where a file goes on, as the offset of its partition holds it. */
interface FileOffset {
  readonly path: string;
  /** Decompressed bytes that were read. */
  readonly length: number;
  /** Of a followed file: its last line was taken as whole, without a line break. */
  readonly flushed?: boolean;
  /** Of a file that is read once: the CRC-32 of what was read, and whether that is all. */
  readonly checksum?: number;
  readonly whole?: boolean;
}

/**
 * The reader of a FILE source.
 *
 * A file is device and inode. When one grows and what was read of it is unchanged, the rest is appended; when it
 * changed otherwise, its rows are taken back and it is read again in one commit; a file renamed over another
 * replaces it in one commit too. A last line without line break is a row once the file has been quiet for an
 * interval; if it goes on after all, the file has changed.
 */
export class FileReader implements SourceReader {
  #options: ParsedOptions<typeof fileSourceOptions>;
  readonly #setup: SourceOptions<ParsedOptions<typeof fileSourceOptions>>;
  readonly #state = new StateHolder<SourceState>('created');
  readonly #gate = new PauseGate();
  readonly #alarm = new Alarm();
  readonly #files = new Map<string, FollowedFile>();
  #watcher: FSWatcher | undefined;
  #closed = false;
  #bytes = 0;
  #lag: number | null = null;
  /** Of files that are read once: path and bytes that are left. */
  readonly #readOnce = new Map<string, PartitionStatus>();

  constructor(setup: SourceOptions<ParsedOptions<typeof fileSourceOptions>>) {
    this.#setup = setup;
    this.#options = setup.options;
  }

  async *read(): AsyncIterable<SourceBatch> {
    this.#state.set('starting');
    try {
      for await (const batch of this.#options.follow ? this.#follow() : this.#once()) {
        if (this.#closed) return;
        if (batch.kind === 'bytes' && batch.diff === 1) this.#bytes += batch.bytes.length;
        await this.#gate.wait();
        if (this.#closed) return;
        if (!this.#gate.paused) this.#state.set('running');
        yield batch;
      }
      if (!this.#closed) this.#state.set('finished');
    } catch (error) {
      const failure = asConnectorError(error, this.#options.path);
      this.#state.set('failed', failure.message);
      throw failure;
    }
  }

  pause(): void {
    this.#gate.pause();
    this.#state.set('paused');
  }

  resume(): void {
    this.#gate.resume();
    this.#state.set('running');
  }

  alter(options: ParsedOptions<OptionSpecs>): void {
    this.#options = options as ParsedOptions<typeof fileSourceOptions>;
    this.#alarm.ring();
  }

  partition(partition: string): PartitionStatus | undefined {
    const file = this.#files.get(partition);
    if (file === undefined) return this.#readOnce.get(partition);
    const lag = file.compressed ? null : Math.max(0, file.identity.size - file.retained.length);
    return { name: file.path, lag };
  }

  health(): Health<SourceState> {
    return this.#state.get();
  }

  metrics(): ConnectorMetrics {
    const { size } = this.#options.follow ? this.#files : this.#readOnce;
    return { bytes: this.#bytes, records: 0, partitions: size, lag: this.#lag };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#state.set('closed');
    this.#watcher?.close();
    this.#gate.end();
    this.#alarm.ring();
  }

  /** Every file that is there, from beginning to end. */
  async *#once(): AsyncGenerator<SourceBatch> {
    for (const path of await listFiles(this.#options.path)) {
      const { key, size } = await identify(path);
      const before = offsetOf(this.#setup.offsets[key]);
      if (before?.whole === true) continue;
      let start = true;
      let length = 0;
      let checksum = 0;
      const offset = (whole: boolean): BytesBatch['offset'] => {
        const value: FileOffset = { path, length, checksum, whole };
        return { partition: key, value: JSON.stringify(value) };
      };
      for await (let bytes of readContents(path, this.#options.compression, 0, false)) {
        // What a commit has recorded is read again for the decoder's sake only.
        const known = Math.min(bytes.length, Math.max(0, (before?.length ?? 0) - length));
        if (known > 0) {
          const again = bytes.subarray(0, known);
          bytes = bytes.subarray(known);
          length += known;
          checksum = crc32(again, checksum);
          if (length === before!.length && checksum !== before!.checksum) throw changed(path);
          yield this.#batch(path, key, { bytes: again, start, diff: 0, commit: false });
          start = false;
          if (bytes.length === 0) continue;
        }
        length += bytes.length;
        checksum = crc32(bytes, checksum);
        this.#readOnce.set(key, { name: path, lag: Math.max(0, size - length) });
        yield this.#batch(path, key, { bytes, start, offset: offset(false) });
        start = false;
      }
      if (length < (before?.length ?? 0)) throw changed(path);
      this.#readOnce.set(key, { name: path, lag: 0 });
      yield this.#batch(path, key, { start, flush: true, end: true, offset: offset(true) });
    }
  }

  /** Files that an earlier reader has followed: their decoders come to stand where they stood. */
  async *#recover(): AsyncGenerator<SourceBatch> {
    const { context, offsets } = this.#setup;
    await mkdir(context.directory, { recursive: true });
    await dropRetainedBut(Object.keys(offsets), context.directory);
    for (const [key, value] of Object.entries(offsets)) {
      const { path, length, flushed = false } = offsetOf(value)!;
      const retained = new RetainedBytes(context.directory, key);
      await retained.reopen(length);
      const compressed = await hasGzip(path, this.#options.compression).catch(() => false);
      const file: FollowedFile = {
        path,
        name: path,
        // Not what it is now: the first look compares it.
        identity: { key, size: compressed ? 0 : length, changed: 0n },
        compressed,
        retained,
        complete: true,
        flushed,
      };
      this.#files.set(key, file);
      let start = true;
      for await (const bytes of retained.read()) {
        file.complete = bytes[bytes.length - 1] === NEWLINE;
        yield this.#batch(path, key, { bytes, start, diff: 0, commit: false });
        start = false;
      }
      if (flushed) yield this.#batch(path, key, { flush: true, diff: 0, commit: false });
    }
  }

  async *#follow(): AsyncGenerator<SourceBatch> {
    yield* this.#recover();
    await this.#watch();
    while (!this.#closed) {
      try {
        yield* this.#poll();
        if (this.#state.get().state === 'stalled') this.#state.set('running');
      } catch (error) {
        // Another reader may hold a file, or a share may be away: it stays as it was until it can be read.
        if (!isTransient(error)) throw error;
        this.#state.set('stalled', (error as Error).message);
      }
      if (this.#closed) return;
      await this.#alarm.sleep(this.#options.poll_interval);
      await this.#gate.wait();
    }
  }

  /** Watching only shortens the wait: what it reports is looked up again, and polling finds what it misses. */
  async #watch(): Promise<void> {
    try {
      const isFolder = await stat(this.#options.path).then(
        (info) => info.isDirectory(),
        () => false,
      );
      this.#watcher = watch(watchedFolder(this.#options.path, isFolder), () => this.#alarm.ring());
      this.#watcher.on('error', () => this.#watcher?.close());
      this.#watcher.unref();
    } catch {
      this.#watcher = undefined;
    }
  }

  /** One look at all files. */
  async *#poll(): AsyncGenerator<SourceBatch> {
    const seen = new Map<string, { path: string; identity: FileIdentity }>();
    for (const path of await listFiles(this.#options.path)) {
      try {
        const identity = await identify(path);
        if (identity.isFile && !seen.has(identity.key)) seen.set(identity.key, { path, identity });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
    this.#lag = [...seen].reduce(
      (lag, [key, { identity }]) =>
        lag + Math.max(0, identity.size - (this.#files.get(key)?.identity.size ?? 0)),
      0,
    );
    const replacements = new Map(
      [...seen].filter(([key]) => !this.#files.has(key)).map(([, f]) => [f.path, f]),
    );
    for (const [key, file] of Array.from(this.#files)) {
      if (seen.has(key)) continue;
      const replacement = replacements.get(file.path);
      if (replacement !== undefined) {
        // Another file was renamed over it: the old rows go and the new come in one commit.
        replacements.delete(file.path);
        seen.delete(replacement.identity.key);
        yield* this.#retract(key, file, false);
        yield* this.#add(replacement.path, replacement.identity, true);
      } else if (this.#options.on_delete === 'retract') {
        yield* this.#retract(key, file, true);
      } else {
        this.#files.delete(key);
        await file.retained.drop();
        yield { kind: 'forget', partition: key, commit: true };
      }
      if (this.#closed) return;
    }
    for (const [key, { path, identity }] of seen) {
      const file = this.#files.get(key);
      try {
        if (file === undefined) yield* this.#add(path, identity, false);
        else yield* this.#update(key, file, path, identity);
      } catch (error) {
        // It went between the look and the reading: the next look sees it gone.
        if (!isGone(error)) throw error;
        this.#alarm.ring();
      }
      if (this.#closed) return;
    }
    this.#lag = 0;
  }

  /** A file that was not there before. */
  async *#add(path: string, identity: FileIdentity, atomic: boolean): AsyncGenerator<SourceBatch> {
    const file: FollowedFile = {
      path,
      name: path,
      identity: { ...identity, size: 0 },
      compressed: await hasGzip(path, this.#options.compression),
      retained: new RetainedBytes(this.#setup.context.directory, identity.key),
      complete: true,
      flushed: false,
    };
    this.#files.set(identity.key, file);
    yield* this.#append(identity.key, file, identity, atomic);
    if (atomic)
      yield this.#batch(path, identity.key, { commit: true, offset: this.#offset(identity.key, file) });
  }

  /** A file that is known: unchanged, grown, or changed. */
  async *#update(
    key: string,
    file: FollowedFile,
    path: string,
    identity: FileIdentity,
  ): AsyncGenerator<SourceBatch> {
    const renamed = path !== file.path;
    if (renamed && this.#setup.metadata.includes('path')) {
      // Its rows say where they came from.
      yield* this.#retract(key, file, false);
      yield* this.#add(path, identity, true);
      return;
    }
    file.path = path;
    const before = file.identity;
    if (identity.size === before.size && identity.changed === before.changed) {
      if (!file.complete && !file.flushed) {
        file.flushed = true;
        yield this.#batch(file.name, key, { flush: true, offset: this.#offset(key, file) });
      }
      return;
    }
    const grown = identity.size > before.size;
    const same =
      identity.size >= before.size &&
      (await file.retained.isPrefixOf(path, this.#options.compression, file.compressed, grown));
    if (same && !file.flushed) {
      yield* this.#append(key, file, identity, false);
      return;
    }
    if (same) {
      // The last line was taken as whole; it was, if a line break is what follows.
      const next = await firstBytes(path, this.#options.compression, file.retained.length);
      const breaks = next[0] === NEWLINE ? 1 : next[0] === RETURN && next[1] === NEWLINE ? 2 : 0;
      if (next.length === 0) {
        file.identity = identity;
        return;
      }
      if (breaks > 0) {
        file.flushed = false;
        yield* this.#append(key, file, identity, false);
        return;
      }
    }
    yield* this.#retract(key, file, false);
    yield* this.#add(path, identity, true);
  }

  /** What lies behind the bytes that were read. */
  async *#append(
    key: string,
    file: FollowedFile,
    identity: FileIdentity,
    atomic: boolean,
  ): AsyncGenerator<SourceBatch> {
    const contents = readContents(file.path, this.#options.compression, file.retained.length, true);
    for await (const bytes of contents) {
      const start = file.retained.length === 0;
      await file.retained.append(bytes);
      file.complete = bytes[bytes.length - 1] === NEWLINE;
      yield this.#batch(file.name, key, { bytes, start, commit: !atomic, offset: this.#offset(key, file) });
      if (this.#closed) return;
    }
    file.identity = identity;
  }

  /** Takes back a file's rows, by giving the same bytes again. */
  async *#retract(key: string, file: FollowedFile, commit: boolean): AsyncGenerator<SourceBatch> {
    if (!this.#options.follow) {
      // It was resumed after a failure: its rows are said to stay (`appendOnly`).
      throw new ConnectorError({
        message: `"${file.path}" has changed since it was read`,
        hint: 'A source without FOLLOW takes no rows back. Create it anew.',
      });
    }
    this.#files.delete(key);
    const stream = `${key}-`;
    let start = true;
    for await (const bytes of file.retained.read()) {
      yield this.#batch(file.name, stream, { bytes, start, diff: -1, commit: false });
      start = false;
    }
    if (!start) {
      yield this.#batch(file.name, stream, { flush: file.flushed, end: true, diff: -1, commit: false });
    }
    // The stream of the rows themselves is over too.
    yield this.#batch(file.name, key, { end: true, commit: false });
    await file.retained.drop();
    yield { kind: 'forget', partition: key, commit };
  }

  #offset(key: string, file: FollowedFile): { partition: string; value: string } {
    const { path, retained, flushed } = file;
    const value: FileOffset = { path, length: retained.length, flushed };
    return { partition: key, value: JSON.stringify(value) };
  }

  #batch(path: string, stream: string, fields: Partial<BytesBatch>): BytesBatch {
    return {
      kind: 'bytes',
      table: 0,
      stream,
      start: false,
      flush: false,
      end: false,
      bytes: EMPTY,
      diff: 1,
      metadata: { path },
      offset: null,
      commit: true,
      ...fields,
    };
  }
}

async function firstBytes(
  path: string,
  compression: 'auto' | 'none' | 'gzip',
  from: number,
): Promise<Buffer> {
  for await (const bytes of readContents(path, compression, from, true)) return bytes;
  return EMPTY;
}

function offsetOf(value: string | undefined): FileOffset | undefined {
  return value === undefined ? undefined : (JSON.parse(value) as FileOffset);
}

function changed(path: string): ConnectorError {
  return new ConnectorError({
    sqlstate: '58P02',
    message: `file "${path}" has changed since a part of it was read`,
    hint: 'With the option FOLLOW a changed file is read anew.',
  });
}

function isTransient(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return ['EACCES', 'EBUSY', 'EMFILE', 'ENFILE', 'EIO', 'EAGAIN', 'ESTALE', 'EPERM', 'ENOENT'].includes(code);
}

function asConnectorError(error: unknown, path: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new ConnectorError({
      sqlstate: '22P04',
      message: `a file of "${path}" is not whole gzip data: ${message}`,
      hint: "COMPRESSION 'none' reads it as it is.",
      cause: error,
    });
  }
  const sqlstate = code === 'EACCES' || code === 'EPERM' ? '42501' : code === 'ENOENT' ? '58P01' : '58030';
  return new ConnectorError({ sqlstate, message: `could not read "${path}": ${message}`, cause: error });
}
