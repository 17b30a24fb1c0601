/** FORMAT AVRO of a sink: schemas made of its columns, registered before the first message. */
import { type CheckedFormat } from '../../connectors/formats/format.ts';
import type { MessagesEncoding, Payload, SubscribeOptions } from '../../engine/index.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import type { SqlType } from '../../sql/types/type.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import type { System } from '../system.ts';
import type { SinkFormats } from './sink-encoding.ts';
import { type Connections, registryClient, registryConnection, registryErrors } from './source-schema.ts';

/** Names of records that no option gives, as Materialize has them. */
const NAMES = { key: 'row', value: 'envelope' } as const;

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
    if (format?.name !== 'avro') return [];
    if (format.origin.kind === 'registry') {
      return [registryConnection(parsed, format.origin.connection, connections)];
    }
    throw new SqlError({
      sqlstate: '0A000',
      message: 'FORMAT AVRO of a sink without a schema registry is not supported',
      hint: 'FORMAT AVRO USING CONFLUENT SCHEMA REGISTRY CONNECTION c.',
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
    if (format.name !== 'avro' || format.origin.kind !== 'registry') return payload;
    const { connection, subject: written, sink, id: wanted } = format.origin;
    if (wanted !== undefined) {
      throw new SqlError({ sqlstate: '22023', message: 'SCHEMA ID is an option of sources' });
    }
    const name = what === 'key' ? sink.keyName : sink.valueName;
    const columns = payload.columns.map((index) => {
      const column = options.columns[index]!;
      return { name: column.name, type: toColumnType(column.type) };
    });
    const text = system.engine.sinkSchema({
      columns,
      envelope: what === 'key' ? 'row' : ENVELOPES[options.envelope],
      fullName: name ?? NAMES[what],
      nullDefaults: sink.nullDefaults ?? true,
    });
    // A subject that is written is the value's.
    const subject = (what === 'value' ? written : undefined) ?? `${options.subject}-${what}`;
    const client = registryClient(
      registryConnection(parsed, connection, options.connections),
      options.connections,
    );
    const id = await registryErrors(() => client.register(subject, { type: 'AVRO', text }));
    return { ...payload, format: { kind: 'avro', id, types: columns.map(({ type }) => type) } };
  };
  const value = await register({ what: 'value', format: formats.value, payload: encoding.value });
  const key = encoding.key && (await register({ what: 'key', format: formats.key!, payload: encoding.key }));
  return { ...encoding, key, value } satisfies MessagesEncoding;
}

const ENVELOPES = { diff: 'append', upsert: 'row', debezium: 'debezium' } as const;
