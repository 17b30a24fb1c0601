/**
 * Moves encoded changes into a sink. Batches that wait are joined, so a slow target gets few and large writes; when too
 * much waits, delivery is paused. A failed write is tried again, from what the target says it holds.
 */
import { ConnectorError, type SinkBatch, type SinkWriter } from './contract.ts';
import { Alarm } from './state.ts';

/** Bytes that wait before delivery is paused, and before it goes on. */
const HIGH_WATER = 16 << 20;
const LOW_WATER = 4 << 20;
/** Batches are joined up to this size. */
const WRITE_BYTES = 1 << 20;
const FIRST_RETRY = 100;
const LONGEST_RETRY = 10_000;

/** The subscription that feeds a sink. */
export interface EgressFeed {
  /** Starts delivery of changes at `progress` and after; undefined: of the contents first. */
  start(progress: number | undefined): void;
  pause(paused: boolean): void;
}

/** Runs a sink until it fails or is closed. */
export class Egress {
  readonly #writer: SinkWriter;
  readonly #feed: EgressFeed;
  readonly #waiting: SinkBatch[] = [];
  readonly #alarm = new Alarm();
  /** Apart from the other, so that deliveries do not hasten a retry. */
  readonly #retry = new Alarm();
  readonly #drained: (() => void)[] = [];
  #bytes = 0;
  #pausedFeed = false;
  #closed = false;
  #progress: number | undefined;

  constructor(writer: SinkWriter, feed: EgressFeed) {
    this.#writer = writer;
    this.#feed = feed;
  }

  /** Everything below it is safe at the target; undefined before the first write. */
  get progress(): number | undefined {
    return this.#progress;
  }

  /** Takes a batch; in timestamp order. */
  deliver(batch: SinkBatch): void {
    if (this.#closed) return;
    this.#waiting.push(batch);
    this.#bytes += batch.bytes.length;
    if (this.#bytes > HIGH_WATER && !this.#pausedFeed) {
      this.#pausedFeed = true;
      this.#feed.pause(true);
    }
    this.#alarm.ring();
  }

  /** Resolves when it was closed; rejects on what trying again cannot cure. */
  async run(): Promise<void> {
    try {
      this.#progress = await this.#writer.recover();
      this.#feed.start(this.#progress);
      while (!this.#closed) {
        const batch = this.#take();
        if (batch === undefined) {
          for (const resolve of this.#drained.splice(0)) resolve();
          await this.#alarm.sleep(60_000);
          continue;
        }
        await this.#write(batch);
      }
    } finally {
      this.#closed = true;
      for (const resolve of this.#drained.splice(0)) resolve();
      await this.#writer.close();
    }
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const promise = new Promise<void>((resolve) => this.#drained.push(resolve));
    this.#alarm.ring();
    return promise;
  }

  /** Ends it after the write that is on its way; what waits is written at the next start. */
  close(): void {
    this.#closed = true;
    this.#alarm.ring();
    this.#retry.ring();
  }

  #take(): SinkBatch | undefined {
    const parts: Buffer[] = [];
    let bytes = 0;
    let records = 0;
    let upTo: number | undefined;
    while (this.#waiting.length > 0 && bytes < WRITE_BYTES) {
      const batch = this.#waiting.shift()!;
      parts.push(batch.bytes);
      bytes += batch.bytes.length;
      records += batch.records;
      upTo = batch.upTo;
    }
    this.#bytes -= bytes;
    if (this.#pausedFeed && this.#bytes < LOW_WATER) {
      this.#pausedFeed = false;
      this.#feed.pause(false);
    }
    if (upTo === undefined) return undefined;
    return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes), records, upTo };
  }

  async #write(batch: SinkBatch): Promise<void> {
    let delay = FIRST_RETRY;
    let failed = false;
    for (;;) {
      try {
        if (failed) {
          this.#progress = await this.#writer.recover();
          // The write had arrived after all.
          if (this.#progress !== undefined && this.#progress >= batch.upTo) return;
        }
        await this.#writer.write(batch);
        this.#progress = batch.upTo;
        return;
      } catch (error) {
        if (this.#closed) return;
        // 58P01 and 58P02: the target is not what this sink left; writing on would damage it.
        if (error instanceof ConnectorError && error.sqlstate.startsWith('58P')) throw error;
        failed = true;
        await this.#retry.sleep(delay);
        if (this.#closed) return;
        delay = Math.min(delay * 2, LONGEST_RETRY);
      }
    }
  }
}
