/** One source that runs: its reader, its decoders, its transactions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ArrangementId,
  DecodeFormat,
  Engine,
  GeneratorKind,
  RowDecoder,
  Transaction,
} from '../../engine/index.ts';
import {
  ConnectorError,
  type ConnectorContext,
  type ConnectorMetrics,
  type Health,
  type MetadataItem,
  type SourceReader,
  type SourceState,
} from '../../connectors/contract.ts';
import { Ingest, type IngestCounters, type IngestTarget, type Rejected } from '../../connectors/ingest.ts';
import type { CatalogColumn, ObjectId } from '../../sql/catalog.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { Log } from '../log.ts';
import type { Sequencer } from '../timeline/sequencer.ts';
import { RowWriter } from './row-writer.ts';
import { progressColumns, rejectColumns } from './side-relations.ts';

/** A relation that a source's rows go to. */
export interface SourceTable {
  readonly id: ObjectId;
  readonly arrangement: ArrangementId;
  /** The relation's columns that records have; metadata columns follow them. Not used by generators. */
  readonly fields: readonly CatalogColumn[];
}

/** A side relation of a source. */
export interface SideRelation {
  readonly id: ObjectId;
  readonly arrangement: ArrangementId;
}

/** All that a source needs to run. */
export interface SourceSetup {
  /** The source's own object: what `stop` and `pause` name. */
  readonly id: ObjectId;
  /** For logs. */
  readonly name: string;
  open(context: ConnectorContext): SourceReader;
  /** By the connector's table numbers; null for a table that is not wanted. */
  readonly tables: readonly (SourceTable | null)[];
  /** Rows come from records in this format, or from a generator. */
  readonly input:
    | { readonly kind: 'records'; readonly format: DecodeFormat; readonly timeZone: string }
    | { readonly kind: 'generator'; readonly generator: GeneratorKind };
  /** Metadata columns behind the fields. */
  readonly metadata: readonly MetadataItem[];
  readonly onError: 'fail' | 'skip';
  readonly rejects: SideRelation | null;
  /** For a source with several tables: the relation of offsets. */
  readonly progress: SideRelation | null;
}

/** How a source does. */
export interface SourceStatus {
  readonly health: Health<SourceState>;
  readonly counters: IngestCounters;
  readonly metrics: ConnectorMetrics;
}

/** What a running source uses of the server. */
export interface SourceParts {
  readonly engine: Engine;
  readonly sequencer: Sequencer;
  readonly log: Log;
}

export class RunningSource implements IngestTarget {
  readonly #parts: SourceParts;
  readonly #setup: SourceSetup;
  readonly #tables: (SourceTable | null)[];
  readonly #directory: string;
  readonly #reader: SourceReader;
  readonly #ingest: Ingest;
  /** Transactions that were begun and not yet closed, with how to tell who waits for that. */
  readonly #open = new Map<Transaction, { readonly closed: Promise<void>; close(): void }>();
  readonly #offsets = new Map<string, string>();
  #rejects: RowWriter | null;
  readonly #progress: RowWriter | null;
  #ended: Health<SourceState> | null = null;
  readonly #run: Promise<void>;

  constructor(parts: SourceParts, setup: SourceSetup) {
    this.#parts = parts;
    this.#setup = setup;
    this.#tables = [...setup.tables];
    const { engine, log } = parts;
    this.#directory = mkdtempSync(join(tmpdir(), 'tidewire-source-'));
    this.#reader = setup.open({
      directory: this.#directory,
      log: (message) => log.info(message, { source: setup.name }),
    });
    this.#rejects = setup.rejects && new RowWriter(engine, setup.rejects.arrangement, rejectColumns);
    this.#progress = setup.progress && new RowWriter(engine, setup.progress.arrangement, progressColumns);
    this.#ingest = new Ingest(this.#reader, this, setup.metadata);
    this.#run = this.#runToEnd();
  }

  status(): SourceStatus {
    return {
      health: this.#ended ?? this.#reader.health(),
      counters: this.#ingest.counters(),
      metrics: this.#reader.metrics(),
    };
  }

  pause(paused: boolean): void {
    if (this.#ended) return;
    if (paused) this.#reader.pause();
    else this.#reader.resume();
  }

  /** Resolves when nothing of it will be committed any more. */
  async stop(): Promise<void> {
    await this.#reader.close();
    await this.#run;
  }

  /** Stops writing into one of its relations; the others go on. */
  async leave(id: ObjectId): Promise<void> {
    const number = this.#tables.findIndex((candidate) => candidate?.id === id);
    const left = number >= 0 ? this.#tables[number] : this.#setup.rejects;
    if (number >= 0) this.#tables[number] = null;
    const rejects = this.#setup.rejects?.id === id ? this.#rejects : null;
    if (rejects) this.#rejects = null;
    // What has been written into an open transaction has still to arrive.
    const waiting = [...this.#open].filter(([transaction]) =>
      transaction.arrangements().includes(left?.arrangement ?? -1),
    );
    await Promise.all(waiting.map(([, { closed }]) => closed));
    rejects?.close();
  }

  begin(): Transaction {
    const transaction = this.#parts.engine.beginTransaction();
    let close = (): void => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    this.#open.set(transaction, { closed, close });
    return transaction;
  }

  decoder(number: number): RowDecoder {
    const { input, metadata } = this.#setup;
    const table = this.#tables[number];
    if (!table || input.kind !== 'records') throw new Error(`table ${number} of a source takes no records`);
    const width = table.fields.length + metadata.length;
    return this.#parts.engine.decoder({
      arrangement: table.arrangement,
      format: input.format,
      columns: table.fields.map(({ name, type }) => ({ name, type: toColumnType(type) })),
      metadata: metadata.length,
      mfp: {
        expressions: [],
        predicates: [],
        projection: Array.from({ length: width }, (_, index) => index),
      },
      timeZone: input.timeZone,
    });
  }

  generate(from: number, count: number, transaction: Transaction): number {
    const { input } = this.#setup;
    if (input.kind !== 'generator') throw new Error('a source of records does not generate');
    const arrangements = this.#tables.map((table) => table?.arrangement ?? null);
    return this.#parts.engine.generate(input.generator, from, count, arrangements, transaction).rows;
  }

  rejected(rejected: Rejected, transaction: Transaction): void {
    const first = rejected.errors[0];
    if (this.#setup.onError === 'fail') {
      const where = rejected.metadata.path === undefined ? '' : ` of ${rejected.metadata.path}`;
      throw new ConnectorError({
        sqlstate: first?.sqlstate ?? '22000',
        message: `record ${first?.line ?? '?'}${where} (byte ${first?.offset ?? '?'}): ${first?.message ?? 'not decoded'}`,
        hint: 'ON ERROR SKIP leaves such records out, SKIP INTO keeps them in a relation.',
      });
    }
    const rows = rejected.errors.map((error) => [
      error.sqlstate,
      error.message,
      rejected.metadata.path ?? null,
      error.offset,
      error.line,
      `\\x${error.bytes.toString('hex')}`,
    ]);
    this.#rejects?.write(rows, rejected.diff, transaction);
  }

  async commit(transaction: Transaction, offsets: Readonly<Record<string, string | null>>): Promise<void> {
    try {
      this.#recordProgress(transaction, offsets);
      await this.#parts.sequencer.commit(transaction);
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
      if (offset === null) this.#offsets.delete(partition);
      else {
        this.#offsets.set(partition, offset);
        this.#progress?.write([[partition, offset]], 1, transaction);
      }
    }
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
      for (const { close } of this.#open.values()) close();
      this.#open.clear();
      this.#rejects?.close();
      this.#rejects = null;
      this.#progress?.close();
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }

  #endState(state: SourceState, error: string | null): Health<SourceState> {
    return { state, error, since: Date.now() };
  }
}
