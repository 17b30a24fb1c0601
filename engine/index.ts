/**
 * The only door from TypeScript to the native engine: typed calls, buffers in and out, never an object per row.
 */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { type NativeAddon, native } from './addon.ts';
import { NativeBinding } from './binding.ts';
import { EngineError } from './error.ts';
import type { ColumnType, Constraints, Expr, Layout, OrderKey, Plan, ScalarType } from './plan.generated.ts';

export type * from './plan.generated.ts';

/** Engine-wide identity of a maintained arrangement; issued by the catalog, never reused. */
export type ArrangementId = number;
/** Microseconds since the Unix epoch. */
export type Timestamp = number;

export { EngineError };
export type { ErrorSubject } from './error.ts';

/** How result rows are encoded. Column formats: 0 text, 1 binary; one for each projected column. */
export type RowEncoding =
  | { readonly kind: 'dataRow'; readonly formats: readonly number[] }
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

/** A change notice of a subscription: complete up to `upTo` (exclusive). */
export interface SubscriptionChunk {
  readonly subscription: number;
  readonly upTo: Timestamp;
  /** Encoded rows (tw_timestamp[, tw_progressed], tw_diff, columns…) in timestamp order; may be empty. */
  readonly chunk: Buffer;
  readonly rows: number;
  /** False: some rows at or behind `upTo` are among them, and the others of their time follow. */
  readonly whole: boolean;
}

/** What a message's key or value shows, and how: a format of engine/crates/decode/src/encode/payload.rs. */
export interface Payload {
  readonly columns: readonly number[];
  readonly format: PayloadFormat;
}

export type PayloadFormat =
  | { readonly kind: 'json' }
  /** One column, as its text. */
  | { readonly kind: 'text' }
  /** With the number that a registry gave the schema; `types` of the columns, by which the schema was made. */
  | { readonly kind: 'avro' | 'protobuf'; readonly id: number; readonly types: readonly ColumnType[] };

/** What the schema of a sink's messages is made from. */
export interface SinkSchema {
  readonly language: 'avro' | 'protobuf';
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly envelope: 'row' | 'append' | 'debezium';
  /** The record's name with its namespace. */
  readonly fullName: string;
  /** Of Avro: columns that can be NULL have it as their default. */
  readonly nullDefaults: boolean;
}

/** Messages for a sink, framed as engine/crates/decode/src/encode/messages.rs has them. */
export interface MessagesEncoding {
  readonly kind: 'messages';
  /** Names of all columns. */
  readonly columns: readonly string[];
  readonly key: Payload | null;
  readonly value: Payload;
  /** A jsonb column whose members become headers. */
  readonly headers: number | null;
  /** An integer column: the partition is its remainder by their number. Null: the key's hash says it. */
  readonly place: number | null;
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

/** The messages that ask for a read: Bind and Execute, the same with a Describe of the portal, or a Query. */
export const framings = { bound: 0, described: 1, simple: 2 } as const;
export type Framing = (typeof framings)[keyof typeof framings];

/** A column of a read as RowDescription tells it. */
export interface ReadColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeLength: number;
  readonly typmod: number;
}

/** A prepared read that is answered in one call, on the caller's thread. */
export interface DirectRead {
  /**
   * Answers a Bind message, whose body is `messages[from..to]`, with all messages up to ReadyForQuery, written to
   * `out[at..]`. Gives where they end; or else nothing was written, and `execute` has to do it: -1 where the time is not
   * computed yet, -2 where it fails, is large or has no room.
   */
  answer(
    timestamp: Timestamp,
    messages: Buffer,
    from: number,
    to: number,
    framing: Framing,
    out: Buffer,
    at: number,
  ): number;
}

/** A prepared write that is run in one call, on the caller's thread. */
export interface DirectWrite {
  /**
   * Runs with the values of a Bind message, whose body is `messages[from..to]`, and behind them the session's, as texts.
   * What it writes goes into a transaction that has written nothing. Gives how many rows it affected; or else nothing was
   * written, and `write` has to do it: -1 where the time is not computed yet, -2 where it fails or is large.
   */
  run(
    timestamp: Timestamp,
    messages: Buffer,
    from: number,
    to: number,
    session: readonly (Buffer | null)[],
    transaction: Transaction,
  ): number;
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

/** How a subscription sees its relation. */
export interface SubscribeOptions {
  readonly asOf: Timestamp;
  /** Send the contents as of `asOf` first. */
  readonly snapshot: boolean;
  /** Send progress rows (tw_progressed true, other columns NULL) and add the tw_progressed column. */
  readonly progress: boolean;
  /** Ends when every change below it was sent (exclusive); null: never. */
  readonly upTo: Timestamp | null;
  /** With key columns: rows become upserts or Debezium changes. `unique`: to a sink, two rows of a key are an error. */
  readonly envelope:
    | { readonly kind: 'diff' }
    | { readonly kind: 'upsert' | 'debezium'; readonly key: readonly number[]; readonly unique?: boolean };
  /** How the rows of one timestamp are ordered, by the columns that the reader sees; empty: as it falls. */
  readonly order: readonly OrderKey[];
  /** `dataRow` prefixes the tw_ columns; `jsonLines`, `csv` and `messages` serve sinks. */
  readonly encoding:
    | RowEncoding
    | { readonly kind: 'jsonLines' | 'csv'; readonly columns: readonly string[] }
    | MessagesEncoding;
  readonly timeZone: string;
}

/** Formats that the engine decodes from raw bytes into rows. */
export type DecodeFormat =
  /** The one column takes all of a message: its bytes, or its text as the column's type. Only for messages. */
  | { readonly kind: 'whole' }
  /**
   * Avro by the reader's schema. `framed`: each message begins with the number of its writer's schema, which the decoder asks for
   * (`StagedMessages.unknownSchemas`); else all are of the reader's. Only for messages.
   */
  | {
      readonly kind: 'avro';
      readonly schema: WrittenSchema;
      readonly framed: boolean;
      /** The one column takes the whole value, a record as jsonb. */
      readonly whole?: boolean;
      /** Messages are Debezium's events, and the schema theirs: columns are those of `after`. */
      readonly event?: boolean;
    }
  /** The same in Protobuf. `message`: its full name in the schema; null: the first. */
  | {
      readonly kind: 'protobuf';
      readonly schema: WrittenSchema;
      readonly message: string | null;
      readonly framed: boolean;
      readonly whole?: boolean;
    }
  /** `wholeRecord`: the one column, a jsonb, takes the whole record; otherwise columns take an object's members. */
  | {
      readonly kind: 'json';
      readonly wholeRecord?: boolean;
      /** By field: members and elements on the way to its value; null, or missing, for the member of its name. */
      readonly paths?: readonly (readonly (string | number)[] | null)[];
    }
  | {
      readonly kind: 'csv';
      readonly delimiter: string;
      readonly nullText: string;
      readonly quote: string;
      readonly escape: string;
      readonly header: boolean;
      /** The header says which column is which, and other columns are skipped; otherwise it is skipped itself. */
      readonly headerByName?: boolean;
      /** The header must be the fields' names, in order. */
      readonly headerMatch?: boolean;
      /** Blank lines are no records, and a lone carriage return is data; to COPY they are, and it is an error. */
      readonly skipBlankLines?: boolean;
      /** Columns in which a quoted null text is NULL, too. */
      readonly forceNull?: readonly number[];
      /** Columns in which the null text is a text. */
      readonly forceNotNull?: readonly number[];
    }
  | {
      readonly kind: 'copyText';
      readonly delimiter: string;
      readonly nullText: string;
      readonly header: boolean;
      readonly headerMatch?: boolean;
    };

/** Metadata of a message as a column: the key or a header as a type, text, int4, int8, timestamptz, jsonb. */
export type MessageColumn =
  /** `format`: the key is of a schema. */
  | { readonly kind: 'key'; readonly type: ColumnType; readonly format?: DecodeFormat }
  | { readonly kind: 'header'; readonly name: string; readonly type: ColumnType }
  | { readonly kind: 'topic' | 'partition' | 'offset' | 'timestamp' | 'headers' };

/** The fields of messages' keys: of a whole key the one, of a JSON object its members. They stand before the value's. */
export interface MessageKey {
  readonly kind: 'whole' | 'json' | 'schema';
  /** Of a schema. */
  readonly format?: DecodeFormat;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
}

/** A schema as its text, with those that it uses: the name that it has for them and their text, used ones first. */
export interface WrittenSchema {
  readonly text: string;
  readonly references: readonly (readonly [name: string, text: string])[];
}

/**
 * Messages as changes by key: the relation's layout has the key as its primary key. `order`: for each column of the relation,
 * where it is among the key's fields, the value's fields, the metadata, the error.
 */
export type MessageEnvelope =
  /** Each message is its key's row; one without a value is the end of it. */
  | {
      readonly kind: 'upsert';
      readonly key: MessageKey;
      readonly order: readonly number[];
      /**
       * A value that does not decode is its key's row all the same, with NULL for the value's fields and the error in a column
       * behind the metadata (jsonb: code, description, detail), which is NULL otherwise.
       */
      readonly inlineErrors: boolean;
    }
  /** Each is a change of a database's table, as Debezium writes it in JSON. */
  | {
      readonly kind: 'debezium';
      /** Null: the key is made of the value's fields `primaryKey`. */
      readonly key: MessageKey | null;
      readonly primaryKey: readonly number[];
      readonly order: readonly number[];
      /** What a text for a numeric is where no schema says it. */
      readonly decimals: 'text' | 'base64';
    };

/** A row that could not be decoded. */
export interface DecodeError {
  readonly sqlstate: string;
  readonly message: string;
  readonly detail?: string;
  /** Byte offset of the record in the stream, counted from the decoder's start. */
  readonly offset: number;
  /** Record number, from 1. */
  readonly line: number;
  readonly bytes: Buffer;
}

/** Where records go that are no rows. */
export interface Rejects {
  /**
   * A relation that gets all of them: code, message, detail, path (text), position, line (int8), bytes (bytea; at most
   * 64 KB of a record).
   */
  readonly arrangement: ArrangementId | null;
  /** The log of the latest. */
  readonly log: ErrorLog | null;
  /** Where the stream comes from, as both show it. */
  readonly path: string | null;
}

/** Where the messages of a chunk are from. */
export interface MessagesPlace {
  readonly topic: string;
  readonly partition: number;
  /** Those before this offset are not wanted. */
  readonly from: number;
}

export interface DecodeOptions {
  /** What is left unfinished is a record. */
  readonly end: boolean;
  /** 0: nothing is written; the decoder only comes to stand behind the chunk. */
  readonly diff: 1 | -1 | 0;
  readonly transaction: Transaction;
  readonly metadata: readonly (string | null)[];
  /** How many errors are given in detail; one unless said. */
  readonly details?: number;
  readonly rejects?: Rejects;
}

/** What became of a chunk. */
export interface DecodeOutcome {
  readonly rows: number;
  readonly errorCount: number;
  readonly errors: readonly DecodeError[];
  /** Bytes of the unfinished record that is kept. */
  readonly pending: number;
}

/** A chunk of messages that was decoded. */
export interface StagedMessages {
  /** Schemas that have to be learned first: nothing was decoded then. */
  readonly unknownSchemas: readonly number[];
  /** How far the changes of a database are applied with it; null: nothing says it. */
  readonly position: string | null;
  /** Writes it into a transaction, once. */
  write(options: Pick<DecodeOptions, 'transaction' | 'details' | 'rejects'>): DecodeOutcome;
}

/** Turns a byte stream, or messages, into rows of one relation, inside a transaction. */
export interface RowDecoder {
  /**
   * Decodes whole records of `chunk` into `transaction` with multiplicity `diff`; keeps an unfinished tail for the
   * next call unless `end`. All errors are counted.
   */
  decode(chunk: Buffer, options: DecodeOptions): DecodeOutcome;
  /**
   * Decodes a chunk of messages, whole batches of Kafka, on a thread of the engine; chunks of one decoder one after the other.
   * `position`: they are changes of a database, and so far those of their partition were applied.
   */
  stage(chunk: Buffer, place: MessagesPlace, position?: string | null): Promise<StagedMessages>;
  /** The schema of a number; or why there is none, which is the error of each of its messages. */
  learnSchema(id: number, schema: WrittenSchema | { readonly missing: string }): void;
  close(): void;
}

/**
 * The latest refused records of one source, in a relation that all sources share: the owner, when it was, and then the
 * columns of `Rejects.arrangement` with at most 1 KB of a record. Written in the transactions that leave the records
 * out. Transactions commit in the order in which they began.
 */
export interface ErrorLog {
  /** A transaction begins; what is logged from now on belongs to it. */
  begin(): void;
  /** The oldest open transaction is committed. */
  committed(): void;
  /** No open transaction will be committed. */
  rollback(): void;
  /** Takes everything out. */
  clear(transaction: Transaction): void;
}

/** Generators that the engine runs natively. */
export type GeneratorKind =
  { readonly kind: 'counter' } | { readonly kind: 'nexmark'; readonly seed: number };

export interface EngineEvents {
  /** Everything up to and including `timestamp` is computed; coalesced. */
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

/** The native library. Throws with a hint when it was not built. */
function loadAddon(): NativeAddon {
  const path = new URL('./tidewire.node', import.meta.url);
  const built = existsSync(path) ? path : new URL('../../engine/tidewire.node', import.meta.url);
  if (!existsSync(built)) {
    throw new EngineError({
      sqlstate: '58P01',
      message: `the native engine ${path.pathname} is not there`,
      hint: 'Build it with npm run build.',
    });
  }
  return createRequire(import.meta.url)(built.pathname) as NativeAddon;
}

/** Starts the engine. Throws with a hint when the native library was not built. */
export function startEngine(options: { workers: number; events: EngineEvents }): Engine {
  return new NativeBinding(loadAddon(), options.workers, options.events);
}

/** Batches of Kafka that stand one behind the other and are to be read. */
export interface BatchesPortion {
  /** Bytes of the chunk; none where only the offset moves. */
  readonly start: number;
  readonly end: number;
  /** Where the partition goes on behind them. */
  readonly next: number;
  /** How many records the batches say that they have. */
  readonly records: number;
}

/** Kafka's record batches. Needs no engine that runs. */
export const recordBatches = {
  /**
   * What of a fetched chunk is to be read from an offset on, in portions of about `most` bytes: no control batches, and none of
   * the aborted transactions, which are given as producer and first offset, one after the other.
   */
  portions(chunk: Buffer, from: number, aborted: readonly number[], most: number): BatchesPortion[] {
    const found = native(() => loadAddon().kafkaPortions(chunk, from, aborted, most));
    return Array.from({ length: found.length / 4 }, (_, index) => ({
      start: found[4 * index]!,
      end: found[4 * index + 1]!,
      next: found[4 * index + 2]!,
      records: found[4 * index + 3]!,
    }));
  },
  compress: (codec: BatchCompression, content: Buffer): Buffer =>
    native(() => loadAddon().kafkaCompress(codec, content)),
  decompress: (codec: BatchCompression, bytes: Buffer): Buffer =>
    native(() => loadAddon().kafkaDecompress(codec, bytes)),
};

/** How batches are compressed. */
export type BatchCompression = 'gzip' | 'snappy' | 'lz4' | 'zstd';

export type { ColumnType, Expr, Layout, OrderKey, Plan, ScalarType };
