/** What the engine makes rows of: bytes and messages, in formats and envelopes. */
import type { ColumnType } from './plan.generated.ts';
import type { ArrangementId, Transaction } from './index.ts';

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
      readonly default?: DefaultMarker;
    }
  | {
      readonly kind: 'copyText';
      readonly delimiter: string;
      readonly nullText: string;
      readonly header: boolean;
      readonly headerMatch?: boolean;
      readonly default?: DefaultMarker;
    };

/**
 * COPY's DEFAULT: fields with this text are their columns' defaults, which only these fields have. Behind the fields of a row
 * stands for each, as a bool, whether it is.
 */
export interface DefaultMarker {
  readonly text: string;
  readonly fields: readonly number[];
}

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
  /** The column whose value is none of its type. */
  readonly column?: string;
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
  /** With `skipUnreadable`: records that were left out. */
  readonly skipped: number;
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
