/** One source that runs: its reader, its decoders, its transactions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ArrangementId,
  DecodeFormat,
  Engine,
  ErrorLog,
  GeneratorKind,
  MessageColumn,
  MessageEnvelope,
  Rejects,
  RowDecoder,
  Transaction,
} from '../../engine/index.ts';
import {
  ConnectorError,
  PLACES,
  type BytesBatch,
  type MessagesBatch,
  type ConnectorContext,
  type ConnectorMetrics,
  type Health,
  type MetadataItem,
  type Offsets,
  type SourceReader,
  type SourceState,
} from '../../connectors/contract.ts';
import { NotRegistered, type SchemaRegistry } from '../../connectors/confluent/client.ts';
import { writtenSchema } from '../../connectors/confluent/schema.ts';
import type { OptionSpecs, ParsedOptions } from '../../connectors/options.ts';
import { splitPosition } from '../../connectors/position.ts';
import { Ingest, type IngestCounters, type IngestTarget, type Rejected } from '../../connectors/ingest.ts';
import type { CatalogColumn, ObjectId } from '../../sql/catalog.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { Log } from '../log.ts';
import type { Sequencer } from '../timeline/sequencer.ts';
import { RowWriter } from './row-writer.ts';
import { progressColumns } from './side-relations.ts';

/** A relation that a source's rows go to. */
export interface SourceTable {
  readonly id: ObjectId;
  readonly arrangement: ArrangementId;
  /** Columns that the decoder takes out of records. Not used by generators. */
  readonly fields: readonly CatalogColumn[];
}

/** A side relation of a source. */
export interface SideRelation {
  readonly id: ObjectId;
  readonly arrangement: ArrangementId;
}

/** What ALTER SOURCE … SET can change while a source runs. */
export interface SourceSettings {
  readonly onError: 'fail' | 'skip';
  /** The connector's, those that cannot be altered too. */
  readonly options: ParsedOptions<OptionSpecs>;
}

/** All that a source needs to run. */
export interface SourceSetup {
  /** The source's own object: what `stop` and `pause` name. */
  readonly id: ObjectId;
  /** For logs. */
  readonly name: string;
  /** The connector and the options that it takes, as messages and checks need them. */
  readonly connector: { readonly name: string; readonly options: OptionSpecs };
  readonly settings: SourceSettings;
  open(context: ConnectorContext, offsets: Offsets, options: SourceSettings['options']): SourceReader;
  /** By the connector's table numbers; null for a table that is not wanted. */
  readonly tables: readonly (SourceTable | null)[];
  /** Rows come from records in this format, or from a generator. */
  readonly input:
    | {
        readonly kind: 'records';
        readonly format: DecodeFormat;
        /** Records are messages, whose metadata has these types. */
        readonly messages: readonly MessageColumn[] | null;
        /** Messages are changes by key. */
        readonly envelope: MessageEnvelope | null;
        /** Where the schemas of messages are. */
        readonly registry: { readonly client: SchemaRegistry } | null;
        readonly timeZone: string;
      }
    | { readonly kind: 'generator'; readonly generator: GeneratorKind };
  /** Metadata columns behind the fields. */
  readonly metadata: readonly MetadataItem[];
  /** The relation of ON ERROR SKIP INTO. */
  readonly rejects: SideRelation | null;
  /** For a source with several tables: the relation of offsets. */
  readonly progress: SideRelation | null;
}

/** How a source does. */
export interface SourceStatus {
  readonly health: Health<SourceState>;
  readonly onError: 'fail' | 'skip';
  readonly counters: IngestCounters;
  readonly metrics: ConnectorMetrics;
}

/** A partition with where it goes on. */
export interface CommittedPartition {
  readonly partition: string;
  readonly name: string;
  readonly offset: string;
  readonly lag: number | null;
}

/** What a running source uses of the server. */
export interface SourceParts {
  readonly engine: Engine;
  readonly sequencer: Sequencer;
  readonly log: Log;
  /** The relation of the latest refused records of all sources; null: they are not logged. */
  readonly errors: ArrangementId | null;
}

/** How many refused records of a source `tw_catalog.source_errors` keeps. */
export const LOGGED_ERRORS = 1000;

/** How long it waits, in milliseconds, before a registry that did not answer is asked again. */
const LEARN_BACKOFF = { first: 100, most: 10_000 };

const NOTHING: IngestCounters = { rows: 0, rejected: 0, commits: 0 };

export class RunningSource implements IngestTarget {
  readonly #parts: SourceParts;
  readonly #setup: SourceSetup;
  readonly #tables: (SourceTable | null)[];
  readonly #directory: string;
  #settings: SourceSettings;
  #reader: SourceReader;
  #ingest: Ingest;
  /** Transactions that were begun and not yet closed, with how to tell who waits for that. */
  readonly #open = new Map<Transaction, { readonly closed: Promise<void>; close(): void }>();
  /** Offsets as they are committed, with the positions of a database's changes (`connectors/position.ts`). */
  readonly #offsets = new Map<string, string>();
  #changedPartitions = new Set<string>();
  #rejects: ArrangementId | null;
  readonly #errorLog: ErrorLog | null;
  readonly #progress: RowWriter | null;
  /** Of runs before the last restart. */
  #before: { counters: IngestCounters; bytes: number } = { counters: NOTHING, bytes: 0 };
  #ended: Health<SourceState> | null = null;
  /** While a schema is asked for and nobody answers. */
  #waiting: Health<SourceState> | null = null;
  /** Ends what waits when the reader is closed. */
  #closing = new AbortController();
  #stopped = false;
  #run: Promise<void>;

  constructor(parts: SourceParts, setup: SourceSetup) {
    this.#parts = parts;
    this.#setup = setup;
    this.#tables = [...setup.tables];
    this.#settings = setup.settings;
    const { engine, errors } = parts;
    this.#directory = mkdtempSync(join(tmpdir(), 'tidewire-source-'));
    this.#rejects = setup.rejects?.arrangement ?? null;
    this.#errorLog = errors === null ? null : engine.errorLog(errors, setup.id, LOGGED_ERRORS);
    this.#progress = setup.progress && new RowWriter(engine, setup.progress.arrangement, progressColumns);
    this.#reader = this.#openReader();
    this.#ingest = this.#newIngest();
    this.#run = this.#runToEnd();
  }

  get setup(): SourceSetup {
    return this.#setup;
  }

  get settings(): SourceSettings {
    return this.#settings;
  }

  status(): SourceStatus {
    const now = this.#ingest.counters();
    const { counters, bytes } = this.#before;
    const metrics = this.#reader.metrics();
    return {
      health: this.#ended ?? this.#waiting ?? this.#reader.health(),
      onError: this.#settings.onError,
      counters: {
        rows: counters.rows + now.rows,
        rejected: counters.rejected + now.rejected,
        commits: counters.commits + now.commits,
      },
      metrics: { ...metrics, bytes: bytes + metrics.bytes, partitions: this.#offsets.size },
    };
  }

  /** Partitions whose offset was committed, or forgotten (null), since this was last asked. */
  changedPartitions(): Map<string, CommittedPartition | null> {
    const changed = this.#changedPartitions;
    this.#changedPartitions = new Set();
    return new Map([...changed].map((partition) => [partition, this.#partition(partition)]));
  }

  #partition(partition: string): CommittedPartition | null {
    const value = this.#offsets.get(partition);
    if (value === undefined) return null;
    const { offset } = this.#split(value);
    const { name = partition, lag = null } = this.#reader.partition(partition) ?? {};
    return { partition, name, offset, lag };
  }

  /** Its messages are changes of a database, with positions. */
  get #hasPositions(): boolean {
    const { input } = this.#setup;
    return input.kind === 'records' && input.envelope?.kind === 'debezium';
  }

  #split(value: string): ReturnType<typeof splitPosition> {
    return this.#hasPositions ? splitPosition(value) : { offset: value };
  }

  /** What is committed of each partition. */
  #committed(): [string, ReturnType<typeof splitPosition>][] {
    return [...this.#offsets].map(([partition, value]) => [partition, this.#split(value)]);
  }

  #newIngest(): Ingest {
    const positions = this.#committed().flatMap(([partition, { position }]): [string, string][] =>
      position === undefined ? [] : [[partition, position]],
    );
    return new Ingest(
      this.#reader,
      this,
      this.#setup.metadata,
      this.#hasPositions ? new Map(positions) : null,
    );
  }

  /** Pauses it or lets it go on; one that failed starts again from what is committed. */
  pause(paused: boolean): void {
    if (this.#ended?.state === 'failed' && !paused) this.#restart();
    if (this.#ended) return;
    if (paused) this.#reader.pause();
    else this.#reader.resume();
  }

  /** Reads on through a new reader: how upstream is reached has changed. */
  async reconnect(): Promise<void> {
    if (this.#stopped || this.#ended?.state === 'finished') return;
    const paused = this.#reader.health().state === 'paused';
    this.#closing.abort();
    await this.#reader.close();
    await this.#run;
    this.#restart();
    if (paused) this.#reader.pause();
  }

  /** Obeys changed settings from the next batch on. */
  alter(settings: SourceSettings): void {
    this.#settings = settings;
    if (!this.#ended) this.#reader.alter(settings.options);
  }

  /** Resolves when nothing of it will be committed any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#closing.abort();
    await this.#reader.close();
    await this.#run;
    this.#progress?.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Takes the refused records of a source that was stopped out of the log. */
  clearErrors(transaction: Transaction): void {
    this.#errorLog?.clear(transaction);
  }

  /** Stops writing into one of its relations; the others go on. */
  async leave(id: ObjectId): Promise<void> {
    const number = this.#tables.findIndex((candidate) => candidate?.id === id);
    const left = number >= 0 ? this.#tables[number] : this.#setup.rejects;
    if (number >= 0) this.#tables[number] = null;
    if (this.#setup.rejects?.id === id) this.#rejects = null;
    // What has been written into an open transaction has still to arrive.
    const waiting = [...this.#open].filter(([transaction]) =>
      transaction.arrangements().includes(left?.arrangement ?? -1),
    );
    await Promise.all(waiting.map(([, { closed }]) => closed));
  }

  begin(): Transaction {
    const transaction = this.#parts.engine.beginTransaction();
    this.#errorLog?.begin();
    let close = (): void => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    this.#open.set(transaction, { closed, close });
    return transaction;
  }

  get lanes(): number {
    return this.#parts.engine.workers;
  }

  decoder(number: number): RowDecoder {
    const { input, metadata } = this.#setup;
    const table = this.#tables[number];
    if (!table || input.kind !== 'records') throw new Error(`table ${number} of a source takes no records`);
    // The decoder has places behind all other metadata; the relation has what INCLUDE named in its order.
    const values = metadata.filter((item) => !PLACES.includes(item));
    const places = metadata.filter((item) => PLACES.includes(item)) as ('line' | 'offset')[];
    const width = table.fields.length;
    const given: readonly MetadataItem[] = [...values, ...places];
    if (input.messages !== null) {
      return this.#parts.engine.decoder({
        arrangement: table.arrangement,
        format: input.format,
        columns: table.fields.map(({ name, type }) => ({ name, type: toColumnType(type) })),
        metadata: 0,
        messages: input.messages,
        ...(input.envelope === null ? {} : { envelope: input.envelope }),
        mfp: {
          expressions: [],
          predicates: [],
          projection: Array.from({ length: width + input.messages.length }, (_, index) => index),
        },
        timeZone: input.timeZone,
      });
    }
    return this.#parts.engine.decoder({
      arrangement: table.arrangement,
      format: input.format,
      columns: table.fields.map(({ name, type }) => ({ name, type: toColumnType(type) })),
      metadata: values.length,
      places,
      mfp: {
        expressions: [],
        predicates: [],
        projection: [
          ...Array.from({ length: width }, (_, index) => index),
          ...metadata.map((item) => width + given.indexOf(item)),
        ],
      },
      timeZone: input.timeZone,
    });
  }

  async learn(decoder: RowDecoder, schema: number): Promise<boolean> {
    const { input, name } = this.#setup;
    const registry = input.kind === 'records' ? input.registry : null;
    if (registry === null) throw new Error(`source ${name} knows no registry`);
    const { signal } = this.#closing;
    try {
      for (let wait = LEARN_BACKOFF.first; ; wait = Math.min(wait * 2, LEARN_BACKOFF.most)) {
        try {
          const found = await registry.client.byId(schema, signal);
          decoder.learnSchema(schema, await writtenSchema(registry.client, found));
          return true;
        } catch (error) {
          if (signal.aborted) return false;
          if (error instanceof NotRegistered) {
            decoder.learnSchema(schema, { missing: error.message });
            return true;
          }
          if (!(error instanceof ConnectorError)) throw error;
          this.#parts.log.info('source waits for a schema', { source: name, schema, reason: error.message });
          this.#waiting = {
            state: 'stalled',
            error: error.message,
            since: this.#waiting?.since ?? Date.now(),
          };
        }
        await sleep(wait, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return false;
      }
    } finally {
      this.#waiting = null;
    }
  }

  generate(from: number, count: number, transaction: Transaction): number {
    const { input } = this.#setup;
    if (input.kind !== 'generator') throw new Error('a source of records does not generate');
    const arrangements = this.#tables.map((table) => table?.arrangement ?? null);
    return this.#parts.engine.generate(input.generator, from, count, arrangements, transaction).rows;
  }

  rejects({ diff, metadata }: BytesBatch | MessagesBatch): Rejects | undefined {
    // What is taken back was written under SKIP, whatever holds now.
    if (this.#settings.onError === 'fail' && diff === 1) return undefined;
    return { arrangement: this.#rejects, log: this.#errorLog, path: metadata.path ?? null };
  }

  rejected({ first, metadata, diff, messages }: Rejected): void {
    if (this.#settings.onError !== 'fail' || diff === -1) return;
    const where = metadata.path === undefined ? '' : ` of ${metadata.path}`;
    throw new ConnectorError({
      sqlstate: first.sqlstate,
      message: messages
        ? `message ${first.offset}${where}: ${first.message}`
        : `record ${first.line}${where} (byte ${first.offset}): ${first.message}`,
      hint: 'ON ERROR SKIP leaves such records out, SKIP INTO keeps them in a relation.',
    });
  }

  async commit(transaction: Transaction, offsets: Readonly<Record<string, string | null>>): Promise<void> {
    try {
      this.#recordProgress(transaction, offsets);
      await this.#parts.sequencer.commit(transaction);
      this.#errorLog?.committed();
      for (const [partition, offset] of Object.entries(offsets)) {
        if (offset === null) this.#offsets.delete(partition);
        else this.#offsets.set(partition, offset);
        this.#changedPartitions.add(partition);
      }
    } finally {
      transaction.close();
      this.#open.get(transaction)?.close();
      this.#open.delete(transaction);
    }
  }

  /** Only one commit is on its way, so that the offsets before it are those of the relation. */
  #recordProgress(transaction: Transaction, offsets: Readonly<Record<string, string | null>>): void {
    for (const [partition, offset] of Object.entries(offsets)) {
      const before = this.#offsets.get(partition);
      if (before !== undefined) this.#progress?.write([[partition, before]], -1, transaction);
      if (offset !== null) this.#progress?.write([[partition, offset]], 1, transaction);
    }
  }

  /** One that cannot be opened fails as one that cannot be read does. */
  #openReader(): SourceReader {
    const { log } = this.#parts;
    try {
      return this.#setup.open(
        { directory: this.#directory, log: (message) => log.info(message, { source: this.#setup.name }) },
        Object.fromEntries(this.#committed().map(([partition, { offset }]) => [partition, offset])),
        this.#settings.options,
      );
    } catch (error) {
      return failedReader(error as Error);
    }
  }

  /** A new reader, from what is committed. */
  #restart(): void {
    if (this.#stopped) return;
    const { counters, metrics } = this.status();
    this.#before = { counters, bytes: metrics.bytes };
    this.#ended = null;
    this.#closing = new AbortController();
    this.#reader = this.#openReader();
    this.#ingest = this.#newIngest();
    this.#run = this.#runToEnd();
  }

  async #runToEnd(): Promise<void> {
    const { log } = this.#parts;
    try {
      await this.#ingest.run();
      this.#ended = this.#endState('finished', null);
      log.info('source ended', { source: this.#setup.name, ...this.#ingest.counters() });
    } catch (error) {
      this.#ended = this.#endState('failed', (error as Error).message);
      log.error('source failed', { source: this.#setup.name, reason: (error as Error).message });
    } finally {
      this.#errorLog?.rollback();
      for (const { close } of this.#open.values()) close();
      this.#open.clear();
    }
  }

  #endState(state: SourceState, error: string | null): Health<SourceState> {
    return { state, error, since: Date.now() };
  }
}

/** What stands for a reader that could not be opened: its `read` throws why, and until then it is about to. */
function failedReader(error: Error): SourceReader {
  const since = Date.now();
  return {
    read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }),
    pause: () => undefined,
    resume: () => undefined,
    alter: () => undefined,
    health: () => ({ state: 'starting', error: null, since }),
    metrics: () => ({ bytes: 0, records: 0, partitions: 0, lag: null }),
    partition: () => undefined,
    close: () => Promise.resolve(),
  };
}
