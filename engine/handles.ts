/** What callers hold of the engine: cursors, transactions, plans, decoders, logs. Each wraps an object of the addon. */
import { engineError } from './error.ts';
import {
  type NativeCursor,
  type NativeTransaction,
  type NativePlan,
  type NativeCancellation,
  type NativeDecoder,
  type NativeStaged,
  type NativeErrorLog,
  type PlanArguments,
  native,
} from './addon.ts';
import type {
  ArrangementId,
  Cancellation,
  DecodeOptions,
  Decisions,
  ErrorLog,
  ExecuteOptions,
  MessagesPlace,
  PreparedPlan,
  ResultChunk,
  ResultCursor,
  Rejects,
  RowDecoder,
  StagedMessages,
  Transaction,
  WriteMark,
  WrittenSchema,
} from './index.ts';

export class Cursor implements ResultCursor {
  readonly #cursor: NativeCursor;
  readonly #fill: (cursor: NativeCursor) => Promise<unknown>;
  #waiting = false;
  constructor(cursor: NativeCursor, fill: (cursor: NativeCursor) => Promise<unknown>) {
    this.#cursor = cursor;
    this.#fill = fill;
  }
  fill(): Promise<void> | null {
    if (!this.#waiting) return null;
    this.#waiting = false;
    return this.#fill(this.#cursor).then(() => {});
  }
  next(maxRows: number, roomFor?: () => Buffer): ResultChunk {
    const room = roomFor?.() ?? null;
    const { chunk, length, rows, done, waiting } = native(() => this.#cursor.next(maxRows, room));
    this.#waiting = waiting;
    return { chunk: chunk ?? room!.subarray(0, length), rows, done };
  }
  close(): void {
    this.#cursor.close();
  }
}

/** Made in the engine with the first write: most statements only read. */
export class Writes implements Transaction {
  readonly #begin: () => NativeTransaction;
  #native: NativeTransaction | null = null;
  constructor(begin: () => NativeTransaction) {
    this.#begin = begin;
  }
  get native(): NativeTransaction {
    return (this.#native ??= this.#begin());
  }
  arrangements(): readonly ArrangementId[] {
    return this.#native?.arrangements() ?? [];
  }
  byteLength(): number {
    return this.#native?.byteLength() ?? 0;
  }
  mark(): WriteMark {
    return this.#native?.mark() ?? [];
  }
  rollbackTo(mark: WriteMark): void {
    this.#native?.rollbackTo(mark);
  }
  clear(): void {
    this.#native?.clear();
  }
  close(): void {
    this.#native?.clear();
  }
}

const committed: null[] = [];

/** Of what the engine says of a group: nothing where all are committed. */
export function decisionsOf(text: string, transactions: number): Decisions {
  if (text === '') {
    while (committed.length < transactions) committed.push(null);
    return committed.length === transactions ? committed : committed.slice(0, transactions);
  }
  const errors = JSON.parse(text) as (object | null)[];
  return errors.map((error) => error && engineError(JSON.stringify(error)));
}

export class Prepared implements PreparedPlan {
  readonly native: NativePlan;
  readonly immediate: boolean;
  readonly length: number;
  constructor(plan: NativePlan, length: number) {
    this.native = plan;
    this.length = length;
    this.immediate = plan.immediate();
  }
  close(): void {
    // The plan is freed with this object.
  }
}

/** Made in the engine when an execution takes it there. */
export class Cancel implements Cancellation {
  readonly #create: () => NativeCancellation;
  #native: NativeCancellation | null = null;
  #cancelled = false;
  constructor(create: () => NativeCancellation) {
    this.#create = create;
  }
  get native(): NativeCancellation {
    if (!this.#native) {
      this.#native = this.#create();
      if (this.#cancelled) this.#native.cancel();
    }
    return this.#native;
  }
  cancel(): void {
    this.#cancelled = true;
    this.#native?.cancel();
  }
}

export class Decoder implements RowDecoder {
  readonly #decoder: NativeDecoder;
  constructor(decoder: NativeDecoder) {
    this.#decoder = decoder;
  }
  decode(chunk: Buffer, options: DecodeOptions): ReturnType<RowDecoder['decode']> {
    const { end, diff, transaction, metadata, details = 1, rejects } = options;
    return native(() =>
      this.#decoder.decode(chunk, end, diff, nativeOf(transaction), metadata, details, ...rejectsOf(rejects)),
    );
  }
  async stage(
    chunk: Buffer,
    { topic, partition, from }: MessagesPlace,
    position?: string | null,
  ): Promise<StagedMessages> {
    const place = { topic, partition, from };
    let staged: NativeStaged;
    try {
      staged = await this.#decoder.stage(chunk, place, position !== undefined, position ?? null);
    } catch (error) {
      throw engineError(error instanceof Error ? error.message : String(error));
    }
    return {
      unknownSchemas: staged.unknownSchemas,
      position: staged.position,
      write: ({ transaction, details = 1, rejects }) =>
        native(() => staged.write(nativeOf(transaction), details, ...rejectsOf(rejects))),
    };
  }
  learnSchema(id: number, schema: WrittenSchema | { readonly missing: string }): void {
    const text = 'missing' in schema ? null : JSON.stringify(schema);
    const refusal = 'missing' in schema ? schema.missing : null;
    native(() => this.#decoder.learnSchema(id, text, refusal));
  }
  close(): void {
    // The decoder is freed with this object.
  }
}

/** Where refused records go, as arguments. */
export const rejectsOf = (
  rejects: Rejects | undefined,
): [arrangement: number | null, log: NativeErrorLog | null, path: string | null] => [
  rejects?.arrangement ?? null,
  (rejects?.log as Log | null | undefined)?.native ?? null,
  rejects?.path ?? null,
];

export class Log implements ErrorLog {
  readonly native: NativeErrorLog;
  constructor(log: NativeErrorLog) {
    this.native = log;
  }
  begin(): void {
    this.native.begin();
  }
  committed(): void {
    this.native.committed();
  }
  rollback(): void {
    this.native.rollback();
  }
  clear(transaction: Transaction): void {
    native(() => this.native.clear(nativeOf(transaction)));
  }
}

export function nativeOf(transaction: Transaction): NativeTransaction {
  return (transaction as Writes).native;
}

export function planArguments<T>(
  prepared: PreparedPlan,
  options: ExecuteOptions,
  transaction: T,
): PlanArguments<T> {
  return [
    (prepared as Prepared).native,
    options.timestamp,
    options.parameters.map((parameter) => parameter.format),
    options.parameters.map((parameter) => parameter.value),
    options.timeZone,
    transaction,
  ];
}

export function cancellationOf({ cancel }: ExecuteOptions): NativeCancellation | null {
  return cancel ? (cancel as Cancel).native : null;
}
