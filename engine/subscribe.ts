/** Subscriptions: how they see a relation, and what they send, to clients and to sinks. */
import type { ColumnType, OrderKey } from './plan.generated.ts';
import type { Timestamp, RowEncoding } from './index.ts';

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
