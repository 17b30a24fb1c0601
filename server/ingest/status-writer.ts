/**
 * Writes how sources and sinks are into relations of `tw_internal`, for SQL to read: when a state changes, and once a
 * second where a counter did. What is as it was is not written, so an idle server commits nothing.
 */
import type { Engine, Transaction } from '../../engine/index.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { SystemTableObject } from '../catalog/objects.ts';
import type { Log } from '../log.ts';
import type { Sequencer } from '../timeline/sequencer.ts';
import { RowWriter } from './row-writer.ts';
import type { RunningSource } from './running-source.ts';
import type { Sinks } from './sinks.ts';
import type { Sources } from './sources.ts';

/** How often states are looked at, and how often counters are written. */
const LOOK_MILLISECONDS = 200;
const WRITE_MILLISECONDS = 1000;

type Row = readonly (string | number | null)[];

/** What the writer uses of the server. */
export interface StatusParts {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly sequencer: Sequencer;
  readonly sources: Sources;
  readonly sinks: Sinks;
  readonly log: Log;
}

/** A relation of the catalog itself. */
export function systemTable(catalog: Catalog, name: string): SystemTableObject {
  for (const object of catalog.objects()) {
    if (object.kind === 'systemTable' && object.name === name) return object;
  }
  throw new Error(`there is no system relation ${name}`);
}

/** One relation with what was written into it. */
class Written {
  readonly #writer: RowWriter;
  readonly #rows = new Map<string, Row>();

  constructor({ engine, catalog }: StatusParts, name: string) {
    const { arrangement, columns } = systemTable(catalog, name);
    this.#writer = new RowWriter(engine, arrangement, columns);
  }

  keys(): string[] {
    return [...this.#rows.keys()];
  }

  /** Whether a row is not what is written under its key. */
  differs(key: string, row: Row): boolean {
    const before = this.#rows.get(key);
    return before === undefined || before.some((value, index) => value !== row[index]);
  }

  /** Replaces the row of a key; null takes it out. */
  put(key: string, row: Row | null, transaction: Transaction): void {
    const before = this.#rows.get(key);
    if (before !== undefined) this.#writer.write([before], -1, transaction);
    if (row === null) this.#rows.delete(key);
    else {
      this.#rows.set(key, row);
      this.#writer.write([row], 1, transaction);
    }
  }
}

/** How fast a counter grows, as of the last time that was long enough ago to say. */
class Rate {
  #count = 0;
  #at = performance.now();
  #perSecond = 0;

  /** Events a second, of a counter that never falls but for what is taken back. */
  of(count: number): number {
    const now = performance.now();
    const milliseconds = now - this.#at;
    if (milliseconds >= WRITE_MILLISECONDS * 0.9) {
      this.#perSecond = Math.max(0, Math.round(((count - this.#count) * 1000) / milliseconds));
      this.#count = count;
      this.#at = now;
    }
    return this.#perSecond;
  }
}

/** Of a source or sink. */
interface Rates {
  readonly rows: Rate;
  readonly bytes: Rate;
}

export class StatusWriter {
  readonly #parts: StatusParts;
  readonly #rates = new Map<number, Rates>();
  readonly #sources: Written;
  readonly #partitions: Written;
  readonly #sinks: Written;
  #states = '';
  #writtenAt = -Infinity;
  #writing: Promise<void> | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: StatusParts) {
    this.#parts = parts;
    this.#sources = new Written(parts, 'source_status');
    this.#partitions = new Written(parts, 'source_partitions');
    this.#sinks = new Written(parts, 'sink_status');
    this.#timer = setInterval(() => this.#look(), LOOK_MILLISECONDS);
    this.#timer.unref();
  }

  /** Writes what has changed, now: a statement that changes a source shows it to the next. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    await this.#write();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#writing) return;
    if (performance.now() - this.#writtenAt < WRITE_MILLISECONDS && this.#stateText() === this.#states)
      return;
    void this.#write();
  }

  /** All states in one text, to be compared. */
  #stateText(): string {
    const { sources, sinks } = this.#parts;
    const text: string[] = [];
    for (const [id, source] of sources.all()) text.push(`${id} ${source.status().health.state}`);
    for (const [id, sink] of sinks.all()) text.push(`${id} ${sink.status().health.state}`);
    return text.join(',');
  }

  #write(): Promise<void> {
    this.#writtenAt = performance.now();
    this.#states = this.#stateText();
    const { engine, sequencer, log } = this.#parts;
    const transaction = engine.beginTransaction();
    const changed = this.#collect(transaction);
    if (!changed) {
      transaction.close();
      return Promise.resolve();
    }
    const writing = sequencer
      .commit(transaction)
      .then(
        () => undefined,
        (error: Error) => log.error('status not written', { reason: error.message }),
      )
      .finally(() => {
        transaction.close();
        this.#writing = null;
      });
    this.#writing = writing;
    return writing;
  }

  #ratesOf(id: number): Rates {
    const rates = this.#rates.get(id) ?? { rows: new Rate(), bytes: new Rate() };
    this.#rates.set(id, rates);
    return rates;
  }

  #collect(transaction: Transaction): boolean {
    const { sources, sinks } = this.#parts;
    let changed = false;
    const put = (relation: Written, key: string, row: Row | null): void => {
      if (row !== null && !relation.differs(key, row)) return;
      relation.put(key, row, transaction);
      changed = true;
    };
    for (const [id, source] of sources.all()) {
      put(this.#sources, `${id}`, sourceRow(id, source, this.#ratesOf(id)));
      for (const [partition, at] of source.changedPartitions()) {
        const row = at && [id, partition, at.name, at.offset, at.lag];
        put(this.#partitions, `${id}/${partition}`, row);
      }
    }
    for (const [id, sink] of sinks.all()) {
      const { health, metrics, lag, errors, progress, retainedFrom } = sink.status();
      const rates = this.#ratesOf(id);
      const since = new Date(health.since).toISOString();
      put(this.#sinks, `${id}`, [
        id,
        health.state,
        health.error,
        since,
        metrics.records,
        metrics.bytes,
        lag,
        errors,
        progress === null ? null : progress - 1,
        rates.rows.of(metrics.records),
        rates.bytes.of(metrics.bytes),
        retainedFrom,
      ]);
    }
    const gone = (relation: Written, here: ReadonlyMap<number, unknown>): void => {
      for (const key of relation.keys()) if (!here.has(parseInt(key, 10))) put(relation, key, null);
    };
    gone(this.#sources, sources.all());
    gone(this.#partitions, sources.all());
    gone(this.#sinks, sinks.all());
    for (const id of this.#rates.keys()) {
      if (!sources.all().has(id) && !sinks.all().has(id)) this.#rates.delete(id);
    }
    if (sources.hasLeftErrors) {
      sources.clearErrors(transaction);
      changed = true;
    }
    return changed;
  }
}

function sourceRow(id: number, source: RunningSource, rates: Rates): Row {
  const { health, onError, counters, metrics } = source.status();
  return [
    id,
    health.state,
    health.error,
    new Date(health.since).toISOString(),
    onError,
    counters.rows,
    counters.rejected,
    metrics.bytes,
    metrics.partitions,
    metrics.lag,
    rates.rows.of(counters.rows + counters.rejected),
    rates.bytes.of(metrics.bytes),
  ];
}
