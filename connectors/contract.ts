/**
 * What a connector is. It moves raw bytes and knows where they came from; it decodes nothing, knows no SQL types beyond
 * a schema that upstream has, and holds no rows. Decoding and encoding are the engine's.
 *
 * A source's life (`SourceState`), driven by `connectors/ingest.ts`:
 *
 *     created ──open──▶ starting ──first batch──▶ running ◀──resume── paused
 *                          │                        │  │                 ▲
 *                          │                        │  └─────pause───────┘
 *                          ├──upstream away────▶ stalled ──back──▶ running
 *                          │                        │
 *                          │              end of a bounded source ──▶ finished
 *                          └──error that retrying cannot cure──▶ failed
 *     any state ──close──▶ closed
 *
 * It can be paused in any state that is no end; `SOURCE_TRANSITIONS` has every arrow, and the suite holds readers to them.
 * A stalled source retries by itself and says since when and why in `health()`; it never loses its place. A failed
 * one keeps its rows readable and says why. Only `close` releases what it holds. A failed source that is resumed is
 * opened anew, from the offsets that are committed and with the same directory.
 *
 * What each side owes:
 *
 *     the reader                                          ingestion
 *     yields each record in one batch, in a                pulls one batch at a time, and none while two commits
 *     partition's order                                    wait: that is the backpressure
 *     gives the offset behind the batch                    commits rows, offsets and refused records as one
 *     opened from offsets, yields what lies behind         opens it from the offsets of the last commit, whatever
 *     them, whatever an earlier reader had yielded         was pulled after that
 *     yields bytes of an unfinished record again with      keeps one decoder a stream, from `start` to `end`
 *     diff 0, where a restart falls inside a stream
 *     retries while upstream is away                       lets it
 *     takes rows back (diff -1) with bytes that give       decodes them the same way, refused records too
 *     the same rows
 *     names no secret anywhere                             shows health, metrics and offsets to every user
 *
 * A sink's life (`SinkState`), driven by `connectors/egress.ts`:
 *
 *     created ──recover──▶ recovering ──progress known──▶ running ◀──resume── paused
 *                              │  ▲                         │  │                ▲
 *                              │  │                         │  └─────pause──────┘
 *                              │  └───recover─── stalled ◀──┤ target away
 *                              ├─────target away────▲       │
 *                              └──error that retrying cannot cure──▶ failed
 *     any state ──close──▶ closed
 *
 * It can be paused in any state that is no end; `SINK_TRANSITIONS` has every arrow, and the suite holds writers to them.
 * A stalled sink is recovered again and again, with growing pauses, and says since when and why in `health()`. A failed
 * one that is resumed is opened anew, with the same identity and directory.
 *
 * What each side owes:
 *
 *     the writer                                           egress
 *     has the progress in the same breath as the bytes     recovers it before the first write and after each that
 *     (one transaction, one rename): both or neither       failed, and believes the target's progress alone
 *     shows nothing of a batch that is not whole until     gives batches in the order of time; those of one time
 *     one that is whole is written                         follow each other, the last of them is whole
 *     at recovery takes back or hides what stands behind   gives again what stands behind the progress: what it
 *     the progress, and shuts out an older writer          still holds, or anew from the engine
 *     resolves a write when it is safe at the target       writes one batch at a time; joins those that wait, stops
 *                                                          the engine's delivery when they are too many, and has what
 *                                                          is not written held readable, so that it can be given again
 *     tells an error that retrying may cure (`retry`)      retries those with growing pauses, ends on others
 *     while paused begins nothing new                      waits
 *     names no secret anywhere                             shows health, metrics and progress to every user
 *
 * So each change stands in the target once, whatever happens in between.
 */
import type { Notice } from '../sql/error.ts';
import type { OptionSpecs, ParsedOptions } from './options.ts';

/** A column that upstream declares; its type is a PostgreSQL type name (`int8`, `text`, `timestamp`). */
export interface UpstreamColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** A table of a source that has several. */
export interface UpstreamTable {
  readonly name: string;
  readonly columns: readonly UpstreamColumn[];
  readonly primaryKey: readonly string[];
}

/** Where a source goes on, by partition. Opaque to all but the connector; a commit stores it with the rows. */
export type Offsets = Readonly<Record<string, string>>;

/** Metadata that INCLUDE can ask for; a header by its name. */
export type MetadataItem =
  'key' | 'topic' | 'partition' | 'offset' | 'timestamp' | 'headers' | 'path' | 'line' | `header ${string}`;

/** Metadata that the decoder knows of each record itself: its number in its stream and the bytes before it. */
export const PLACES: readonly MetadataItem[] = ['line', 'offset'];

/**
 * Raw bytes of one stream. Records may be cut anywhere: the decoder of a stream keeps an unfinished record until the
 * stream's next batch.
 */
export interface BytesBatch {
  readonly kind: 'bytes';
  /** Which table of the source they belong to; 0 for a source with one. */
  readonly table: number;
  /** Streams have a decoder each (header, unfinished record). */
  readonly stream: string;
  /** The stream begins here: a decoder is made anew. */
  readonly start: boolean;
  /** What is unfinished behind these bytes is a whole record. The stream may go on all the same. */
  readonly flush: boolean;
  /** The stream ends here: its decoder is dropped, with what is unfinished unless `flush`. */
  readonly end: boolean;
  /** They are there until the batch after the next is asked for. */
  readonly bytes: Buffer;
  /**
   * -1 takes back rows that the same bytes had given. 0: what was read before a restart is read again, so that the
   * stream's decoder stands where it stood; nothing is written.
   */
  readonly diff: 1 | -1 | 0;
  /** Values of the metadata that was asked for, the same for all records of the batch. */
  readonly metadata: Partial<Record<MetadataItem, string>>;
  /** Where a partition goes on once this batch is committed. */
  readonly offset: { readonly partition: string; readonly value: string } | null;
  /** False: the next batch belongs to the same commit. Nobody sees one without the other. */
  readonly commit: boolean;
}

/**
 * Messages of a log, each with its own metadata: whole batches as Kafka has them, which only the engine takes apart
 * (engine/crates/decode/src/kafka). No bytes: only the offset moves.
 */
export interface MessagesBatch {
  readonly kind: 'messages';
  readonly table: number;
  /** As people know where they come from; refused messages are shown with it. */
  readonly stream: string;
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  /** Messages before this offset are none of it. */
  readonly from: number;
  readonly diff: 1;
  readonly metadata: Partial<Record<MetadataItem, string>>;
  readonly offset: { readonly partition: string; readonly value: string };
  readonly commit: boolean;
}

/** Events that the engine makes itself: numbers `[from, from + count)` of a generator. */
export interface GeneratedBatch {
  readonly kind: 'generated';
  readonly from: number;
  readonly count: number;
  readonly offset: { readonly partition: string; readonly value: string };
  readonly commit: boolean;
}

/** A partition is gone and its rows were taken back: its offset is forgotten. */
export interface ForgottenPartition {
  readonly kind: 'forget';
  readonly partition: string;
  readonly commit: boolean;
}

export type SourceBatch = BytesBatch | MessagesBatch | GeneratedBatch | ForgottenPartition;

export type SourceState =
  'created' | 'starting' | 'running' | 'paused' | 'stalled' | 'finished' | 'failed' | 'closed';
export type SinkState = 'created' | 'recovering' | 'running' | 'paused' | 'stalled' | 'failed' | 'closed';

/** Which states a source's reader can come to from each: the picture above. `pause` and `resume` are asked of it. */
export const SOURCE_TRANSITIONS: Readonly<Record<SourceState, readonly SourceState[]>> = {
  created: ['starting', 'running', 'paused', 'closed'],
  starting: ['running', 'paused', 'stalled', 'finished', 'failed', 'closed'],
  running: ['paused', 'stalled', 'finished', 'failed', 'closed'],
  paused: ['running', 'failed', 'closed'],
  stalled: ['running', 'paused', 'failed', 'closed'],
  finished: ['closed'],
  failed: ['closed'],
  closed: [],
};

/** Which states a sink's writer can come to from each. */
export const SINK_TRANSITIONS: Readonly<Record<SinkState, readonly SinkState[]>> = {
  created: ['recovering', 'paused', 'closed'],
  recovering: ['running', 'paused', 'stalled', 'failed', 'closed'],
  running: ['paused', 'stalled', 'recovering', 'failed', 'closed'],
  paused: ['running', 'recovering', 'stalled', 'failed', 'closed'],
  stalled: ['recovering', 'paused', 'failed', 'closed'],
  failed: ['closed'],
  closed: [],
};

/** How a source or sink is. */
export interface Health<State> {
  readonly state: State;
  /** Why it is stalled or failed; never with a secret in it. */
  readonly error: string | null;
  /** Milliseconds since the Unix epoch at which it entered the state. */
  readonly since: number;
}

/** Counters since the source or sink was opened; names are those of the metrics endpoint. */
export interface ConnectorMetrics {
  readonly bytes: number;
  readonly records: number;
  /** Partitions known: files, Kafka partitions…. */
  readonly partitions: number;
  /** Bytes or records known to lie upstream and not yet read, where that can be told. */
  readonly lag: number | null;
}

/** A partition as people know it. */
export interface PartitionStatus {
  /** A file's path, a topic's partition. */
  readonly name: string;
  /** Bytes or records known to lie upstream and not yet read, where that can be told. */
  readonly lag: number | null;
}

/** What CREATE CONNECTION … TO makes: where an upstream or target is, and how to be let in. */
export interface ConnectionConnector<Specs extends OptionSpecs = OptionSpecs> {
  /** As CREATE CONNECTION … TO names it, lower case. */
  readonly name: string;
  readonly options: Specs;
  /** Checks options that depend on each other; throws SqlError. */
  check(options: ParsedOptions<Specs>): void;
  /** Connects and authenticates. Throws `ConnectorError`, never with a secret in it. */
  validate(options: ParsedOptions<Specs>): Promise<void>;
}

/** A source that reads. */
export interface SourceReader {
  /**
   * Yields batches from the offsets that it was opened with. The consumer pulls: while it does not, nothing is read,
   * which is how backpressure reaches upstream. Returns when a bounded source is at its end; throws `ConnectorError`
   * on what retrying cannot cure.
   */
  read(): AsyncIterable<SourceBatch>;
  /** `read` yields nothing until resumed. */
  pause(): void;
  resume(): void;
  /** Obeys changed values of options that are `alterable`, from now on. */
  alter(options: ParsedOptions<OptionSpecs>): void;
  health(): Health<SourceState>;
  metrics(): ConnectorMetrics;
  /** How a partition whose offset is committed is; undefined when it is not known any more. */
  partition(partition: string): PartitionStatus | undefined;
  /** Ends `read` and releases everything. Safe to call twice. */
  close(): Promise<void>;
}

/** What a connector is given besides its options. */
export interface ConnectorContext {
  /** A directory of its own for what it must keep; empty at first, and the same when it is opened again. */
  readonly directory: string;
  /** A log line for the operator; never with a secret in it. */
  log(message: string): void;
}

export interface SourceOptions<Options> {
  readonly options: Options;
  readonly offsets: Offsets;
  /** Those of the connection that it is read through; null for a connector that needs none. */
  readonly connection: ParsedOptions<OptionSpecs> | null;
  /** Metadata columns that INCLUDE named. */
  readonly metadata: readonly MetadataItem[];
  /** The format's name and whether its streams begin with a header. */
  readonly format: { readonly name: string; readonly header: boolean } | null;
  readonly context: ConnectorContext;
}

export interface SourceConnector<Specs extends OptionSpecs = OptionSpecs> {
  readonly options: Specs;
  /** The kind of connection that it needs, or null. */
  readonly connection: string | null;
  /** Its batches are `MessagesBatch`es. */
  readonly messages: boolean;
  /** Formats that it can read; empty when its rows need no format. */
  readonly formats: readonly string[];
  /** What a schema registry knows the schemas of its messages by, before `-key` and `-value`; null where nothing says it. */
  subject?(options: ParsedOptions<Specs>): string | null;
  /** `header`: those of any name. */
  readonly metadata: readonly (MetadataItem | 'header')[];
  /** Whether its readers never take rows back. Views keep less then, and would be wrong if one did. */
  appendOnly(options: ParsedOptions<Specs>): boolean;
  /** Checks options that depend on each other and on the world; throws SqlError. */
  validate(
    options: ParsedOptions<Specs>,
    connection: ParsedOptions<OptionSpecs> | null,
  ): Promise<readonly Notice[]>;
  /** The tables that upstream has, where it has a schema; null where columns must be declared. */
  tables(options: ParsedOptions<Specs>): Promise<readonly UpstreamTable[]> | null;
  /** The first bytes of a stream, from which column names can be had (a CSV header); null when there is no data. */
  sample(options: ParsedOptions<Specs>): Promise<Buffer | null>;
  open(options: SourceOptions<ParsedOptions<Specs>>): SourceReader;
}

/** Encoded changes, complete for all timestamps below `upTo`. */
export interface SinkBatch {
  /** Encoded records, each ended by the format; or messages, framed as engine/crates/decode/src/encode/messages.rs has them. */
  readonly bytes: Buffer;
  readonly records: number;
  /** Exclusive, as in a subscription: the progress that is recorded with the bytes. */
  readonly upTo: number;
  /**
   * False: it has some of the changes at or behind `upTo`. The others of their time follow in the next batches, and nobody
   * may see the ones without the others: progress is not recorded until a batch is whole.
   */
  readonly whole: boolean;
}

/** A sink that writes. */
export interface SinkWriter {
  /**
   * The progress of what the target holds: changes below it are written. Undefined for a target that has nothing of
   * this sink. Called before the first write, and again after a write that failed.
   */
  recover(): Promise<number | undefined>;
  /** Writes a batch with its progress, both or neither. Resolves when both are safe at the target. */
  write(batch: SinkBatch): Promise<void>;
  /** What is begun is ended, and nothing more begun until resumed. */
  pause(): void;
  resume(): void;
  /** Obeys changed values of options that are `alterable`, from now on. */
  alter(options: ParsedOptions<OptionSpecs>): void;
  health(): Health<SinkState>;
  metrics(): ConnectorMetrics;
  /** Releases everything; what is not safe at the target is not seen there. Safe to call twice. */
  close(): Promise<void>;
}

export interface SinkOptions<Options> {
  readonly options: Options;
  /** Those of the connection that it is written through; null for a connector that needs none. */
  readonly connection: ParsedOptions<OptionSpecs> | null;
  readonly format: { readonly name: string; readonly header: boolean };
  /** Column names of a record, for a format that begins with them. */
  readonly columns: readonly string[];
  /** Distinguishes this sink's progress from others' at the same target. */
  readonly identity: string;
  readonly context: ConnectorContext;
}

export interface SinkConnector<Specs extends OptionSpecs = OptionSpecs> {
  readonly options: Specs;
  /** The kind of connection that it needs, or null. */
  readonly connection: string | null;
  /** It writes messages: with keys, which may have a format of their own, headers and a choice of partition. */
  readonly messages: boolean;
  readonly formats: readonly string[];
  /** What a schema registry knows the schemas of its messages by, before `-key` and `-value`. */
  subject?(options: ParsedOptions<Specs>): string;
  readonly envelopes: readonly ('append' | 'upsert' | 'debezium')[];
  /** What the target guarantees, as documentation and SHOW say it. */
  readonly delivery: 'exactly once' | 'at least once';
  /** Checks options that depend on each other and on the world; throws SqlError. */
  validate(
    options: ParsedOptions<Specs>,
    connection: ParsedOptions<OptionSpecs> | null,
  ): Promise<readonly Notice[]>;
  open(options: SinkOptions<ParsedOptions<Specs>>): SinkWriter;
}

/** A kind of upstream or target. */
export interface Connector {
  /** As CREATE SOURCE … FROM names it, lower case. */
  readonly name: string;
  /** Other names that are understood: 'posix_fs'. */
  readonly aliases: readonly string[];
  readonly source: SourceConnector | null;
  readonly sink: SinkConnector | null;
}

/** Something that retrying cannot cure, unless it says so; its message is shown to users. */
export class ConnectorError extends Error {
  readonly sqlstate: string;
  readonly hint: string | undefined;
  /** A sink's target may take the same again later. */
  readonly retry: boolean;

  constructor(options: {
    sqlstate?: string;
    message: string;
    hint?: string;
    retry?: boolean;
    cause?: unknown;
  }) {
    super(options.message, { cause: options.cause });
    this.name = 'ConnectorError';
    this.sqlstate = options.sqlstate ?? '58000';
    this.hint = options.hint;
    this.retry = options.retry ?? false;
  }
}
