/** Says which events are due; the engine makes them. */
import {
  ConnectorError,
  type ConnectorMetrics,
  type Health,
  type Offsets,
  type PartitionStatus,
  type SourceBatch,
  type SourceReader,
  type SourceState,
} from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { Alarm, PauseGate, StateHolder } from '../state.ts';

/** The one partition of a generator. */
const PARTITION = 'events';
/** Events of a batch, so that a commit stays small. */
const BATCH = 10_000;
/** With a rate, batches are made this often at most. */
const INTERVAL = 20;

export interface Schedule {
  /** Undefined: no end. */
  readonly events: number | undefined;
  /** Events a second; undefined: as fast as they are taken, or a rate that suits the generator if there is no end. */
  readonly rate: number | undefined;
}

/** The reader of a GENERATOR source. */
export class GeneratorReader implements SourceReader {
  #schedule: Schedule;
  /** Events a second where neither a rate nor an end is given. */
  readonly #endlessRate: number;
  /** The rate has changed, or counts anew. */
  #restarted = false;
  readonly #clock: () => number;
  readonly #state = new StateHolder<SourceState>('created');
  readonly #gate = new PauseGate();
  readonly #alarm = new Alarm();
  #next: number;
  #made = 0;
  #closed = false;

  /** `clock` gives milliseconds that never go back. */
  constructor(
    schedule: Schedule,
    endlessRate: number,
    offsets: Offsets,
    clock: () => number = () => performance.now(),
  ) {
    this.#schedule = schedule;
    this.#endlessRate = endlessRate;
    this.#clock = clock;
    this.#next = Number(offsets[PARTITION] ?? 0);
    if (!Number.isSafeInteger(this.#next)) {
      throw new ConnectorError({
        sqlstate: 'XX001',
        message: `invalid generator offset "${offsets[PARTITION]}"`,
      });
    }
  }

  async *read(): AsyncIterable<SourceBatch> {
    this.#state.set('running');
    const end = this.#schedule.events ?? Number.MAX_SAFE_INTEGER;
    // The rate counts from the start or the last pause: what was not taken in time is not caught up in a burst of
    // more than a second.
    let origin = this.#clock();
    let first = this.#next;
    while (!this.#closed && this.#next < end) {
      if (this.#gate.paused || this.#restarted) {
        this.#restarted = false;
        await this.#gate.wait();
        origin = this.#clock();
        first = this.#next;
        continue;
      }
      let due = end;
      const rate = this.#rate();
      if (rate !== undefined) {
        const elapsed = this.#clock() - origin;
        due = Math.min(end, first + Math.floor((elapsed * rate) / 1000));
        if (due - this.#next > rate) {
          origin = this.#clock() - 1000;
          first = this.#next;
          due = Math.min(end, first + rate);
        }
        if (due <= this.#next) {
          const wait = origin + ((this.#next + 1 - first) * 1000) / rate - this.#clock();
          await this.#alarm.sleep(Math.max(INTERVAL, wait));
          continue;
        }
      }
      const count = Math.min(BATCH, due - this.#next);
      const from = this.#next;
      this.#next += count;
      this.#made += count;
      yield {
        kind: 'generated',
        from,
        count,
        offset: { partition: PARTITION, value: String(this.#next) },
        commit: true,
      };
    }
    if (!this.#closed) this.#state.set('finished');
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
    this.#schedule = { ...this.#schedule, rate: options['rate'] as number | undefined };
    this.#restarted = true;
    this.#alarm.ring();
  }

  #rate(): number | undefined {
    const { events, rate } = this.#schedule;
    return rate ?? (events === undefined ? this.#endlessRate : undefined);
  }

  health(): Health<SourceState> {
    return this.#state.get();
  }

  metrics(): ConnectorMetrics {
    return { bytes: 0, records: this.#made, partitions: 1, lag: null };
  }

  partition(partition: string): PartitionStatus | undefined {
    if (partition !== PARTITION) return undefined;
    const { events } = this.#schedule;
    return { name: PARTITION, lag: events === undefined ? null : events - this.#next };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#state.set('closed');
    this.#gate.end();
    this.#alarm.ring();
  }
}
