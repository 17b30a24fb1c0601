/**
 * The sequencer: one logical timeline. It alone issues timestamps, `max(now, last + 1)`, each to a group of commits.
 *
 * All that waits becomes the next group, up to a bound, when the engine has completed enough of those before: while it
 * computes one, the next is announced, so that neither waits for the other. No commit waits for a timer. Where several
 * write, what their sockets brought together is in one group: it is taken when all of that has been looked at. Who has a turn
 * then writes at the last timestamp, and is in the group with the others. When nothing commits, time still moves once a
 * second, so that AS OF and progress do not stand still.
 */
import type { ArrangementId, Engine, Timestamp, Transaction } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import { type ReadSet, ReadSets, StaleRead } from './read-sets.ts';

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
  readonly reads: ReadSet | null;
  readonly decided: Decided;
}

/** Told once: null where it is committed. */
type Decided = (error: Error | null, timestamp: Timestamp) => void;

/** After so many groups of one commit the next does not wait for others to come with it. */
const LONELY_GROUPS = 8;
/** A group's bound: DESIGN's 4 MiB. A larger transaction is a group of its own. */
const GROUP_BYTES = 4 << 20;
/** So many groups may be announced and not computed, while they are small; and more, while they are young. */
const AHEAD = 4;
const MOST_AHEAD = 16;
const YOUNG_MICROSECONDS = 3000;
/** A group of more bytes is computed before the next is taken. */
const AHEAD_BYTES = 64 << 10;
const TICK_MILLISECONDS = 1000;
/** Within twice this the engine begins with what nobody waits for. */
const LATE_MILLISECONDS = 1;

export class Sequencer {
  readonly #engine: Engine;
  readonly #clock: () => Timestamp;
  #last: Timestamp;
  /** At least this is computed; the engine is asked only where it does not do. */
  #computed: Timestamp = 0;
  #waiting: Waiting[] = [];
  /** In the order in which they asked, each with whether it may run ahead of what is computed. */
  #turns = new Map<() => void, boolean>();
  /** Of the last groups, `MOST_AHEAD` of them at most, the oldest first. */
  #groups: Timestamp[] = [];
  /** Of the last group. */
  #groupBytes = 0;
  #inTurns = false;
  /** The next group is taken at the end of this round of events. */
  #gathering = false;
  #committing = false;
  /** Groups of one commit in a row, while nobody had to wait for a turn. */
  #lonely = 0;
  #readers: { readonly timestamp: Timestamp; resolve(): void; reject(error: Error): void }[] = [];
  /** Whose commits alone may write to an arrangement; null: nobody's may any more. */
  readonly #locks = new Map<ArrangementId, Transaction | null>();
  readonly #readSets = new ReadSets();
  #idle: (() => void)[] = [];
  #failed: Error | null = null;
  /** While the engine may have commits that it has not begun with. */
  #late: NodeJS.Timeout | null = null;
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

  /**
   * Commits; resolves with its timestamp when the commit is decided, rejects with 40001 or 23505. `reads`: what must not have
   * changed.
   */
  commit(transaction: Transaction, reads: ReadSet | null = null): Promise<Timestamp> {
    return new Promise((resolve, reject) =>
      this.submit(
        transaction,
        (error, timestamp) => (error ? reject(error) : resolve(timestamp)),
        transaction.byteLength(),
        reads,
      ),
    );
  }

  /** For what a transaction reads whose snapshot is `last`; to be released at its end. */
  openReads(): ReadSet {
    return this.#readSets.open(this.#last);
  }

  /** Commits, and tells when that is decided. */
  submit(
    transaction: Transaction,
    decided: Decided,
    bytes = transaction.byteLength(),
    reads: ReadSet | null = null,
  ): void {
    if (this.#failed) {
      decided(this.#failed, this.#last);
      return;
    }
    this.#waiting.push({ transaction, bytes, reads, decided });
    if (!this.#inTurns) this.#attend();
  }

  /** Whether there are turns; not while an arrangement is locked, which a transaction waits for by itself. */
  get givesTurns(): boolean {
    return !this.#failed && this.#locks.size === 0;
  }

  /**
   * What is written now, at `last`, is committed in the next group, and nothing stands before that. `readsAhead`: it needs not
   * be computed.
   */
  hasTurn(readsAhead: boolean): boolean {
    if (!this.givesTurns || !this.#isComputed(this.#needed(readsAhead))) return false;
    if (this.#inTurns) return true;
    const nobodyWaits = (this.#waiting.length === 0 || this.#gathering) && this.#turns.size === 0;
    return nobodyWaits && !this.#committing;
  }

  /** Calls `turn` when there is one for it, or when there are none any more. Gives what withdraws it. */
  awaitTurn(turn: () => void, readsAhead: boolean): () => void {
    this.#turns.set(turn, readsAhead);
    this.#lonely = 0;
    this.#attend();
    return () => this.#turns.delete(turn);
  }

  #isComputed(timestamp: Timestamp): boolean {
    if (this.#computed < timestamp) this.#computed = this.#engine.computed();
    return this.#computed >= timestamp;
  }

  /** False: the event `completed` comes when it is. */
  #isComputedOrAwaited(timestamp: Timestamp): boolean {
    return this.#computed >= timestamp || this.#engine.awaitComputed(timestamp);
  }

  /** What has to be computed for the next group: everything, or, ahead of that, all but the last groups. */
  #needed(ahead: boolean): Timestamp {
    if (!ahead || this.#groupBytes > AHEAD_BYTES) return this.#last;
    if (this.#groups.length < AHEAD) return 0;
    const usual = this.#groups[this.#groups.length - AHEAD]!;
    if (this.#last - usual > YOUNG_MICROSECONDS) return usual;
    return this.#groups.length < MOST_AHEAD ? 0 : this.#groups[0]!;
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
    if (this.#isComputedOrAwaited(timestamp)) return null;
    return new Promise((resolve, reject) => this.#readers.push({ timestamp, resolve, reject }));
  }

  /** The engine's event: everything up to `timestamp` is computed. */
  completed(timestamp: Timestamp): void {
    let computed = timestamp;
    while (this.#readers.length > 0) {
      const ready = this.#readers.filter((reader) => reader.timestamp <= computed);
      this.#readers = this.#readers.filter((reader) => reader.timestamp > computed);
      for (const reader of ready) reader.resolve();
      const next = Math.min(...this.#readers.map((reader) => reader.timestamp));
      if (this.#readers.length === 0 || !this.#engine.awaitComputed(next)) break;
      computed = this.#engine.computed();
    }
    this.#attend();
  }

  /** The engine is lost: everything that waits fails. */
  fail(error: Error): void {
    this.#failed = error;
    this.stop();
    for (const waiting of this.#waiting.splice(0)) waiting.decided(error, this.#last);
    for (const reader of this.#readers.splice(0)) reader.reject(error);
    this.#giveTurns();
  }

  stop(): void {
    clearInterval(this.#ticker);
    if (this.#late) clearTimeout(this.#late);
  }

  /** Takes what waits as the next group when what it needs is computed, and what came with it looked at. */
  #attend(): void {
    if (this.#gathering || this.#committing || !this.#isNextComputed()) return;
    if (this.#lonely >= LONELY_GROUPS) {
      this.#next();
      return;
    }
    this.#gathering = true;
    setImmediate(() => {
      this.#gathering = false;
      this.#next();
    });
  }

  /** Whether something waits, and what it needs is computed; if not, `completed` comes. */
  #isNextComputed(): boolean {
    if (this.#waiting.length === 0 && this.#turns.size === 0) return false;
    let ahead = true;
    for (const readsAhead of this.#turns.values()) ahead &&= readsAhead;
    const needed = this.#needed(ahead);
    return this.#isComputedOrAwaited(needed);
  }

  #next(): void {
    while (!this.#committing && this.#isNextComputed()) {
      this.#giveTurns();
      const taken = this.#takeGroup();
      if (taken.length === 0) return;
      const group = this.#readSets.admit(taken, ({ decided }) => decided(new StaleRead(), this.#last));
      if (group.length > 0) this.#commitGroup(group);
    }
  }

  #takeGroup(): Waiting[] {
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
    return group;
  }

  #commitGroup(group: readonly Waiting[]): void {
    this.#lonely = group.length === 1 ? this.#lonely + 1 : 0;
    const timestamp = this.#issue();
    this.#readSets.wrote(group, timestamp);
    this.#groups.push(timestamp);
    if (this.#groups.length > MOST_AHEAD) this.#groups.shift();
    this.#groupBytes = group.reduce((bytes, waiting) => bytes + waiting.bytes, 0);
    const transactions = group.map((waiting) => waiting.transaction);
    const decide = (errorOf: (index: number) => Error | null): void => {
      for (const [index, waiting] of group.entries()) waiting.decided(errorOf(index), timestamp);
    };
    const ended = (): void => {
      this.#committing = false;
      this.#late ??= setTimeout(() => this.#tellLate(), LATE_MILLISECONDS);
      for (const resolve of this.#idle.splice(0)) resolve();
    };
    this.#committing = true;
    const decisions = this.#engine.commit(timestamp, transactions);
    if (decisions instanceof Promise) {
      decisions
        .then(
          (decided) => decide((index) => decided[index] ?? null),
          (error: Error) => decide(() => error),
        )
        .finally(() => {
          ended();
          this.#next();
        });
      return;
    }
    decide((index) => decisions[index] ?? null);
    ended();
  }

  /** What is written in them waits then. */
  #giveTurns(): void {
    if (this.#turns.size === 0) return;
    const turns = [...this.#turns.keys()];
    this.#turns.clear();
    this.#inTurns = true;
    for (const turn of turns) turn();
    this.#inTurns = false;
  }

  /** Takes out of what waits the commits to locked arrangements, and refuses those to retired ones. */
  #withoutBlocked(): Waiting[] {
    const blocked: Waiting[] = [];
    this.#waiting = this.#waiting.filter((waiting) => {
      const owners = waiting.transaction.arrangements().map((written) => this.#locks.get(written));
      if (owners.includes(null)) waiting.decided(new StaleWrite(), this.#last);
      else if (owners.some((owner) => owner && owner !== waiting.transaction)) blocked.push(waiting);
      else return true;
      return false;
    });
    return blocked;
  }

  #tellLate(): void {
    this.#late = this.#engine.tellLate() ? setTimeout(() => this.#tellLate(), LATE_MILLISECONDS) : null;
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
