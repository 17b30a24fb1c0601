/**
 * Running subscriptions: encoded chunks from the engine wait here until the reader takes them. What waits is bounded;
 * a reader that is slower than its relation changes is cut off with an error, and the server is unharmed.
 */
import type { ArrangementId, Engine, EngineError, SubscriptionChunk } from '../../engine/index.ts';
import { SqlError } from '../../sql/error.ts';
import type { ResultColumn, RowStream } from '../session/statement.ts';

/** What may wait for one reader, in bytes. */
export const SUBSCRIPTION_BUFFER_BYTES = 64 << 20;

interface Reader {
  resolve(chunk: { readonly chunk: Buffer; readonly rows: number } | null): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout | null;
}

/** One subscription's queue. */
export class SubscriptionStream implements RowStream {
  readonly columns: readonly ResultColumn[];
  readonly #close: () => void;
  #chunks: { readonly chunk: Buffer; readonly rows: number }[] = [];
  #bytes = 0;
  #ended: Error | 'done' | null = null;
  #reader: Reader | null = null;

  constructor(columns: readonly ResultColumn[], close: () => void) {
    this.columns = columns;
    this.#close = close;
  }

  push(chunk: SubscriptionChunk): void {
    if (chunk.rows === 0 || this.#ended) return;
    if (this.#reader) {
      this.#answer((reader) => reader.resolve(chunk));
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.chunk.length;
    if (this.#bytes <= SUBSCRIPTION_BUFFER_BYTES) return;
    this.#chunks = [];
    this.end(
      new SqlError({
        sqlstate: '53400',
        message: 'subscription cut off: the client reads more slowly than the relation changes',
        detail: `More than ${SUBSCRIPTION_BUFFER_BYTES} bytes waited to be read.`,
        hint: 'Subscribe again, to fewer columns or rows, and read faster.',
      }),
    );
    this.#close();
  }

  end(error: Error | null): void {
    this.#ended ??= error ?? 'done';
    this.#answer((reader) => (error ? reader.reject(error) : reader.resolve(null)));
  }

  next(
    maxRows: number,
    timeoutMilliseconds: number | null,
  ): Promise<{ readonly chunk: Buffer; readonly rows: number } | null> {
    const first = this.#chunks[0];
    if (first) return Promise.resolve(this.#take(first, maxRows));
    if (this.#ended === 'done') return Promise.resolve(null);
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const timer =
        timeoutMilliseconds === null
          ? null
          : setTimeout(
              () => this.#answer((reader) => reader.resolve({ chunk: Buffer.alloc(0), rows: 0 })),
              timeoutMilliseconds,
            );
      this.#reader = {
        resolve: (chunk) => resolve(chunk && this.#split(chunk, maxRows)),
        reject,
        timer,
      };
    });
  }

  close(): void {
    this.end(null);
    this.#close();
  }

  #answer(give: (reader: Reader) => void): void {
    const reader = this.#reader;
    if (!reader) return;
    this.#reader = null;
    if (reader.timer) clearTimeout(reader.timer);
    give(reader);
  }

  #take(first: { readonly chunk: Buffer; readonly rows: number }, maxRows: number) {
    this.#chunks.shift();
    this.#bytes -= first.chunk.length;
    return this.#split(first, maxRows);
  }

  /** At most `maxRows` rows of a chunk of DataRow messages; the rest goes back to the front. */
  #split(chunk: { readonly chunk: Buffer; readonly rows: number }, maxRows: number) {
    if (maxRows === 0 || chunk.rows <= maxRows) return chunk;
    let end = 0;
    for (let row = 0; row < maxRows; row++) end += 1 + chunk.chunk.readUInt32BE(end + 1);
    const rest = { chunk: chunk.chunk.subarray(end), rows: chunk.rows - maxRows };
    this.#chunks.unshift(rest);
    this.#bytes += rest.chunk.length;
    return { chunk: chunk.chunk.subarray(0, end), rows: maxRows };
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

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  add(id: ArrangementId, consumer: SubscriptionConsumer): void {
    this.#consumers.set(id, consumer);
  }

  remove(id: ArrangementId): void {
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
