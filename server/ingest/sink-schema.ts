/** FORMAT AVRO and PROTOBUF of a sink: schemas made of its columns, registered before the first message. */
import type { CheckedFormat } from '../../connectors/formats/format.ts';
import type { SchemaFormat, SchemaOrigin } from '../../connectors/formats/schema.ts';
import type { MessagesEncoding, Payload, SubscribeOptions } from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';
import type { SinkFormats } from './sink-encoding.ts';
import { type Connections, registryClient, registryConnection, registryErrors } from './source-schema.ts';

/** Names of records that no option gives; Avro's are Materialize's. */
const NAMES = {
  avro: { key: 'row', value: 'envelope' },
  protobuf: { key: 'Key', value: 'Value' },
} as const;

interface Part {
  readonly what: 'key' | 'value';
  readonly format: CheckedFormat;
  readonly payload: Payload;
}

/** The connections to registries that formats name. Throws SqlError. */
export function sinkRegistries(
  parsed: ParsedStatement,
  formats: SinkFormats,
  connections: Connections,
): ConnectionObject[] {
  return [formats.key, formats.value].flatMap((format) => {
    if (format?.decode !== null) return [];
    if (format.origin.kind === 'registry') {
      return [registryConnection(parsed, format.origin.connection, connections)];
    }
    throw new SqlError({
      sqlstate: '0A000',
      message: `FORMAT ${format.name.toUpperCase()} of a sink without a schema registry is not supported`,
      hint: `FORMAT ${format.name.toUpperCase()} USING CONFLUENT SCHEMA REGISTRY CONNECTION c.`,
    });
  });
}

/** The encoding with the numbers of its schemas, which are registered if they are not yet. */
export async function registerSchemas(
  system: System,
  parsed: ParsedStatement,
  encoding: SubscribeOptions['encoding'],
  options: {
    readonly formats: SinkFormats;
    readonly envelope: 'diff' | 'upsert' | 'debezium';
    readonly columns: readonly { readonly name: string; readonly type: SqlType & { nullable: boolean } }[];
    /** What the registry knows schemas by, before -key and -value. */
    readonly subject: string | null;
    readonly connections: Connections;
  },
): Promise<SubscribeOptions['encoding']> {
  if (encoding.kind !== 'messages') return encoding;
  const { formats } = options;
  const register = async ({ what, format, payload }: Part): Promise<Payload> => {
    if (format.decode !== null || format.origin.kind !== 'registry') return payload;
    const { connection, subject: written, sink, id: wanted } = format.origin;
    if (wanted !== undefined) {
      throw new SqlError({ sqlstate: '22023', message: 'SCHEMA ID is an option of sources' });
    }
    const language = format.name;
    const name = sinkName(what, language, format.origin);
    const columns = payload.columns.map((index) => {
      const column = options.columns[index]!;
      return { name: column.name, type: toColumnType(column.type) };
    });
    const text = system.engine.sinkSchema({
      language,
      columns,
      envelope: what === 'key' ? 'row' : ENVELOPES[options.envelope],
      fullName: name ?? NAMES[language][what],
      nullDefaults: sink.nullDefaults ?? true,
    });
    // A subject that is written is the value's.
    const subject = (what === 'value' ? written : undefined) ?? `${options.subject}-${what}`;
    const client = registryClient(
      registryConnection(parsed, connection, options.connections),
      options.connections,
    );
    const id = await registryErrors(() =>
      client.register(subject, { type: language === 'avro' ? 'AVRO' : 'PROTOBUF', text }),
    );
    return { ...payload, format: { kind: language, id, types: columns.map(({ type }) => type) } };
  };
  const value = await register({ what: 'value', format: formats.value, payload: encoding.value });
  const key = encoding.key && (await register({ what: 'key', format: formats.key!, payload: encoding.key }));
  return { ...encoding, key, value } satisfies MessagesEncoding;
}

/** The name that options give a record: of Avro for keys and values, of Protobuf (MESSAGE) for values. */
function sinkName(
  what: 'key' | 'value',
  language: SchemaFormat,
  { sink, message }: SchemaOrigin & { readonly kind: 'registry' },
): string | undefined {
  if (language === 'avro') return what === 'key' ? sink.keyName : sink.valueName;
  if (Object.values(sink).some((option) => option !== undefined)) {
    throw new SqlError({
      sqlstate: '22023',
      message: 'AVRO KEY FULLNAME, AVRO VALUE FULLNAME and NULL DEFAULTS are options of FORMAT AVRO',
    });
  }
  return what === 'value' ? message : undefined;
}

const ENVELOPES = { diff: 'append', upsert: 'row', debezium: 'debezium' } as const;
