import type { Identifier, QualifiedName } from './name.ts';
import type { Option } from './options.ts';

/** An encoding by name with its options: `CSV (HEADER)`. */
export interface Format {
  /** Folded: json, csv, avro, protobuf, text, bytes, parquet, none. */
  name: string;
  options: Option[];
  location: number;
}

/** FORMAT, or KEY FORMAT … VALUE FORMAT …. */
export interface FormatClause {
  key?: Format;
  value: Format;
}

/** ENVELOPE and its options. */
export interface Envelope {
  /** none, upsert, debezium, append. */
  name: string;
  options: Option[];
  location: number;
}

/** One item of INCLUDE: metadata of a record that becomes a column. */
export interface IncludeItem {
  item: 'key' | 'topic' | 'partition' | 'offset' | 'timestamp' | 'headers' | 'header' | 'path' | 'line';
  /** The header's name, for `header`. */
  header?: string;
  /** `header`: its bytes, not its text. */
  bytes?: boolean;
  alias?: Identifier;
  location: number;
}

/** ON ERROR: what becomes of a record that does not decode. */
export interface OnError {
  policy: 'fail' | 'inline' | 'skip';
  /** SKIP INTO relation. */
  into?: QualifiedName;
  location: number;
}
