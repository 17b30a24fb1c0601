/**
 * Moves encoded changes into a sink. Batches that wait are joined, so a slow target gets few and large writes; when too
 * much waits, delivery is paused. After a write that failed, the target says what it holds, and the rest is written
 * again: from memory, but for the snapshot, which may be larger and is read anew.
 */
import { ConnectorError, type SinkBatch, type SinkWriter } from './contract.ts';
import { Alarm } from './state.ts';

/** Bytes that wait before delivery is paused, and before it goes on. */
const HIGH_WATER = 16 << 20;
const LOW_WATER = 4 << 20;
/** Batches are joined up to this size. */
const WRITE_BYTES = 4 << 20;
const FIRST_RETRY = 100;
const LONGEST_RETRY = 10_000;

/** The subscription that feeds a sink. */
export interface EgressFeed {
  /**
   * Starts delivery of changes at `progress` and after; undefined: of the contents first. What was started before ends,
   * and delivers nothing any more.
   */
  start(progress: number | undefined): void;
  pause(paused: boolean): void;
  /** Everything below it is safe at the target: it need not be given again. */
  written(upTo: number): void;
}

/** Runs a sink until it fails or is closed. */
export class Egress {
  #writer: SinkWriter;
  readonly #feed: EgressFeed;
  readonly #waiting: SinkBatch[] = [];
  /** Written before the last of their time: not safe until that is. Those of the snapshot are not kept. */
  readonly #unsafe: SinkBatch[] = [];
  readonly #alarm = new Alarm();
  /** Apart from the other, so that deliveries do not hasten a retry. */
  readonly #retry = new Alarm();
  readonly #drained: (() => void)[] = [];
  #bytes = 0;
  #records = 0;
  #unsafeRecords = 0;
  /** Some of a snapshot was written and not kept. */
  #letGo = false;
  #errors = 0;
  #delay = FIRST_RETRY;
  #started = false;
  /** The writer is another than the one that was recovered. */
  #replaced = false;
  #pausedFeed = false;
  /** What was started has ended: it starts again behind what the target holds. */
  #endedFeed = false;
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

  /** Records that were delivered and are not safe at the target. */
  get waiting(): number {
    return this.#records;
  }

  /** Writes and recoveries that failed. */
  get errors(): number {
    return this.#errors;
  }

  /** Takes a batch; in timestamp order. */
  deliver(batch: SinkBatch): void {
    if (this.#closed) return;
    this.#waiting.push(batch);
    this.#bytes += batch.bytes.length;
    this.#records += batch.records;
    if (this.#bytes > HIGH_WATER && !this.#pausedFeed) {
      this.#pausedFeed = true;
      this.#feed.pause(true);
    }
    this.#alarm.ring();
  }

  /** Resolves when it was closed; rejects on what trying again cannot cure. */
  async run(): Promise<void> {
    try {
      await this.#recover();
      while (!this.#closed) {
        if (this.#replaced || this.#endedFeed) await this.#recover();
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

  /** Goes on with another writer to the same target, from what that says it holds. */
  async replace(writer: SinkWriter): Promise<void> {
    const old = this.#writer;
    this.#writer = writer;
    this.#replaced = true;
    await old.close();
    this.#alarm.ring();
    this.#retry.ring();
  }

  /** Delivery has ended before its time: what waits is forgotten, and given again behind what the target holds. */
  restartFeed(): void {
    this.#endedFeed = true;
    this.#alarm.ring();
  }

  /** Ends it after the write that is on its way; what waits is written at the next start. */
  close(): void {
    this.#closed = true;
    this.#alarm.ring();
    this.#retry.ring();
  }

  /** What waits, joined. */
  #take(): SinkBatch | undefined {
    const parts: SinkBatch[] = [];
    let bytes = 0;
    for (let batch = this.#waiting[0]; batch !== undefined && bytes < WRITE_BYTES; batch = this.#waiting[0]) {
      // What is whole need not wait for the rest of a time.
      if (!batch.whole && parts.at(-1)?.whole === true) break;
      parts.push(batch);
      bytes += batch.bytes.length;
      this.#waiting.shift();
    }
    this.#bytes -= bytes;
    if (this.#pausedFeed && this.#bytes < LOW_WATER) {
      this.#pausedFeed = false;
      this.#feed.pause(false);
    }
    const last = parts.at(-1);
    if (last === undefined || parts.length === 1) return last;
    return {
      bytes: Buffer.concat(
        parts.map((part) => part.bytes),
        bytes,
      ),
      records: parts.reduce((sum, part) => sum + part.records, 0),
      upTo: last.upTo,
      whole: last.whole,
    };
  }

  async #write(batch: SinkBatch): Promise<void> {
    const writer = this.#writer;
    try {
      await writer.write(batch);
    } catch (error) {
      this.#waiting.unshift(batch);
      await this.#failed(error, writer);
      await this.#recover();
      return;
    }
    this.#unsafeRecords += batch.records;
    if (batch.whole) {
      this.#progress = batch.upTo;
      this.#delay = FIRST_RETRY;
      this.#unsafe.length = 0;
      this.#letGo = false;
      this.#records -= this.#unsafeRecords;
      this.#unsafeRecords = 0;
      this.#feed.written(batch.upTo);
    } else if (this.#progress !== undefined) this.#unsafe.push(batch);
    else this.#letGo = true;
  }

  /** Asks the target what it holds until it answers, and goes on behind that. */
  async #recover(): Promise<void> {
    // All that is not safe, in its order.
    this.#waiting.unshift(...this.#unsafe.splice(0));
    let now: number | undefined;
    for (;;) {
      if (this.#closed) return;
      const writer = this.#writer;
      this.#replaced = false;
      try {
        now = await writer.recover();
        if (!this.#replaced) break;
      } catch (error) {
        await this.#failed(error, writer);
      }
    }
    const before = this.#progress;
    this.#progress = now;
    this.#unsafeRecords = 0;
    const lost = before !== undefined && (now === undefined || now < before);
    // What was let go is written all the same, if the target says so.
    const anew = !this.#started || lost || this.#endedFeed || (this.#letGo && now === undefined);
    this.#letGo = false;
    this.#endedFeed = false;
    if (anew && this.#started) {
      this.#waiting.length = 0;
      this.#pausedFeed = false;
    } else if (now !== undefined) {
      // What failed may have arrived after all.
      const safe = this.#waiting.findLastIndex((batch) => batch.whole && batch.upTo <= now);
      this.#waiting.splice(0, safe + 1);
    }
    this.#bytes = this.#waiting.reduce((sum, batch) => sum + batch.bytes.length, 0);
    this.#records = this.#waiting.reduce((sum, batch) => sum + batch.records, 0);
    if (!anew) {
      if (now !== undefined) this.#feed.written(now);
      return;
    }
    this.#started = true;
    this.#feed.start(now);
  }

  /** Waits before the next trial; throws what trying again cannot cure. */
  async #failed(error: unknown, writer: SinkWriter): Promise<void> {
    if (this.#closed || writer !== this.#writer) return;
    this.#errors++;
    if (!(error instanceof ConnectorError && error.retry)) throw error;
    const delay = this.#delay;
    this.#delay = Math.min(delay * 2, LONGEST_RETRY);
    await this.#retry.sleep(delay);
  }
}
