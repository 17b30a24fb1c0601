/**
 * The only door from TypeScript to the native engine: typed calls, buffers in and out, never an object per row.
 */
import { NativeBinding } from './binding.ts';
import { EngineError } from './error.ts';
import type { ColumnType, Constraints, Expr, Layout, Plan } from './plan.generated.ts';
import { loadAddon } from './load-addon.ts';
import type { DecodeFormat, ErrorLog, MessageColumn, MessageEnvelope, RowDecoder } from './decode.ts';
import type { SinkSchema, SubscribeOptions, SubscriptionChunk } from './subscribe.ts';
import type { DirectRead, DirectWrite, ReadColumn } from './direct.ts';

export type * from './decode.ts';
export { framings } from './direct.ts';
export type * from './direct.ts';
export type * from './plan.generated.ts';
export { recordBatches } from './record-batches.ts';
export type * from './record-batches.ts';
export { idleDescriptor, sendAtOnce } from './socket.ts';
export type * from './subscribe.ts';

/** Engine-wide identity of a maintained arrangement; issued by the catalog, never reused. */
export type ArrangementId = number;
/** Microseconds since the Unix epoch. */
export type Timestamp = number;

export { EngineError };
export type { ErrorOrigin } from './error.ts';
export type { ErrorSubject } from './error.ts';

/** How result rows are encoded. Column formats: 0 text, 1 binary; one for each projected column. */
export type RowEncoding =
  /** `canonical`: texts are those of the same literals, whatever the session's settings are. */
  | { readonly kind: 'dataRow'; readonly formats: readonly number[]; readonly canonical?: boolean }
  | { readonly kind: 'copyText'; readonly nullText: string; readonly delimiter: string }
  | {
      readonly kind: 'copyCsv';
      readonly nullText: string;
      readonly delimiter: string;
      readonly header: readonly string[] | null;
      readonly quote: string;
      readonly escape: string;
      /** Columns whose values are always quoted, NULL excepted. */
      readonly forceQuote: readonly number[];
    };

/** A parameter value as it came over the wire. `format` 0 text, 1 binary. */
export interface ParameterValue {
  readonly format: 0 | 1;
  readonly value: Buffer | null;
}

export interface ExecuteOptions {
  /** The time to read at. Must be computed already. */
  readonly timestamp: Timestamp;
  readonly parameters: readonly ParameterValue[];
  /** The session's TimeZone. */
  readonly timeZone: string;
  /** Uncommitted writes that the statement sees. */
  readonly transaction: Transaction | null;
  readonly encoding: RowEncoding;
  /** Aborting it ends the execution with 57014. */
  readonly cancel?: Cancellation;
}

export interface WriteOptions extends ExecuteOptions {
  readonly transaction: Transaction;
  /**
   * What it does about foreign keys, all of which the commit looks at. `none`, which is the default: nothing. `follow`: it changes the rows that
   * refer to those that it writes. `check`: it looks at them too when it ends.
   */
  readonly references?: 'none' | 'follow' | 'check';
  /** Of `check`: the arrangements of those that are left to the commit; null: of those that were declared so. */
  readonly deferred?: readonly ArrangementId[] | null;
}

/** The rows of a one-shot statement, held by the engine until taken or closed. Of a large result a portion at a time is computed. */
export interface ResultCursor {
  /** Has the next portion computed, if what was computed is taken; null: there is something to take, or nothing is left. */
  fill(): Promise<void> | null;
  /**
   * At most `maxRows` (0: no limit) of the rows that are computed, about 64 KB, as ready protocol messages. They may be written into
   * what `room` gives.
   */
  next(maxRows: number, room?: () => Buffer): ResultChunk;
  close(): void;
}

/** Some rows of a result. */
export interface ResultChunk {
  readonly chunk: Buffer;
  readonly rows: number;
  readonly done: boolean;
}

/** Ends running executions that were given it. */
export interface Cancellation {
  cancel(): void;
}

/** A decoded and compiled one-shot plan; reusable, bound to nothing but the arrangements that it names. */
export interface PreparedPlan {
  /** The result can be had without a dataflow: `execute` answers within microseconds. */
  readonly immediate: boolean;
  /** Characters of the plan's text: what it takes, for caches. */
  readonly length: number;
  close(): void;
}

/** A place in a transaction's writes; the engine's own. */
export type WriteMark = readonly number[];

/** Uncommitted writes, held natively: for each arrangement a bag of rows with multiplicities. */
export interface Transaction {
  /** Arrangements written so far. */
  arrangements(): readonly ArrangementId[];
  /** Bytes held. */
  byteLength(): number;
  /** How much was written so far. */
  mark(): WriteMark;
  /** Takes back what was written after a mark. */
  rollbackTo(mark: WriteMark): void;
  /** Forgets all writes. */
  clear(): void;
  close(): void;
}

/** For each transaction of a group why it was left out, or null. */
export type Decisions = readonly (EngineError | null)[];

/** Generators that the engine runs natively. */
export type GeneratorKind =
  { readonly kind: 'counter' } | { readonly kind: 'nexmark'; readonly seed: number };

export interface EngineEvents {
  /** Everything up to and including `timestamp` is computed; told of what is awaited, coalesced. */
  completed(timestamp: Timestamp): void;
  changes(chunk: SubscriptionChunk): void;
  /** The subscription ended: by an error in its relation, or because UP TO was reached (null). */
  subscriptionEnded(subscription: number, error: EngineError | null): void;
  /** A worker panicked: the engine is unusable. */
  panic(message: string): void;
}

/** A timestamp that stays readable. */
export interface Hold {
  readonly timestamp: Timestamp;
  release(): void;
}

/** A timestamp that stays readable, and that can move on. */
export interface MovingHold {
  /** Holds a later timestamp in its place. */
  advance(timestamp: Timestamp): void;
  release(): void;
}

/** A label of an enum type, and what its values are. */
export interface EnumLabelDefinition {
  readonly label: string;
  readonly place: string;
}

/** What a sequence gives out. Numbers are texts. */
export interface SequenceDefinition {
  readonly name: string;
  readonly increment: string;
  readonly least: string;
  readonly greatest: string;
  readonly cycles: boolean;
  readonly restart?: string;
}

/** The engine of one process. */
export interface Engine {
  /** How many threads maintain views. */
  readonly workers: number;
  /** Evaluates an expression without columns: the text form of its value. Throws EngineError. */
  evaluate(expression: Expr, timeZone: string): string | null;
  /** The same where that costs little: throws 57014 where it would keep all sessions waiting. */
  fold(expression: Expr, timeZone: string): string | null;
  /** The opcodes of all scalar functions. */
  opcodes(): readonly string[];
  /** A relation that is written to: table, source, catalog relation. `unique`: its layout's key is a primary key. */
  createCollection(
    id: ArrangementId,
    name: string,
    columns: readonly ColumnType[],
    layout: Layout,
    unique: boolean,
    /** The primary key's constraint and the names of the relation's columns, for duplicate key errors. */
    names?: { readonly constraint: string; readonly columns: readonly string[] },
  ): void;
  /** Other names for a collection, as `createCollection` takes them: errors tell them. */
  renameCollection(
    id: ArrangementId,
    name: string,
    names: { readonly constraint: string | null; readonly columns: readonly string[] },
  ): void;
  /**
   * What the rows of a table must satisfy, from now on: what is written meanwhile is checked when it commits. The
   * arrangements of its unique keys are there.
   */
  constrain(id: ArrangementId, constraints: Constraints, timeZone: string): void;
  /**
   * An enum type, new or changed: its values are the labels' places, whole numbers of 64 bits as texts. What is running
   * reads and shows its values by these labels from now on.
   */
  defineEnum(oid: number, name: string, labels: readonly EnumLabelDefinition[]): void;
  /**
   * Whether what a transaction has written so far keeps the foreign keys; throws 23503. `deferred`: the arrangements of
   * those that are not looked at, null: those that were declared so.
   */
  checkReferences(transaction: Transaction, deferred: readonly ArrangementId[] | null): void;
  /** A sequence, new or under other options; `restart`: the next value that it gives out. Numbers are texts. */
  defineSequence(oid: number, options: SequenceDefinition): void;
  dropSequence(oid: number): void;
  /** A sequence's last value, and whether it was given out. */
  sequenceState(oid: number): { readonly last: string; readonly called: boolean } | null;
  /** Whether what a session takes of sequences is noted; what is noted already stays, until it is not. */
  noteTaken(session: number, notes: boolean): void;
  /** What was noted is what the session takes next. */
  takeAgain(session: number): void;
  /** A session has taken nothing of any sequence, as far as currval and lastval know. */
  forgetSequences(session: number): void;
  /** What sequences keep for a session's currval and lastval is not needed any more. */
  forgetSession(session: number): void;
  /** What random numbers of a session follow from, from now on: from -1 to 1. */
  seedSession(session: number, seed: number): void;
  /** Starts a maintained plan (Output.arrangement) and resolves when it can be read at `asOf`. Throws EngineError. */
  install(plan: Plan, asOf: Timestamp): Promise<void>;
  /** Whether who reads a relation gets its rows only, where it has errors too; from now on. */
  skipErrors(id: ArrangementId, skip: boolean): void;
  /** The number of a relation's distinct errors. */
  errorCount(id: ArrangementId): number;
  /** How many rows of its inputs a plan that is being installed has read; null when that is not known. */
  hydration(id: ArrangementId): { readonly done: number; readonly expected: number } | null;
  /** Drops a collection, a maintained plan or a subscription. */
  drop(id: ArrangementId): void;
  /** Starts a plan with Output.subscription under `id`. */
  subscribe(id: ArrangementId, plan: Plan, options: SubscribeOptions): void;
  /**
   * A client took this much of a subscription's chunks. Only some of them are on the way at a time; what waits behind
   * them is bounded (64 MiB besides the snapshot), and a subscription that passes the bound ends with 53400.
   */
  subscriptionTaken(id: ArrangementId, bytes: number): void;
  /**
   * A subscription's chunks may go straight to the client's socket, as messages without chunks between, until it is taken
   * back; what the socket does not take comes as ever. Whether they do: not while chunks are on the way.
   */
  lendSocket(id: ArrangementId, descriptor: number): boolean;
  /** Nothing goes there any more. Gives how many rows did, unless the subscription has ended: its last chunk counts them then. */
  takeSocketBack(id: ArrangementId): number;
  /** Stops and resumes delivery to a sink, which takes chunks as they come. Its bound is 256 MiB, besides the oldest commits. */
  pauseSubscription(id: ArrangementId, paused: boolean): void;
  prepare(plan: Plan): PreparedPlan;
  /** The plan as a read that is answered in one call; null where it has effects or takes more than a moment. */
  directRead(prepared: PreparedPlan, timeZone: string, columns: readonly ReadColumn[]): DirectRead | null;
  /** What runs a small write in one call; null where a plan does not write, returns rows or takes more than a moment. */
  directWrite(prepared: PreparedPlan, timeZone: string): DirectWrite | null;
  /** Runs a plan with Output.rows. Throws EngineError (a data error, 57014 when cancelled). */
  execute(prepared: PreparedPlan, options: ExecuteOptions): Promise<ResultCursor>;
  /** Runs a plan with Output.write; the writes go into `options.transaction`. */
  write(
    prepared: PreparedPlan,
    options: WriteOptions,
  ): Promise<{ readonly affected: number; readonly returning: ResultCursor | null }>;
  beginTransaction(): Transaction;
  /**
   * Commits transactions as one group at `timestamp`, in order. Each is checked against the state before it: a
   * deleted row that is gone gives 40001, a duplicate key 23505; such a transaction is left out and its error returned.
   * A small group is decided at once.
   */
  commit(timestamp: Timestamp, transactions: readonly Transaction[]): Decisions | Promise<Decisions>;
  /** Moves time on without changes. */
  advance(timestamp: Timestamp): void;
  /** Whether everything up to `timestamp` is computed; if not, the event `completed` tells when it is. */
  awaitComputed(timestamp: Timestamp): boolean;
  /**
   * Small groups that nobody waits for and nobody subscribes to are computed some at a time. This has them begun with, unless
   * others were since it was called last; true: it is to be called again.
   */
  tellLate(): boolean;
  /** All that is computed. */
  computed(): Timestamp;
  /** The oldest time at which the arrangements can still be read. */
  since(ids: readonly ArrangementId[]): Timestamp;
  /**
   * Keeps everything readable at `timestamp` until released. Throws 22023 when it is not readable any more; with
   * `atLeast` the oldest readable timestamp is held instead.
   */
  hold(timestamp: Timestamp, atLeast?: boolean): Hold;
  /**
   * Keeps these readable at `timestamp` until released, and no others: subscriptions to them may begin there. Throws 22023 when
   * it is not readable any more.
   */
  holdApart(ids: readonly ArrangementId[], timestamp: Timestamp): MovingHold;
  /** Compaction trails the last commit by this much (microseconds). */
  setRetention(microseconds: number): void;
  cancellation(): Cancellation;
  /**
   * A decoder for rows of `arrangement`. `columns` are the decoded fields with their names in the format (JSON keys,
   * CSV header); metadata values follow them as text columns, then places as int8 columns (a record's number, the
   * bytes before it); `mfp` maps all of these to the relation's row.
   */
  decoder(options: {
    arrangement: ArrangementId;
    format: DecodeFormat;
    columns: readonly { readonly name: string; readonly type: ColumnType }[];
    metadata: number;
    places?: readonly ('line' | 'offset')[];
    /** Chunks are messages (engine/crates/decode/src/messages.rs), with these columns behind the fields. */
    messages?: readonly MessageColumn[];
    /** Messages are changes by key; `mfp` is not looked at. */
    envelope?: MessageEnvelope;
    mfp: import('./plan.generated.ts').Mfp;
    timeZone: string;
    /** Records with a value that is none of its type are left out and counted; they are no errors. */
    skipUnreadable?: boolean;
  }): RowDecoder;
  /** The columns that the schema of a format has by itself. */
  schemaColumns(format: DecodeFormat): readonly { readonly name: string; readonly type: ColumnType }[];
  /** The text of a schema for a sink's messages. Throws for names that it cannot have. */
  sinkSchema(schema: SinkSchema): string;
  /** Throws for columns that a format cannot give: fields that its schema does not have, or has as another type. */
  checkColumns(
    format: DecodeFormat,
    columns: readonly { readonly name: string; readonly type: ColumnType }[],
  ): void;
  /** An empty log of at most `capacity` records, as rows of `owner` in `arrangement`. */
  errorLog(arrangement: ArrangementId, owner: number, capacity: number): ErrorLog;
  /** Writes events `[from, from + count)` of a generator into the transaction; `arrangements` by table of the generator. */
  generate(
    generator: GeneratorKind,
    from: number,
    count: number,
    arrangements: readonly (ArrangementId | null)[],
    transaction: Transaction,
  ): { rows: number };
  /** Rows and bytes of an arrangement. */
  size(id: ArrangementId): { readonly rows: number; readonly bytes: number; readonly state: number };
  stop(): Promise<void>;
}

/** Starts the engine. Throws with a hint when the native library was not built. */
export function startEngine(options: { workers: number; events: EngineEvents }): Engine {
  return new NativeBinding(loadAddon(), options.workers, options.events);
}
