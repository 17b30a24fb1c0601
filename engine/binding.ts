/**
 * The native addon behind the `Engine` interface: options become plain arguments, native errors `EngineError`s, and
 * answers that come through the one callback settle the promises that wait for them.
 */
import { engineError } from './error.ts';
import type {
  ArrangementId,
  Cancellation,
  ColumnType,
  DecodeFormat,
  DecodeOptions,
  DecodeOutcome,
  Decisions,
  DirectRead,
  DirectWrite,
  Engine,
  EngineEvents,
  ErrorLog,
  ExecuteOptions,
  Expr,
  GeneratorKind,
  MessagesPlace,
  MessageColumn,
  MessageEnvelope,
  Hold,
  MovingHold,
  Layout,
  Plan,
  PreparedPlan,
  ReadColumn,
  ResultCursor,
  Rejects,
  RowDecoder,
  StagedMessages,
  EnumLabelDefinition,
  SequenceDefinition,
  SubscribeOptions,
  Timestamp,
  Transaction,
  WriteMark,
  SinkSchema,
  WrittenSchema,
} from './index.ts';
import type { Constraints, Mfp } from './plan.generated.ts';

interface NativeCursor {
  rowCount(): number;
  next(maxRows: number): { chunk: Buffer; rows: number; done: boolean };
  close(): void;
}

interface NativeTransaction {
  arrangements(): number[];
  byteLength(): number;
  mark(): number[];
  rollbackTo(mark: readonly number[]): void;
  clear(): void;
}

interface NativePlan {
  immediate(): boolean;
}

interface NativeCancellation {
  cancel(): void;
}

interface NativeDecoder {
  decode(
    chunk: Buffer,
    end: boolean,
    diff: number,
    transaction: NativeTransaction,
    metadata: readonly (string | null)[],
    details: number,
    rejects: number | null,
    log: NativeErrorLog | null,
    path: string | null,
  ): DecodeOutcome;
  stage(
    chunk: Buffer,
    place: MessagesPlace,
    positioned: boolean,
    position: string | null,
  ): Promise<NativeStaged>;
  learnSchema(id: number, schema: string | null, refusal: string | null): void;
}

interface NativeStaged {
  readonly unknownSchemas: number[];
  readonly position: string | null;
  write(
    transaction: NativeTransaction,
    details: number,
    rejects: number | null,
    log: NativeErrorLog | null,
    path: string | null,
  ): DecodeOutcome;
}

interface NativeErrorLog {
  begin(): void;
  committed(): void;
  rollback(): void;
  clear(transaction: NativeTransaction): void;
}

type PlanArguments<T> = [
  plan: NativePlan,
  timestamp: number,
  formats: number[],
  values: (Buffer | null)[],
  timeZone: string,
  transaction: T,
];

/** The rows of a small execution: all of them as ready messages, or in a cursor. */
interface ReadyRows {
  rows: number;
  chunk?: Buffer | null;
  cursor?: NativeCursor | null;
}

/** Changes of a subscription; without them it has ended. */
interface Delivered {
  readonly subscription: number;
  readonly upTo: number;
  readonly rows: number;
  readonly chunk?: Buffer;
  readonly whole: boolean;
  readonly error?: string;
}

interface NativeWrite {
  run(
    timestamp: number,
    messages: Buffer,
    from: number,
    to: number,
    session: readonly (Buffer | null)[],
    transaction: NativeTransaction,
  ): number;
}

interface NativeEngine {
  evaluate(expression: string, timeZone: string): string | null;
  opcodes(): string[];
  createCollection(
    id: number,
    name: string,
    columns: string,
    layout: string,
    unique: boolean,
    constraint: string | null,
    columnNames: readonly string[],
  ): void;
  renameCollection(id: number, name: string, constraint: string | null, columnNames: readonly string[]): void;
  constrain(id: number, constraints: string, timeZone: string): void;
  defineEnum(oid: number, name: string, labels: readonly EnumLabelDefinition[]): void;
  defineSequence(oid: number, options: SequenceDefinition): void;
  dropSequence(oid: number): void;
  sequenceState(oid: number): { last: string; called: boolean } | null;
  forgetSession(session: number): void;
  install(request: number, plan: string, asOf: number): void;
  drop(id: number): void;
  subscribe(id: number, plan: string, options: string): void;
  takeDeliveries(): Delivered[];
  pauseSubscription(id: number, paused: boolean): void;
  subscriptionTaken(id: number, bytes: number): void;
  prepare(plan: string): NativePlan;
  directRead(plan: NativePlan, timeZone: string, columns: readonly ReadColumn[]): DirectRead | null;
  directWrite(plan: NativePlan, timeZone: string): NativeWrite | null;
  executeNow(
    ...options: [...PlanArguments<NativeTransaction | null>, columns: readonly number[]]
  ): ReadyRows | null;
  execute(
    request: number,
    ...options: [
      ...PlanArguments<NativeTransaction | null>,
      encoding: string,
      cancellation: NativeCancellation | null,
    ]
  ): void;
  writeNow(...options: PlanArguments<NativeTransaction>): number | null;
  write(
    request: number,
    ...options: [
      ...PlanArguments<NativeTransaction>,
      encoding: string,
      cancellation: NativeCancellation | null,
    ]
  ): void;
  beginTransaction(): NativeTransaction;
  commit(request: number, timestamp: number, transactions: readonly NativeTransaction[]): string | null;
  advance(timestamp: number): void;
  computed(): number;
  since(ids: readonly number[]): number;
  hold(timestamp: number, atLeast: boolean): { timestamp(): number; release(): void };
  holdApart(ids: readonly number[], timestamp: number): MovingHold;
  skipErrors(id: number, skip: boolean): void;
  errorCount(id: number): number;
  hydration(id: number): { done: number; expected: number } | null;
  setRetention(microseconds: number): void;
  cancellation(): NativeCancellation;
  decoder(options: string): NativeDecoder;
  schemaColumns(format: string): string;
  sinkSchema(options: string): string;
  checkColumns(format: string, columns: string): void;
  generate(
    kind: string,
    seed: number,
    from: number,
    count: number,
    arrangements: readonly (number | null)[],
    transaction: NativeTransaction,
  ): number;
  size(id: number): { rows: number; bytes: number; state: number };
  stop(request: number): void;
}

/** What the callback is told; the native side's `dispatch.rs` says the same. */
type Callback = (
  kind: number,
  id: number,
  a: number,
  b: number,
  bytes: Buffer | null | undefined,
  text: string | null | undefined,
  cursor: NativeCursor | null | undefined,
) => void;

export interface NativeAddon {
  NativeErrorLog: new (arrangement: number, owner: number, capacity: number) => NativeErrorLog;
  NativeEngine: new (workers: number, callback: Callback) => NativeEngine;
  kafkaCompress(compression: string, content: Buffer): Buffer;
  kafkaDecompress(compression: string, bytes: Buffer): Buffer;
  kafkaPortions(chunk: Buffer, from: number, aborted: readonly number[], most: number): number[];
}

interface Answer {
  readonly count: number;
  readonly text: string | null;
  readonly cursor: ResultCursor | null;
}

interface Request {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Runs a native call; its error becomes an EngineError. */
export function native<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw engineError(error instanceof Error ? error.message : String(error));
  }
}

class Cursor implements ResultCursor {
  readonly rowCount: number;
  readonly #cursor: NativeCursor;
  constructor(cursor: NativeCursor) {
    this.#cursor = cursor;
    this.rowCount = cursor.rowCount();
  }
  next(maxRows: number): { readonly chunk: Buffer; readonly rows: number; readonly done: boolean } {
    return native(() => this.#cursor.next(maxRows));
  }
  close(): void {
    this.#cursor.close();
  }
}

/** Rows that are ready as one chunk of DataRow messages. */
class ReadyCursor implements ResultCursor {
  readonly rowCount: number;
  #chunk: Buffer;
  #left: number;
  constructor(rows: number, chunk: Buffer) {
    this.rowCount = rows;
    this.#chunk = chunk;
    this.#left = rows;
  }
  next(maxRows: number): { readonly chunk: Buffer; readonly rows: number; readonly done: boolean } {
    const rows = maxRows === 0 ? this.#left : Math.min(maxRows, this.#left);
    let end = this.#chunk.length;
    if (rows < this.#left) {
      // Each message: a letter, then its length without the letter.
      end = 0;
      for (let row = 0; row < rows; row++) end += 1 + this.#chunk.readUInt32BE(end + 1);
    }
    const chunk = this.#chunk.subarray(0, end);
    this.#chunk = this.#chunk.subarray(end);
    this.#left -= rows;
    return { chunk, rows, done: this.#left === 0 };
  }
  close(): void {
    this.#left = 0;
    this.#chunk = EMPTY;
  }
}

const EMPTY = Buffer.alloc(0);

/** Made in the engine with the first write: most statements only read. */
class Writes implements Transaction {
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

/** Of what the engine says of a group: nothing where all are committed. */
function decisionsOf(text: string, transactions: number): Decisions {
  if (text === '') return Array<null>(transactions).fill(null);
  const errors = JSON.parse(text) as (object | null)[];
  return errors.map((error) => error && engineError(JSON.stringify(error)));
}

class Prepared implements PreparedPlan {
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
class Cancel implements Cancellation {
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

class Decoder implements RowDecoder {
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
const rejectsOf = (
  rejects: Rejects | undefined,
): [arrangement: number | null, log: NativeErrorLog | null, path: string | null] => [
  rejects?.arrangement ?? null,
  (rejects?.log as Log | null | undefined)?.native ?? null,
  rejects?.path ?? null,
];

class Log implements ErrorLog {
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

function nativeOf(transaction: Transaction): NativeTransaction {
  return (transaction as Writes).native;
}

function planArguments<T>(prepared: PreparedPlan, options: ExecuteOptions, transaction: T): PlanArguments<T> {
  return [
    (prepared as Prepared).native,
    options.timestamp,
    options.parameters.map((parameter) => parameter.format),
    options.parameters.map((parameter) => parameter.value),
    options.timeZone,
    transaction,
  ];
}

function cancellationOf({ cancel }: ExecuteOptions): NativeCancellation | null {
  return cancel ? (cancel as Cancel).native : null;
}

export class NativeBinding implements Engine {
  readonly #engine: NativeEngine;
  readonly #events: EngineEvents;
  /** Those that may have something to deliver. */
  readonly #subscriptions = new Set<ArrangementId>();
  readonly #requests = new Map<number, Request>();
  readonly #addon: NativeAddon;
  #lastRequest = 0;

  readonly workers: number;

  constructor(addon: NativeAddon, workers: number, events: EngineEvents) {
    this.workers = workers;
    this.#addon = addon;
    this.#events = events;
    this.#engine = native(
      () =>
        new addon.NativeEngine(workers, (kind, id, a, b, bytes, text, cursor) => {
          switch (kind) {
            case 0:
              this.#events.completed(a);
              return this.#takeDeliveries();
            case 1:
              return this.#events.changes({
                subscription: id,
                upTo: a,
                chunk: bytes ?? Buffer.alloc(0),
                rows: b,
                whole: text == null,
              });
            case 2:
              return this.#ended(id, text ?? null);
            case 3:
              return this.#panicked(text ?? 'a worker panicked');
            case 4:
              return this.#take(id)?.resolve({
                count: a,
                text: text ?? null,
                cursor: cursor == null ? null : new Cursor(cursor),
              });
            default:
              return this.#take(id)?.reject(engineError(text ?? 'no answer'));
          }
        }),
    );
  }

  /** Starts an asynchronous native call. What it throws at once rejects too. */
  #request(start: (request: number) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = ++this.#lastRequest;
      this.#requests.set(request, { resolve, reject });
      try {
        native(() => start(request));
      } catch (error) {
        this.#take(request)?.reject(error as Error);
      }
    });
  }

  /** What subscriptions have to say of the time that is computed. */
  #takeDeliveries(): void {
    if (this.#subscriptions.size === 0) return;
    for (const { subscription, upTo, rows, chunk, whole, error } of this.#engine.takeDeliveries()) {
      if (chunk) this.#events.changes({ subscription, upTo, chunk, rows, whole });
      else this.#ended(subscription, error ?? null);
    }
  }

  #ended(subscription: ArrangementId, error: string | null): void {
    this.#subscriptions.delete(subscription);
    this.#events.subscriptionEnded(subscription, error === null ? null : engineError(error));
  }

  #take(request: number): Request | undefined {
    const waiting = this.#requests.get(request);
    this.#requests.delete(request);
    return waiting;
  }

  #panicked(message: string): void {
    for (const request of [...this.#requests.keys()]) {
      this.#take(request)?.reject(engineError(`the engine is lost: ${message}`));
    }
    this.#events.panic(message);
  }

  evaluate(expression: Expr, timeZone: string): string | null {
    return native(() => this.#engine.evaluate(JSON.stringify(expression), timeZone));
  }

  opcodes(): readonly string[] {
    return this.#engine.opcodes();
  }

  createCollection(
    id: ArrangementId,
    name: string,
    columns: readonly ColumnType[],
    layout: Layout,
    unique: boolean,
    names?: { readonly constraint: string; readonly columns: readonly string[] },
  ): void {
    native(() =>
      this.#engine.createCollection(
        id,
        name,
        JSON.stringify(columns),
        JSON.stringify(layout),
        unique,
        names?.constraint ?? null,
        names?.columns ?? [],
      ),
    );
  }

  renameCollection(
    id: ArrangementId,
    name: string,
    names: { readonly constraint: string | null; readonly columns: readonly string[] },
  ): void {
    this.#engine.renameCollection(id, name, names.constraint, names.columns);
  }

  constrain(id: ArrangementId, constraints: Constraints, timeZone: string): void {
    native(() => this.#engine.constrain(id, JSON.stringify(constraints), timeZone));
  }

  defineEnum(oid: number, name: string, labels: readonly EnumLabelDefinition[]): void {
    native(() => this.#engine.defineEnum(oid, name, labels));
  }

  defineSequence(oid: number, options: SequenceDefinition): void {
    native(() => this.#engine.defineSequence(oid, options));
  }

  dropSequence(oid: number): void {
    this.#engine.dropSequence(oid);
  }

  sequenceState(oid: number): { last: string; called: boolean } | null {
    return this.#engine.sequenceState(oid);
  }

  forgetSession(session: number): void {
    this.#engine.forgetSession(session);
  }

  async install(plan: Plan, asOf: Timestamp): Promise<void> {
    await this.#request((request) => this.#engine.install(request, JSON.stringify(plan), asOf));
  }

  drop(id: ArrangementId): void {
    this.#subscriptions.delete(id);
    this.#engine.drop(id);
  }

  subscribe(id: ArrangementId, plan: Plan, options: SubscribeOptions): void {
    native(() => this.#engine.subscribe(id, JSON.stringify(plan), JSON.stringify(options)));
    this.#subscriptions.add(id);
  }

  subscriptionTaken(id: ArrangementId, bytes: number): void {
    this.#engine.subscriptionTaken(id, bytes);
  }

  pauseSubscription(id: ArrangementId, paused: boolean): void {
    this.#engine.pauseSubscription(id, paused);
  }

  prepare(plan: Plan): PreparedPlan {
    const text = JSON.stringify(plan);
    return new Prepared(
      native(() => this.#engine.prepare(text)),
      text.length,
    );
  }

  directRead(prepared: PreparedPlan, timeZone: string, columns: readonly ReadColumn[]): DirectRead | null {
    return native(() => this.#engine.directRead((prepared as Prepared).native, timeZone, columns));
  }

  directWrite(prepared: PreparedPlan, timeZone: string): DirectWrite | null {
    const write = native(() => this.#engine.directWrite((prepared as Prepared).native, timeZone));
    if (!write) return null;
    return {
      run: (timestamp, messages, from, to, session, transaction) =>
        write.run(timestamp, messages, from, to, session, nativeOf(transaction)),
    };
  }

  async execute(prepared: PreparedPlan, options: ExecuteOptions): Promise<ResultCursor> {
    const { encoding } = options;
    const transaction = options.transaction ? nativeOf(options.transaction) : null;
    const values = planArguments(prepared, options, transaction);
    if (prepared.immediate && encoding.kind === 'dataRow') {
      const ready = native(() => this.#engine.executeNow(...values, encoding.formats));
      if (ready?.chunk) return new ReadyCursor(ready.rows, ready.chunk);
      if (ready?.cursor) return new Cursor(ready.cursor);
    }
    const { cursor } = await this.#request((request) =>
      this.#engine.execute(request, ...values, JSON.stringify(encoding), cancellationOf(options)),
    );
    return cursor!;
  }

  async write(
    prepared: PreparedPlan,
    options: ExecuteOptions & { readonly transaction: Transaction },
  ): Promise<{ readonly affected: number; readonly returning: ResultCursor | null }> {
    const values = planArguments(prepared, options, nativeOf(options.transaction));
    if (prepared.immediate) {
      const affected = native(() => this.#engine.writeNow(...values));
      if (affected !== null) return { affected, returning: null };
    }
    const { count, cursor } = await this.#request((request) =>
      this.#engine.write(request, ...values, JSON.stringify(options.encoding), cancellationOf(options)),
    );
    return { affected: count, returning: cursor };
  }

  beginTransaction(): Transaction {
    return new Writes(() => this.#engine.beginTransaction());
  }

  commit(timestamp: Timestamp, transactions: readonly Transaction[]): Decisions | Promise<Decisions> {
    const writes = transactions.map(nativeOf);
    const request = ++this.#lastRequest;
    const ready = native(() => this.#engine.commit(request, timestamp, writes));
    if (ready !== null) return decisionsOf(ready, transactions.length);
    return new Promise<Answer>((resolve, reject) => this.#requests.set(request, { resolve, reject })).then(
      ({ text }) => decisionsOf(text!, transactions.length),
    );
  }

  advance(timestamp: Timestamp): void {
    this.#engine.advance(timestamp);
  }

  computed(): Timestamp {
    return this.#engine.computed();
  }

  since(ids: readonly ArrangementId[]): Timestamp {
    return this.#engine.since(ids);
  }

  holdApart(ids: readonly ArrangementId[], timestamp: Timestamp): MovingHold {
    return native(() => this.#engine.holdApart(ids, timestamp));
  }

  hold(timestamp: Timestamp, atLeast = false): Hold {
    const hold = native(() => this.#engine.hold(timestamp, atLeast));
    return { timestamp: hold.timestamp(), release: () => hold.release() };
  }

  skipErrors(id: ArrangementId, skip: boolean): void {
    this.#engine.skipErrors(id, skip);
  }

  errorCount(id: ArrangementId): number {
    return this.#engine.errorCount(id);
  }

  hydration(id: ArrangementId): { readonly done: number; readonly expected: number } | null {
    return this.#engine.hydration(id);
  }

  setRetention(microseconds: number): void {
    this.#engine.setRetention(microseconds);
  }

  cancellation(): Cancellation {
    return new Cancel(() => this.#engine.cancellation());
  }

  decoder(options: {
    arrangement: ArrangementId;
    format: DecodeFormat;
    columns: readonly { readonly name: string; readonly type: ColumnType }[];
    metadata: number;
    places?: readonly ('line' | 'offset')[];
    messages?: readonly MessageColumn[];
    envelope?: MessageEnvelope;
    mfp: Mfp;
    timeZone: string;
  }): RowDecoder {
    return new Decoder(native(() => this.#engine.decoder(JSON.stringify(options))));
  }

  schemaColumns(format: DecodeFormat): readonly { readonly name: string; readonly type: ColumnType }[] {
    const columns = native(() => this.#engine.schemaColumns(JSON.stringify(format)));
    return JSON.parse(columns) as { name: string; type: ColumnType }[];
  }

  sinkSchema(schema: SinkSchema): string {
    return native(() => this.#engine.sinkSchema(JSON.stringify(schema)));
  }

  checkColumns(
    format: DecodeFormat,
    columns: readonly { readonly name: string; readonly type: ColumnType }[],
  ): void {
    native(() => this.#engine.checkColumns(JSON.stringify(format), JSON.stringify(columns)));
  }

  errorLog(arrangement: ArrangementId, owner: number, capacity: number): ErrorLog {
    return new Log(new this.#addon.NativeErrorLog(arrangement, owner, capacity));
  }

  generate(
    generator: GeneratorKind,
    from: number,
    count: number,
    arrangements: readonly (ArrangementId | null)[],
    transaction: Transaction,
  ): { rows: number } {
    const seed = generator.kind === 'nexmark' ? generator.seed : 0;
    const rows = native(() =>
      this.#engine.generate(generator.kind, seed, from, count, arrangements, nativeOf(transaction)),
    );
    return { rows };
  }

  size(id: ArrangementId): { readonly rows: number; readonly bytes: number; readonly state: number } {
    return this.#engine.size(id);
  }

  async stop(): Promise<void> {
    await this.#request((request) => this.#engine.stop(request));
  }
}
