/**
 * The past of the relations that a sink reads, kept readable from where it has written: a sink that was paused, whose target was
 * away, or that failed, goes on from there with each change at its own time. It is a hold on those relations alone, as
 * long as the sink is there, and bounded: what is older than the sink may keep is let go.
 */
import type { ArrangementId, Engine, MovingHold, Timestamp } from '../../engine/index.ts';

/** The hold moves in steps (microseconds): the engine's own retention is longer. */
const STEP = 100_000;

export class SinkHistory {
  readonly #engine: Engine;
  readonly #inputs: readonly ArrangementId[];
  /** How old what is kept may be, in microseconds. */
  readonly #most: number;
  #hold: MovingHold | null = null;
  #held = 0;
  /** Nothing that is to be written has happened from the progress of the target up to here, exclusive. */
  #settled = 0;

  constructor(engine: Engine, inputs: readonly ArrangementId[], milliseconds: number) {
    this.#engine = engine;
    this.#inputs = [...new Set(inputs)];
    this.#most = milliseconds * 1000;
  }

  /** Changes after it are kept; null: none are. */
  get from(): Timestamp | null {
    return this.#hold === null ? null : this.#held;
  }

  /** The sink begins with the contents at a time, or with the changes after it. */
  begin(asOf: Timestamp): void {
    this.release();
    this.#settled = asOf + 1;
    if (this.#most === 0) return;
    this.#hold = this.#engine.holdApart(this.#inputs, asOf);
    this.#held = asOf;
  }

  /** Everything below is safe at the target, or nothing that the target needs. */
  settled(upTo: Timestamp): void {
    if (upTo <= this.#settled) return;
    this.#settled = upTo;
    if (this.#hold === null || upTo - 1 < this.#held + STEP) return;
    this.#hold.advance(upTo - 1);
    this.#held = upTo - 1;
  }

  /** Where changes go on for a target that has all below `progress`, and had all below `known` when it was last heard of. */
  next(progress: Timestamp, known: Timestamp | undefined): Timestamp {
    const passed = known !== undefined && progress === known ? this.#settled : progress;
    return Math.max(progress, passed) - 1;
  }

  /** Lets go of what is too old; true when it did. */
  bound(now: Timestamp): boolean {
    if (this.#hold === null || now - this.#held <= this.#most) return false;
    this.release();
    return true;
  }

  release(): void {
    this.#hold?.release();
    this.#hold = null;
  }
}
