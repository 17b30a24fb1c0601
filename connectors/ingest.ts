/**
 * Moves batches of a source into commits. Decodes the next batches while the last commit is on its way, and never has
 * more than one on its way: that is the backpressure between sequencer and reader.
 */
import type {
  DecodeError,
  DecodeOutcome,
  Rejects,
  RowDecoder,
  StagedMessages,
  Transaction,
} from '../engine/index.ts';
import { type DecodedBatch, Decoding, type DecodingTarget } from './decoding.ts';
import {
  PLACES,
  type BytesBatch,
  type MessagesBatch,
  type MetadataItem,
  type SourceReader,
} from './contract.ts';
import { withPosition } from './position.ts';

/** Rows that did not decode, of one batch. */
export interface Rejected {
  readonly table: number;
  readonly partition: string;
  /** They are messages, and their offsets those of a log. */
  readonly messages: boolean;
  /** What the batch said of its origin. */
  readonly metadata: BytesBatch['metadata'];
  /** -1: rows that were rejected before are taken back. */
  readonly diff: 1 | -1;
  readonly count: number;
  /** The first, with position, bytes and reason. */
  readonly first: DecodeError;
}

/** What the server provides. */
export interface IngestTarget extends DecodingTarget {
  begin(): Transaction;
  /** Writes a generator's events into the transaction; returns their number. */
  generate(from: number, count: number, transaction: Transaction): number;
  /** Where the refused records of a batch are written, in the transaction of the rows beside them. */
  rejects(batch: BytesBatch | MessagesBatch): Rejects | undefined;
  /** Told of refused records; throws for ON ERROR FAIL, and nothing of the transaction is committed. */
  rejected(rejected: Rejected): void;
  /** Commits rows and offsets as one. `null` forgets a partition. */
  commit(transaction: Transaction, offsets: Readonly<Record<string, string | null>>): Promise<unknown>;
}

/** Rows a source has committed and refused. */
export interface IngestCounters {
  readonly rows: number;
  readonly rejected: number;
  readonly commits: number;
}

/** Batches that become one commit. */
interface Group {
  readonly transaction: Transaction;
  readonly offsets: Record<string, string | null>;
  /** No batch of it waits for another one. */
  whole: boolean;
}

/** A group this large is committed though more is at hand. */
const GROUP_BYTES = 4 << 20;
/** What upstream gives within this time joins the group: a backlog is read in few large commits, a trickle at once. */
const PATIENCE_MILLISECONDS = 1;

/** Whether it settles within the patience, or what is being decoded by then is it. */
async function comes(next: Promise<unknown>, decoding: Decoding): Promise<boolean> {
  const settled = next.then(
    () => true,
    () => true,
  );
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE_MILLISECONDS);
    });
    const came = await Promise.race([settled, late]).finally(() => clearTimeout(timer));
    if (came || !decoding.busy) return came;
  }
}

/** Runs a source until its end, its failure, or `close`. */
export class Ingest {
  readonly #reader: SourceReader;
  readonly #target: IngestTarget;
  /** Metadata that batches carry. */
  readonly #values: readonly MetadataItem[];
  /** How far a database's changes were written, by partition; null for records that are no changes of one. */
  readonly #positions: Map<string, string> | null;
  readonly #decoders = new Map<string, RowDecoder>();
  #rows = 0;
  #rejected = 0;
  #commits = 0;

  /** `positions`: as they are committed, where the decoder keeps some. */
  constructor(
    reader: SourceReader,
    target: IngestTarget,
    metadata: readonly MetadataItem[],
    positions: ReadonlyMap<string, string> | null = null,
  ) {
    this.#positions = positions && new Map(positions);
    this.#reader = reader;
    this.#target = target;
    this.#values = metadata.filter((item) => !PLACES.includes(item));
  }

  counters(): IngestCounters {
    return { rows: this.#rows, rejected: this.#rejected, commits: this.#commits };
  }

  /** Resolves when a bounded source is at its end or the reader was closed; rejects when it failed. */
  async run(): Promise<void> {
    const batches = this.#reader.read()[Symbol.asyncIterator]();
    const decoding = new Decoding(batches, this.#target, this.#positions);
    let group: Group | null = null;
    let onItsWay: Promise<unknown> = Promise.resolve();
    const send = async ({ transaction, offsets }: Group): Promise<void> => {
      group = null;
      await onItsWay;
      onItsWay = this.#target.commit(transaction, offsets).then(() => this.#commits++);
      // Thrown where this commit is waited for: by the next one, or behind the loop, which ends with the reader even
      // if there is nothing more to read.
      onItsWay.catch(() => this.#reader.close());
    };
    try {
      for (;;) {
        if (group?.whole && group.transaction.byteLength() >= GROUP_BYTES) await send(group);
        const next = decoding.next();
        next.catch(() => undefined);
        if (group?.whole && !(await comes(next, decoding))) await send(group);
        const { done, value: decoded } = await next;
        if (done) break;
        group ??= { transaction: this.#target.begin(), offsets: {}, whole: false };
        this.#take(decoded, group.transaction, group.offsets);
        group.whole = decoded.batch.commit;
      }
      if (group?.whole) await send(group);
      await onItsWay;
    } catch (error) {
      await onItsWay.catch(() => undefined);
      throw error;
    } finally {
      // A commit that was not complete when the reader ended did not happen.
      group?.transaction.close();
      decoding.close();
      for (const decoder of this.#decoders.values()) decoder.close();
      this.#decoders.clear();
      await this.#reader.close();
      // What it holds while it yields is released with it.
      await batches.return?.();
    }
  }

  #take(
    { batch, staged }: DecodedBatch,
    transaction: Transaction,
    offsets: Record<string, string | null>,
  ): void {
    switch (batch.kind) {
      case 'generated':
        this.#rows += this.#target.generate(batch.from, batch.count, transaction);
        offsets[batch.offset.partition] = batch.offset.value;
        return;
      case 'forget':
        offsets[batch.partition] = null;
        return;
      case 'messages':
        if (staged !== null) this.#writeMessages(batch, staged, transaction);
        offsets[batch.offset.partition] = withPosition(
          batch.offset.value,
          this.#positions?.get(batch.offset.partition),
        );
        return;
      case 'bytes':
        this.#decode(batch, transaction);
        if (batch.offset !== null) offsets[batch.offset.partition] = batch.offset.value;
    }
  }

  #decode(batch: BytesBatch, transaction: Transaction): void {
    const key = `${batch.table}/${batch.stream}`;
    if (batch.start) this.#drop(key);
    let decoder = this.#decoders.get(key);
    if (decoder === undefined) {
      if (batch.bytes.length === 0 && !batch.start) return;
      decoder = this.#target.decoder(batch.table);
      this.#decoders.set(key, decoder);
    }
    if (batch.bytes.length > 0 || batch.flush) {
      const metadata = this.#values.map((item) => batch.metadata[item] ?? null);
      this.#write(decoder, batch, transaction, metadata, batch.flush);
    }
    if (batch.end) this.#drop(key);
  }

  #writeMessages(batch: MessagesBatch, staged: StagedMessages, transaction: Transaction): void {
    const { partition } = batch.offset;
    const { position } = staged;
    const rejects = this.#target.rejects(batch);
    this.#count(batch, staged.write({ transaction, ...(rejects === undefined ? {} : { rejects }) }));
    if (position === null) this.#positions?.delete(partition);
    else this.#positions?.set(partition, position);
  }

  #write(
    decoder: RowDecoder,
    batch: BytesBatch,
    transaction: Transaction,
    metadata: readonly (string | null)[],
    end: boolean,
  ): void {
    const rejects = this.#target.rejects(batch);
    const outcome = decoder.decode(batch.bytes, {
      end,
      diff: batch.diff,
      transaction,
      metadata,
      ...(rejects === undefined ? {} : { rejects }),
    });
    this.#count(batch, outcome);
  }

  #count(batch: BytesBatch | MessagesBatch, outcome: DecodeOutcome): void {
    this.#rows += outcome.rows * batch.diff;
    if (outcome.errorCount === 0) return;
    this.#rejected += outcome.errorCount * batch.diff;
    this.#target.rejected({
      table: batch.table,
      partition: batch.stream,
      messages: batch.kind === 'messages',
      metadata: batch.metadata,
      diff: batch.diff === -1 ? -1 : 1,
      count: outcome.errorCount,
      first: outcome.errors[0]!,
    });
  }

  #drop(key: string): void {
    this.#decoders.get(key)?.close();
    this.#decoders.delete(key);
  }
}
