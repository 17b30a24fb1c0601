/**
 * The native addon behind the `Engine` interface: options become plain arguments, native errors `EngineError`s, and
 * answers that come through the one callback settle the promises that wait for them.
 */
import { engineError } from './error.ts';
import {
  type NativeAddon,
  type NativeCursor,
  type NativeEngine,
  type ReferenceArguments,
  native,
} from './addon.ts';
import {
  Cursor,
  Writes,
  decisionsOf,
  Prepared,
  Cancel,
  Decoder,
  Log,
  nativeOf,
  planArguments,
  cancellationOf,
} from './handles.ts';
import { ReadyCursor } from './ready-cursor.ts';
import type {
  ArrangementId,
  Cancellation,
  ColumnType,
  DecodeFormat,
  Decisions,
  DirectRead,
  DirectWrite,
  Engine,
  EngineEvents,
  ErrorLog,
  ExecuteOptions,
  WriteOptions,
  Expr,
  GeneratorKind,
  MessageColumn,
  MessageEnvelope,
  Hold,
  MovingHold,
  Layout,
  Plan,
  PreparedPlan,
  ReadColumn,
  ResultCursor,
  RowDecoder,
  EnumLabelDefinition,
  SequenceDefinition,
  SubscribeOptions,
  Timestamp,
  Transaction,
  SinkSchema,
} from './index.ts';
import type { Constraints, Mfp } from './plan.generated.ts';

const REFERENCES = { none: 0, follow: 1, check: 2 } as const;

interface Answer {
  readonly count: number;
  readonly text: string | null;
  readonly cursor: ResultCursor | null;
}

interface Request {
  resolve(answer: Answer): void;
  reject(error: Error): void;
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
                cursor: cursor == null ? null : this.#cursor(cursor),
              });
            default:
              return this.#take(id)?.reject(engineError(text ?? 'no answer'));
          }
        }),
    );
  }

  #cursor(cursor: NativeCursor): Cursor {
    return new Cursor(cursor, (cursor) => this.#request((request) => this.#engine.fill(request, cursor)));
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

  fold(expression: Expr, timeZone: string): string | null {
    return native(() => this.#engine.fold(JSON.stringify(expression), timeZone));
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

  checkReferences(transaction: Transaction, deferred: readonly ArrangementId[] | null): void {
    native(() => this.#engine.checkReferences(nativeOf(transaction), deferred));
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

  noteTaken(session: number, notes: boolean): void {
    this.#engine.noteTaken(session, notes);
  }

  takeAgain(session: number): void {
    this.#engine.takeAgain(session);
  }

  forgetSequences(session: number): void {
    this.#engine.forgetSequences(session);
  }

  forgetSession(session: number): void {
    this.#engine.forgetSession(session);
  }

  seedSession(session: number, seed: number): void {
    this.#engine.seedSession(session, seed);
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

  lendSocket(id: ArrangementId, descriptor: number): boolean {
    return this.#engine.lendSocket(id, descriptor);
  }

  takeSocketBack(id: ArrangementId): number {
    return this.#engine.takeSocketBack(id);
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
      readsAhead: write.readsAhead(),
      run: (timestamp, messages, from, to, session, transaction) =>
        write.run(timestamp, messages, from, to, session, nativeOf(transaction)),
    };
  }

  async execute(prepared: PreparedPlan, options: ExecuteOptions): Promise<ResultCursor> {
    const { encoding } = options;
    const transaction = options.transaction ? nativeOf(options.transaction) : null;
    const values = planArguments(prepared, options, transaction);
    if (prepared.immediate && encoding.kind === 'dataRow' && encoding.canonical !== true) {
      const ready = native(() => this.#engine.executeNow(...values, encoding.formats));
      if (ready?.chunk) return new ReadyCursor(ready.rows, ready.chunk);
      if (ready?.cursor) return this.#cursor(ready.cursor);
    }
    const { cursor } = await this.#request((request) =>
      this.#engine.execute(request, ...values, JSON.stringify(encoding), cancellationOf(options)),
    );
    return cursor!;
  }

  async write(
    prepared: PreparedPlan,
    options: WriteOptions,
  ): Promise<{ readonly affected: number; readonly returning: ResultCursor | null }> {
    const values = planArguments(prepared, options, nativeOf(options.transaction));
    const references: ReferenceArguments = [
      REFERENCES[options.references ?? 'none'],
      options.deferred ?? null,
    ];
    if (prepared.immediate) {
      const affected = native(() => this.#engine.writeNow(...values, ...references));
      if (affected !== null) return { affected, returning: null };
    }
    const { count, cursor } = await this.#request((request) =>
      this.#engine.write(
        request,
        ...values,
        ...references,
        JSON.stringify(options.encoding),
        cancellationOf(options),
      ),
    );
    return { affected: count, returning: cursor };
  }

  beginTransaction(): Transaction {
    return new Writes(() => this.#engine.beginTransaction());
  }

  commit(timestamp: Timestamp, transactions: readonly Transaction[]): Decisions | Promise<Decisions> {
    const writes = transactions.map(nativeOf);
    const request = ++this.#lastRequest;
    let ready: string | null;
    try {
      ready = native(() => this.#engine.commit(request, timestamp, writes));
    } catch (error) {
      return Promise.reject(error as Error);
    }
    if (ready !== null) return decisionsOf(ready, transactions.length);
    return new Promise<Answer>((resolve, reject) => this.#requests.set(request, { resolve, reject })).then(
      ({ text }) => decisionsOf(text!, transactions.length),
    );
  }

  advance(timestamp: Timestamp): void {
    this.#engine.advance(timestamp);
  }

  awaitComputed(timestamp: Timestamp): boolean {
    return this.#engine.awaitComputed(timestamp);
  }

  tellLate(): boolean {
    return this.#engine.tellLate();
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
    skipUnreadable?: boolean;
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
