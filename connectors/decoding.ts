/**
 * Batches of a source on their way to commits: in their order, those of messages with what was decoded of them. Several chunks of
 * messages are decoded at once, each on a thread of the engine, while the reader is asked for more; how many there are at most
 * is the bound on what waits here.
 */
import type { RowDecoder, StagedMessages } from '../engine/index.ts';
import type { MessagesBatch, SourceBatch } from './contract.ts';

/** What the server provides. */
export interface DecodingTarget {
  /** How many chunks of messages are decoded at once. */
  readonly lanes: number;
  /** A decoder for a table's streams. */
  decoder(table: number): RowDecoder;
  /**
   * Gives a decoder the schema of a number that messages have. Waits while who knows it does not answer; false when the source was
   * closed meanwhile.
   */
  learn(decoder: RowDecoder, schema: number): Promise<boolean>;
}

/** A batch, and what was decoded of its messages. */
export interface DecodedBatch {
  readonly batch: SourceBatch;
  readonly staged: StagedMessages | null;
}

/** Decodes one chunk after the other. */
class Lane {
  readonly decoders = new Map<number, RowDecoder>();
  waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    this.waiting++;
    const done = this.#last.then(work).finally(() => this.waiting--);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

const END: IteratorResult<DecodedBatch> = { done: true, value: undefined };

export class Decoding {
  readonly #batches: AsyncIterator<SourceBatch>;
  readonly #target: DecodingTarget;
  readonly #lanes: readonly Lane[];
  /** How far a database's changes were decoded, by partition; null for messages that are no changes of one. */
  readonly #positions: Map<string, string> | null;
  /** Changes of a partition are decoded in their order, so by one lane. */
  readonly #laneOf = new Map<string, Lane>();
  readonly #coming: Promise<IteratorResult<DecodedBatch>>[] = [];
  #messages = false;
  #staging = 0;

  /** `positions`: as they are committed, where decoders keep some. */
  constructor(
    batches: AsyncIterator<SourceBatch>,
    target: DecodingTarget,
    positions: ReadonlyMap<string, string> | null,
  ) {
    this.#batches = batches;
    this.#target = target;
    this.#positions = positions && new Map(positions);
    this.#lanes = Array.from({ length: target.lanes }, () => new Lane());
  }

  /** Something is being decoded, and will be there soon. */
  get busy(): boolean {
    return this.#staging > 0;
  }

  /** The next batch. Of a source of messages those behind it are asked for already. */
  next(): Promise<IteratorResult<DecodedBatch>> {
    const most = this.#messages ? this.#lanes.length + 1 : 1;
    while (this.#coming.length < most) {
      const one = this.#one();
      one.catch(() => undefined);
      this.#coming.push(one);
    }
    return this.#coming.shift()!;
  }

  close(): void {
    for (const { decoders } of this.#lanes) {
      for (const decoder of decoders.values()) decoder.close();
      decoders.clear();
    }
  }

  async #one(): Promise<IteratorResult<DecodedBatch>> {
    const { done, value: batch } = await this.#batches.next();
    if (done) return END;
    if (batch.kind !== 'messages') return { done: false, value: { batch, staged: null } };
    this.#messages = true;
    if (batch.bytes.length === 0) return { done: false, value: { batch, staged: null } };
    const lane = this.#lane(batch.offset.partition);
    const staged = await lane.run(() => this.#stage(lane, batch));
    return staged === null ? END : { done: false, value: { batch, staged } };
  }

  #lane(partition: string): Lane {
    const idle = this.#lanes.reduce((least, lane) => (lane.waiting < least.waiting ? lane : least));
    if (this.#positions === null) return idle;
    const own = this.#laneOf.get(partition) ?? idle;
    this.#laneOf.set(partition, own);
    return own;
  }

  /** Null when the source was closed before all schemas were learned. */
  async #stage(lane: Lane, batch: MessagesBatch): Promise<StagedMessages | null> {
    const decoder = lane.decoders.get(batch.table) ?? this.#target.decoder(batch.table);
    lane.decoders.set(batch.table, decoder);
    const { partition } = batch.offset;
    for (;;) {
      const position = this.#positions === null ? undefined : (this.#positions.get(partition) ?? null);
      this.#staging++;
      let staged: StagedMessages;
      try {
        staged = await decoder.stage(batch.bytes, batch, position);
      } finally {
        this.#staging--;
      }
      if (staged.unknownSchemas.length === 0) {
        if (staged.position === null) this.#positions?.delete(partition);
        else this.#positions?.set(partition, staged.position);
        return staged;
      }
      for (const schema of staged.unknownSchemas) {
        if (!(await this.#target.learn(decoder, schema))) return null;
      }
    }
  }
}
