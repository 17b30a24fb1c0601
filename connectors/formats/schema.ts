/**
 * FORMAT AVRO: a schema explains the bytes. It is in a registry, where each message says which of its schemas it was written
 * with, or beside the statement.
 */
import type { Format } from '../../sql/ast/format.ts';
import type { QualifiedName } from '../../sql/ast/name.ts';
import { SqlError } from '../../sql/error.ts';
import type { SourceText } from '../../sql/parse/source-text.ts';
import { type OptionSpecs, type ParsedOptions, parseOptions } from '../options.ts';

const schemaOptions = {
  /** The schema's own text. */
  schema: { type: 'string' },
  /** A file on the server with that text. */
  schema_file: { type: 'string' },
  /** What the registry knows it by; the topic and `-value` or `-key` unless said. */
  subject: { type: 'string' },
  /** The reader's schema by its number; else the newest of the subject. */
  schema_id: { type: 'integer', min: 1 },
} as const satisfies OptionSpecs;

type SchemaOptions = ParsedOptions<typeof schemaOptions>;

/** Where a format's schema is. */
export type SchemaOrigin =
  | {
      readonly kind: 'registry';
      readonly connection: QualifiedName;
      readonly subject: string | undefined;
      readonly id: number | undefined;
    }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string };

/** Where the schema of a clause is. Throws SqlError unless it says exactly one place. */
export function schemaOrigin(format: Format, source?: SourceText): SchemaOrigin {
  const what = `FORMAT ${format.name.toUpperCase()}`;
  const connection = format.options.find(({ name }) => name === 'connection');
  const rest = format.options.filter((option) => option !== connection);
  const given: SchemaOptions = parseOptions(schemaOptions, rest, what, source);
  const refuse = (message: string, hint?: string): SqlError =>
    new SqlError({
      sqlstate: '22023',
      message,
      hint,
      position: source?.positionOfByte(format.location),
    });
  const { schema, schema_file: file, subject, schema_id: id } = given;
  if ([connection, schema, file].filter((place) => place !== undefined).length !== 1) {
    throw refuse(
      `${what} needs its schema from one place`,
      `${what} USING CONFLUENT SCHEMA REGISTRY CONNECTION c, ${what} USING SCHEMA '…' or ${what} USING SCHEMA FILE '…'.`,
    );
  }
  if (connection !== undefined) {
    if (connection.value.kind === 'word') {
      return { kind: 'registry', connection: connection.value.name, subject, id };
    }
    throw refuse(`option "connection" of ${what} needs the name of a connection`);
  }
  if (subject !== undefined || id !== undefined) {
    throw refuse(`option "${subject === undefined ? 'schema_id' : 'subject'}" of ${what} needs a registry`);
  }
  return schema === undefined ? { kind: 'file', path: file! } : { kind: 'text', text: schema };
}
