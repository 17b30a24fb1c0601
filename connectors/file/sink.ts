/**
 * INTO FILE: one file that grows by whole commits.
 *
 * The bytes are appended and, once those of a time are all there, synced; then the progress file beside it
 * (`<path>.progress`: size, timestamp and the sink's identity) is replaced. What lies behind the recorded size after a
 * crash is cut off at the next start, so each change stands in the file once. A reader that must not see such bytes reads
 * up to the recorded size.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SqlError, type Notice } from '../../sql/error.ts';
import {
  ConnectorError,
  type ConnectorMetrics,
  type Health,
  type SinkBatch,
  type SinkConnector,
  type SinkOptions,
  type SinkState,
  type SinkWriter,
} from '../contract.ts';
import type { ParsedOptions } from '../options.ts';
import { PauseGate, StateHolder } from '../state.ts';
import { fileSinkOptions } from './options.ts';
import { isGone, isPattern } from './paths.ts';

type Options = ParsedOptions<typeof fileSinkOptions>;
type Handle = Awaited<ReturnType<typeof open>>;

/** What the progress file holds. */
interface Progress {
  identity: string;
  size: number;
  upTo: number;
}

export const fileSink: SinkConnector<typeof fileSinkOptions> = {
  options: fileSinkOptions,
  connection: null,
  messages: false,
  formats: ['json', 'csv'],
  envelopes: ['append', 'upsert', 'debezium'],
  delivery: 'exactly once',

  async validate(options: Options): Promise<readonly Notice[]> {
    if (isPattern(options.path)) {
      throw new SqlError({
        sqlstate: '22023',
        message: 'a sink writes to one file; its path is not a pattern',
      });
    }
    try {
      const info = await open(options.path, 'r').then(async (handle) => {
        const result = await handle.stat();
        await handle.close();
        return result;
      });
      if (!info.isFile()) {
        throw new SqlError({ sqlstate: '42809', message: `"${options.path}" is not a file` });
      }
      if (info.size > 0 && !options.overwrite) {
        throw new SqlError({
          sqlstate: '58P02',
          message: `file "${options.path}" exists and was not written by this sink`,
          hint: 'OVERWRITE replaces it.',
        });
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    return [];
  },

  open(options: SinkOptions<Options>): SinkWriter {
    return new FileWriter(options);
  },
};

/** The writer of a FILE sink. */
export class FileWriter implements SinkWriter {
  readonly #setup: SinkOptions<Options>;
  readonly #path: string;
  readonly #state = new StateHolder<SinkState>('created');
  readonly #gate = new PauseGate();
  #handle: Handle | undefined;
  #size = 0;
  #bytes = 0;
  #records = 0;
  /** Of the time whose batches are being written. */
  #open = { bytes: 0, records: 0 };

  constructor(setup: SinkOptions<Options>) {
    this.#setup = setup;
    this.#path = resolve(setup.options.path);
  }

  async recover(): Promise<number | undefined> {
    this.#state.set('recovering');
    try {
      await mkdir(dirname(this.#path), { recursive: true });
      const progress = await this.#progress();
      await this.#handle?.close();
      this.#handle = await openForAppend(this.#path);
      const { size } = await this.#handle.stat();
      if (progress === undefined && size > 0 && !this.#setup.options.overwrite) {
        throw new ConnectorError({
          sqlstate: '58P02',
          message: `file "${this.#path}" exists and was not written by this sink`,
          hint: 'OVERWRITE replaces it.',
        });
      }
      if (progress !== undefined && size < progress.size) {
        throw new ConnectorError({
          sqlstate: '58P02',
          message: `file "${this.#path}" is shorter than what this sink has written (${size} of ${progress.size} bytes)`,
          hint: 'Drop the sink and create it again with OVERWRITE to write the file anew.',
        });
      }
      this.#size = progress?.size ?? 0;
      this.#open = { bytes: 0, records: 0 };
      await this.#handle.truncate(this.#size);
      this.#state.set('running');
      return progress?.upTo;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async write(batch: SinkBatch): Promise<void> {
    await this.#gate.wait();
    const handle = this.#handle;
    if (handle === undefined)
      throw new ConnectorError({ message: 'the sink is closed or was not recovered' });
    try {
      if (batch.bytes.length > 0) {
        for (let written = 0; written < batch.bytes.length;) {
          const result = await handle.write(
            batch.bytes,
            written,
            batch.bytes.length - written,
            this.#size + written,
          );
          written += result.bytesWritten;
        }
      }
      const size = this.#size + batch.bytes.length;
      if (batch.whole) {
        await handle.datasync();
        await this.#record({ identity: this.#setup.identity, size, upTo: batch.upTo });
      }
      this.#size = size;
      this.#open = {
        bytes: this.#open.bytes + batch.bytes.length,
        records: this.#open.records + batch.records,
      };
      if (batch.whole) {
        this.#bytes += this.#open.bytes;
        this.#records += this.#open.records;
        this.#open = { bytes: 0, records: 0 };
      }
      this.#state.set(this.#gate.paused ? 'paused' : 'running');
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): ConnectorError {
    const known = asConnectorError(error, this.#path);
    this.#state.set(known.retry ? 'stalled' : 'failed', known.message);
    return known;
  }

  pause(): void {
    this.#gate.pause();
    this.#state.set('paused');
  }

  resume(): void {
    this.#gate.resume();
    this.#state.set('running');
  }

  alter(): void {
    // No option can be altered.
  }

  health(): Health<SinkState> {
    return this.#state.get();
  }

  metrics(): ConnectorMetrics {
    return { bytes: this.#bytes, records: this.#records, partitions: 1, lag: null };
  }

  async close(): Promise<void> {
    this.#state.set('closed');
    this.#gate.end();
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** The recorded progress, if it is this sink's. */
  async #progress(): Promise<Progress | undefined> {
    let text: string;
    try {
      text = await readFile(`${this.#path}.progress`, 'utf8');
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
    try {
      const progress = JSON.parse(text) as Progress;
      if (progress.identity !== this.#setup.identity) return undefined;
      if (Number.isSafeInteger(progress.size) && Number.isSafeInteger(progress.upTo)) return progress;
    } catch {
      // Not ours, or damaged: the check of the file itself decides.
    }
    return undefined;
  }

  async #record(progress: Progress): Promise<void> {
    const temporary = `${this.#path}.progress.new`;
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(`${JSON.stringify(progress)}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, `${this.#path}.progress`);
  }
}

async function openForAppend(path: string): Promise<Handle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (isGone(error)) return open(path, 'w+');
    throw error;
  }
}

/** Errors that stay until somebody does something about the path. */
const LASTING = ['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];

function asConnectorError(error: unknown, path: string): ConnectorError {
  if (error instanceof ConnectorError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const sqlstate = code === 'ENOSPC' ? '53100' : code === 'EACCES' ? '42501' : '58030';
  return new ConnectorError({
    sqlstate,
    message: `could not write "${path}": ${message}`,
    retry: !LASTING.includes(code ?? ''),
    cause: error,
  });
}
