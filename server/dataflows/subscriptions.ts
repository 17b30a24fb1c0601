/**
 * Running subscriptions. The engine sends chunks of one only as its reader takes them, and bounds what waits behind them;
 * a reader that is slower than its relation changes is cut off with an error, and the server is unharmed.
 */
import type { ArrangementId, Engine, EngineError, SubscriptionChunk } from '../../engine/index.ts';
import type { ResultColumn, RowStream, SocketBorrower } from '../session/statement.ts';

type Portion = { readonly chunk: Buffer; readonly rows: number };

/** What the engine does for the reader of a subscription. */
interface Reader {
  taken(bytes: number): void;
  /** Whether chunks go to a socket from now on. */
  lend(descriptor: number): boolean;
  /** They do no more; how many rows did. */
  takeBack(): number;
  close(): void;
}

/** One subscription of a client: the chunks that are on their way to it, where they do not go to its socket. */
export class SubscriptionStream implements RowStream, SocketBorrower {
  readonly columns: readonly ResultColumn[];
  readonly borrower = this;
  rows = 0;
  readonly #reader: Reader;
  readonly #chunks: Portion[] = [];
  #ended: Error | 'done' | null = null;
  #wake: (() => void) | null = null;

  constructor(columns: readonly ResultColumn[], reader: Reader) {
    this.columns = columns;
    this.#reader = reader;
  }

  push(chunk: SubscriptionChunk): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  end(error: Error | null): void {
    this.#ended ??= error ?? 'done';
    this.#wake?.();
  }

  async next(): Promise<Portion | null> {
    for (;;) {
      const portion = this.#chunks.shift();
      if (portion) {
        this.#reader.taken(portion.chunk.length);
        return portion;
      }
      if (this.#ended === 'done') return null;
      if (this.#ended) throw this.#ended;
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
  }

  borrow(descriptor: number): boolean {
    return this.#chunks.length === 0 && this.#ended === null && this.#reader.lend(descriptor);
  }

  giveBack(): void {
    this.rows += this.#reader.takeBack();
  }

  close(): void {
    this.#chunks.length = 0;
    this.end(null);
    this.#reader.close();
  }
}

/** A consumer of a subscription's chunks: a client's stream or a sink. */
export interface SubscriptionConsumer {
  push(chunk: SubscriptionChunk): void;
  end(error: Error | null): void;
}

export class Subscriptions {
  readonly #engine: Engine;
  readonly #consumers = new Map<ArrangementId, SubscriptionConsumer>();
  /** What each of them reads. */
  readonly #reads = new Map<ArrangementId, ReadonlySet<ArrangementId>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  add(id: ArrangementId, consumer: SubscriptionConsumer, reads: Iterable<ArrangementId> = []): void {
    this.#consumers.set(id, consumer);
    this.#reads.set(id, new Set(reads));
  }

  /** Ends those that read an arrangement, which will see no more changes. */
  endReaders(arrangement: ArrangementId, error: Error): void {
    for (const [id, reads] of this.#reads) if (reads.has(arrangement)) this.#consumers.get(id)?.end(error);
  }

  remove(id: ArrangementId): void {
    this.#reads.delete(id);
    if (this.#consumers.delete(id)) this.#engine.drop(id);
  }

  /** The engine's event. */
  changes(chunk: SubscriptionChunk): void {
    this.#consumers.get(chunk.subscription)?.push(chunk);
  }

  /** The engine's event. */
  ended(id: ArrangementId, error: EngineError | null): void {
    this.#consumers.get(id)?.end(error);
  }
}
