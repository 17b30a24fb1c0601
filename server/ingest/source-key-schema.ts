/** The schema of messages' keys: KEY FORMAT AVRO or PROTOBUF, and the same for both under an envelope with keys. */
import type { CheckedFormat } from '../../connectors/formats/format.ts';
import { type SchemaFormat, isSchemaFormat, schemaOrigin } from '../../connectors/formats/schema.ts';
import type { DecodeFormat, Engine } from '../../engine/index.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { type Connections, type FoundSchema, findSchema } from './source-schema.ts';

export interface KeySchema extends FoundSchema {
  /** The type of a key that is one column. */
  readonly whole: TypeName;
  /** The columns of a record; null for a key that is none. */
  readonly columns: readonly CatalogColumn[] | null;
}

/** Whether keys matter though no clause says what they are: in an upsert, and in changes whose columns are to be found. */
function isOfKeys({ envelope, elements, include }: CreateSource): boolean {
  if (envelope?.name !== 'debezium') return envelope?.name === 'upsert';
  return elements === undefined && !include.some(({ item }) => item === 'key');
}

/** Reads the schema of keys; null where they have none. `subject`: what a registry knows it by, unless the clause says. */
export async function findKeySchema(
  parsed: ParsedStatement,
  statement: CreateSource,
  value: CheckedFormat | null,
  subject: string | null,
  { engine, connections }: { readonly engine: Engine; readonly connections: Connections },
): Promise<KeySchema | null> {
  const written = statement.format?.key;
  const origin =
    written !== undefined && isSchemaFormat(written.name)
      ? schemaOrigin(written, parsed.source)
      : written === undefined && isOfKeys(statement) && value?.decode === null
        ? value.origin
        : null;
  // What is written beside the value's format is the value's schema.
  if (origin === null || (written === undefined && origin.kind !== 'registry')) return null;
  const own =
    written === undefined ? { ...origin, subject: undefined, id: undefined, message: undefined } : origin;
  const name = (written ?? value!).name as SchemaFormat;
  const found = await findSchema(parsed, name, own, subject, connections);
  const columns = schemaColumns(engine, found.decode);
  const [whole] = schemaColumns(engine, wholeFormat(found.decode));
  const isRecord = columns.length !== 1 || columns[0]!.name !== whole!.name;
  return { ...found, whole: whole!.type.name, columns: isRecord ? columns : null };
}

/** A schema's columns by themselves. */
export function schemaColumns(engine: Engine, format: DecodeFormat): CatalogColumn[] {
  return engine.schemaColumns(format).map(({ name, type }): CatalogColumn => {
    const { scalar, typmod, nullable } = type;
    return { name, type: { name: scalar, typmod, nullable }, defaultText: null };
  });
}

/** The same format, into one column. */
export function wholeFormat(format: DecodeFormat): DecodeFormat {
  return format.kind === 'avro' || format.kind === 'protobuf' ? { ...format, whole: true } : format;
}
