/**
 * FORMAT AVRO and PROTOBUF: a schema explains the bytes. It is in a registry, where each message says which of its schemas it was written
 * with, or beside the statement.
 */
import type { Format } from '../../sql/ast/format.ts';
import type { QualifiedName } from '../../sql/ast/name.ts';
import { SqlError } from '../../sql/error.ts';
import type { SourceText } from '../../sql/parse/source-text.ts';
import { type OptionSpecs, type ParsedOptions, parseOptions } from '../options.ts';

/** Formats whose bytes only a schema explains. */
export type SchemaFormat = 'avro' | 'protobuf';

export function isSchemaFormat(name: string): name is SchemaFormat {
  return name === 'avro' || name === 'protobuf';
}

const schemaOptions = {
  /** The schema's own text. */
  schema: { type: 'string' },
  /** A file on the server with that text. */
  schema_file: { type: 'string' },
  /** What the registry knows it by; the topic and `-value` or `-key` unless said. */
  subject: { type: 'string' },
  /** The reader's schema by its number; else the newest of the subject. */
  schema_id: { type: 'integer', min: 1 },
  /** Of a sink's schemas: the records' names. */
  avro_key_fullname: { type: 'string' },
  avro_value_fullname: { type: 'string' },
  /** Of a sink's schemas: whether columns that can be NULL have it as their default. */
  null_defaults: { type: 'boolean' },
} as const satisfies OptionSpecs;

/** Of FORMAT PROTOBUF. */
const messageOptions = { message: { type: 'string' } } as const satisfies OptionSpecs;

type SchemaOptions = ParsedOptions<typeof schemaOptions>;

/** What only a sink can say of its schemas. */
export interface SinkSchemaOptions {
  readonly keyName: string | undefined;
  readonly valueName: string | undefined;
  readonly nullDefaults: boolean | undefined;
}

/** Where a format's schema is. */
export type SchemaOrigin = {
  /** Which of a Protobuf schema's messages: its full name; the first unless said. */
  readonly message: string | undefined;
} & (
  | {
      readonly kind: 'registry';
      readonly connection: QualifiedName;
      readonly subject: string | undefined;
      readonly id: number | undefined;
      readonly sink: SinkSchemaOptions;
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
);

/** Where the schema of a clause is. Throws SqlError unless it says exactly one place. */
export function schemaOrigin(format: Format, source?: SourceText): SchemaOrigin {
  const what = `FORMAT ${format.name.toUpperCase()}`;
  const connection = format.options.find(({ name }) => name === 'connection');
  const rest = format.options.filter((option) => option !== connection);
  const doc = rest.find(({ name }) => name.startsWith('doc_on'));
  if (doc !== undefined) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `DOC ON of ${what} is not supported yet`,
      position: source?.positionOfByte(doc.location),
    });
  }
  const { message, ...given }: SchemaOptions & { readonly message?: string | undefined } = parseOptions(
    format.name === 'protobuf' ? { ...schemaOptions, ...messageOptions } : schemaOptions,
    rest,
    what,
    source,
  );
  const refuse = (message: string, hint?: string): SqlError =>
    new SqlError({
      sqlstate: '22023',
      message,
      hint,
      position: source?.positionOfByte(format.location),
    });
  const { schema, schema_file: file, subject, schema_id: id } = given;
  const sink: SinkSchemaOptions = {
    keyName: given.avro_key_fullname,
    valueName: given.avro_value_fullname,
    nullDefaults: given.null_defaults,
  };
  if ([connection, schema, file].filter((place) => place !== undefined).length !== 1) {
    throw refuse(
      `${what} needs its schema from one place`,
      `${what} USING CONFLUENT SCHEMA REGISTRY CONNECTION c, ${what} USING SCHEMA '…' or ${what} USING SCHEMA FILE '…'.`,
    );
  }
  if (connection !== undefined) {
    if (connection.value.kind === 'word') {
      return { kind: 'registry', message, connection: connection.value.name, subject, id, sink };
    }
    throw refuse(`option "connection" of ${what} needs the name of a connection`);
  }
  if (subject !== undefined || id !== undefined) {
    throw refuse(`option "${subject === undefined ? 'schema_id' : 'subject'}" of ${what} needs a registry`);
  }
  return schema === undefined
    ? { kind: 'file', message, path: file! }
    : { kind: 'text', message, text: schema };
}
