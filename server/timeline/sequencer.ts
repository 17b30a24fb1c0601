/**
 * The sequencer: one logical timeline. It alone issues timestamps, `max(now, last + 1)`, each to a group of commits.
 *
 * When the engine completes a timestamp, all that waits becomes the next group, up to a bound; there is no timer for
 * commits. When nothing commits, time still moves once a second, so that AS OF and progress do not stand still.
 */
import type { ArrangementId, Engine, Timestamp, Transaction } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';

/** A transaction has written to a table that is not there any more in this form: what it did has to be done again. */
export class StaleWrite extends SqlError {
  constructor() {
    super({
      sqlstate: '40001',
      message: 'could not serialize access due to a concurrent change of the table',
    });
  }
}

interface Waiting {
  readonly transaction: Transaction;
  readonly bytes: number;
  resolve(timestamp: Timestamp): void;
  reject(error: Error): void;
}

/** A group's bound: DESIGN's 4 MiB. A larger transaction is a group of its own. */
const GROUP_BYTES = 4 << 20;
const TICK_MILLISECONDS = 1000;

export class Sequencer {
  readonly #engine: Engine;
  readonly #clock: () => Timestamp;
  #last: Timestamp;
  #waiting: Waiting[] = [];
  #committing = false;
  #readers: { readonly timestamp: Timestamp; resolve(): void; reject(error: Error): void }[] = [];
  /** Whose commits alone may write to an arrangement; null: nobody's may any more. */
  readonly #locks = new Map<ArrangementId, Transaction | null>();
  #idle: (() => void)[] = [];
  #failed: Error | null = null;
  /** Also what keeps the process alive: the engine's events do not. */
  readonly #ticker: NodeJS.Timeout;

  constructor(engine: Engine, clock: () => Timestamp = systemClock) {
    this.#engine = engine;
    this.#clock = clock;
    this.#last = engine.computed();
    this.#ticker = setInterval(() => this.#tick(), TICK_MILLISECONDS);
  }

  /** The last issued timestamp: a read at it is strict serializable once `whenComputed` resolves. */
  get last(): Timestamp {
    return this.#last;
  }

  /** Commits; resolves with its timestamp when the commit is decided, rejects with 40001 or 23505. */
  commit(transaction: Transaction): Promise<Timestamp> {
    if (this.#failed) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ transaction, bytes: transaction.byteLength(), resolve, reject });
      this.#next();
    });
  }

  /**
   * From now on only `owner` commits writes to the arrangement; others wait until it is unlocked. Resolves when nothing is
   * being committed that was asked for before, and everything before can be read.
   */
  async lock(arrangement: ArrangementId, owner: Transaction): Promise<void> {
    this.#locks.set(arrangement, owner);
    if (this.#committing) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.whenComputed(this.#last);
  }

  /** Those who waited go on; with `retired` their writes are refused, and all that come until `forget`. */
  unlock(arrangement: ArrangementId, retired: boolean): void {
    if (retired) this.#locks.set(arrangement, null);
    else this.#locks.delete(arrangement);
    this.#next();
  }

  /** The engine has dropped the arrangement, and refuses writes to it itself. */
  forget(arrangement: ArrangementId): void {
    this.#locks.delete(arrangement);
  }

  /** Resolves when everything up to `timestamp` can be read. */
  whenComputed(timestamp: Timestamp): Promise<void> | null {
    if (this.#failed) return Promise.reject(this.#failed);
    if (this.#engine.computed() >= timestamp) return null;
    return new Promise((resolve, reject) => this.#readers.push({ timestamp, resolve, reject }));
  }

  /** The engine's event: everything up to `timestamp` is computed. */
  completed(timestamp: Timestamp): void {
    if (this.#readers.length > 0) {
      const ready = this.#readers.filter((reader) => reader.timestamp <= timestamp);
      this.#readers = this.#readers.filter((reader) => reader.timestamp > timestamp);
      for (const reader of ready) reader.resolve();
    }
    this.#next();
  }

  /** The engine is lost: everything that waits fails. */
  fail(error: Error): void {
    this.#failed = error;
    clearInterval(this.#ticker);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    for (const reader of this.#readers.splice(0)) reader.reject(error);
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  #next(): void {
    if (this.#committing || this.#waiting.length === 0 || this.#engine.computed() < this.#last) return;
    const blocked = this.#locks.size === 0 ? [] : this.#withoutBlocked();
    const group: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (group.length > 0 && bytes + waiting.bytes > GROUP_BYTES) break;
      group.push(waiting);
      bytes += waiting.bytes;
    }
    this.#waiting.splice(0, group.length);
    this.#waiting.unshift(...blocked);
    if (group.length === 0) return;
    const timestamp = this.#issue();
    this.#committing = true;
    this.#engine
      .commit(
        timestamp,
        group.map((waiting) => waiting.transaction),
      )
      .then(
        (errors) => {
          group.forEach((waiting, index) => {
            const error = errors[index];
            if (error) waiting.reject(error);
            else waiting.resolve(timestamp);
          });
        },
        (error: Error) => group.forEach((waiting) => waiting.reject(error)),
      )
      .finally(() => {
        this.#committing = false;
        for (const resolve of this.#idle.splice(0)) resolve();
        this.#next();
      });
  }

  /** Takes out of what waits the commits to locked arrangements, and refuses those to retired ones. */
  #withoutBlocked(): Waiting[] {
    const blocked: Waiting[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      const owners = waiting.transaction.arrangements().map((written) => this.#locks.get(written));
      if (owners.includes(null)) waiting.reject(new StaleWrite());
      else if (owners.some((owner) => owner && owner !== waiting.transaction)) blocked.push(waiting);
      else return true;
      return false;
    });
    return blocked;
  }

  #issue(): Timestamp {
    this.#last = Math.max(this.#clock(), this.#last + 1);
    return this.#last;
  }

  #tick(): void {
    if (this.#committing || this.#engine.computed() < this.#last) return;
    if (this.#waiting.length > 0 && this.#locks.size === 0) return;
    this.#engine.advance(this.#issue());
  }
}

/** Microseconds since the Unix epoch. */
export function systemClock(): Timestamp {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000);
}
