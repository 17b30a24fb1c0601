/** The schema of FORMAT AVRO and PROTOBUF: read when the source is made, and those of messages while it runs. */
import { readFile } from 'node:fs/promises';
import { ConnectorError } from '../../connectors/contract.ts';
import {
  type RegisteredSchema,
  type RegistryConnectionOptions,
  SchemaRegistry,
} from '../../connectors/confluent/client.ts';
import { REGISTRY } from '../../connectors/confluent/connection.ts';
import { writtenSchema } from '../../connectors/confluent/schema.ts';
import type { SchemaFormat, SchemaOrigin } from '../../connectors/formats/schema.ts';
import type { DecodeFormat, WrittenSchema } from '../../engine/index.ts';
import type { QualifiedName } from '../../sql/ast/name.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { ConnectionObject } from '../catalog/objects.ts';

/** Finds connections, and their options as they are at the time. */
export interface Connections {
  find(name: QualifiedName): ConnectionObject;
  options(id: ObjectId): ConnectionObject['options'];
}

/** A format's schema as it was found. */
export interface FoundSchema {
  readonly decode: DecodeFormat;
  /** Where the schemas of messages are, and the connection to it; null where all have the one. */
  readonly registry: { readonly connection: ObjectId; readonly client: SchemaRegistry } | null;
}

/** Reads the schema that a format names. `subject`: what a registry knows it by, unless the clause says. */
export async function findSchema(
  parsed: ParsedStatement,
  format: SchemaFormat,
  origin: SchemaOrigin,
  subject: string | null,
  connections: Connections,
): Promise<FoundSchema> {
  if (origin.kind !== 'registry') {
    const text = origin.kind === 'text' ? origin.text : await fileText(format, origin.path);
    const schema = { text, references: [] };
    return { decode: decodeFormat(format, origin.message, schema, false), registry: null };
  }
  if (Object.values(origin.sink).some((value) => value !== undefined)) {
    throw new SqlError({
      sqlstate: '22023',
      message: `AVRO KEY FULLNAME, AVRO VALUE FULLNAME and NULL DEFAULTS are options of sinks`,
    });
  }
  const connection = registryConnection(parsed, origin.connection, connections);
  const client = registryClient(connection, connections);
  return registryErrors(async () => {
    const found = await readersSchema(client, origin, subject);
    if (found.type.toLowerCase() !== format) {
      throw new SqlError({
        sqlstate: '42809',
        message: `the schema in the registry is ${found.type}, not ${format.toUpperCase()}`,
      });
    }
    const schema = await writtenSchema(client, found);
    return {
      decode: decodeFormat(format, origin.message, schema, true),
      registry: { connection: connection.id, client },
    };
  });
}

/** The connection of a format to a registry. */
export function registryConnection(
  parsed: ParsedStatement,
  name: QualifiedName,
  connections: Connections,
): ConnectionObject {
  const connection = connections.find(name);
  if (connection.connector === REGISTRY) return connection;
  throw new SqlError({
    sqlstate: '42809',
    message: `connection "${connection.name}" is not one to ${REGISTRY.toUpperCase()}`,
    position: parsed.source.positionOfByte(name.location),
  });
}

/** The registry of a connection, as the connection is at the time. */
export function registryClient({ id }: ConnectionObject, connections: Connections): SchemaRegistry {
  return new SchemaRegistry(() => connections.options(id) as unknown as RegistryConnectionOptions);
}

/** What a registry refuses is the statement's error. */
export async function registryErrors<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    const { sqlstate, message, hint } = error;
    throw new SqlError({ sqlstate, message, hint });
  }
}

function readersSchema(
  client: SchemaRegistry,
  { id, subject: written }: { id: number | undefined; subject: string | undefined },
  known: string | null,
): Promise<RegisteredSchema> {
  if (id !== undefined) return client.byId(id);
  const subject = written ?? known;
  if (subject !== null) return client.bySubject(subject);
  throw new SqlError({
    sqlstate: '22023',
    message: 'the subject of the schema is not known',
    hint: "Name it: USING CONFLUENT SCHEMA REGISTRY CONNECTION c (SUBJECT '…').",
  });
}

function decodeFormat(
  kind: SchemaFormat,
  message: string | undefined,
  schema: WrittenSchema,
  framed: boolean,
): DecodeFormat {
  return kind === 'avro' ? { kind, schema, framed } : { kind, message: message ?? null, schema, framed };
}

/** A file's text; a compiled set of descriptors as PostgreSQL writes bytes. */
async function fileText(format: SchemaFormat, path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    const compiled = format === 'protobuf' && !path.endsWith('.proto');
    return compiled ? `\\x${bytes.toString('hex')}` : bytes.toString('utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SqlError({
      sqlstate: code === 'ENOENT' ? '58P01' : '58030',
      message: `could not read the schema file "${path}": ${message.replace(/, open .*$/, '')}`,
    });
  }
}
