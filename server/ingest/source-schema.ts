/** The schema of FORMAT AVRO: read when the source is made, and those of messages while it runs. */
import { readFile } from 'node:fs/promises';
import { ConnectorError } from '../../connectors/contract.ts';
import {
  type RegisteredSchema,
  type RegistryConnectionOptions,
  SchemaRegistry,
} from '../../connectors/confluent/client.ts';
import { REGISTRY } from '../../connectors/confluent/connection.ts';
import { writtenSchema } from '../../connectors/confluent/schema.ts';
import type { SchemaOrigin } from '../../connectors/formats/schema.ts';
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
  format: 'avro',
  origin: SchemaOrigin,
  subject: string | null,
  connections: Connections,
): Promise<FoundSchema> {
  if (origin.kind !== 'registry') {
    const text = origin.kind === 'text' ? origin.text : await fileText(origin.path);
    return { decode: decodeFormat(format, { text, references: [] }, false), registry: null };
  }
  const connection = connections.find(origin.connection);
  if (connection.connector !== REGISTRY) {
    throw new SqlError({
      sqlstate: '42809',
      message: `connection "${connection.name}" is not one to ${REGISTRY.toUpperCase()}`,
      position: parsed.source.positionOfByte(origin.connection.location),
    });
  }
  const client = new SchemaRegistry(
    () => connections.options(connection.id) as unknown as RegistryConnectionOptions,
  );
  try {
    const found = await readersSchema(client, origin, subject);
    if (found.type.toLowerCase() !== format) {
      throw new SqlError({
        sqlstate: '42809',
        message: `the schema in the registry is ${found.type}, not ${format.toUpperCase()}`,
      });
    }
    const schema = await writtenSchema(client, found);
    return { decode: decodeFormat(format, schema, true), registry: { connection: connection.id, client } };
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

function decodeFormat(kind: 'avro', schema: WrittenSchema, framed: boolean): DecodeFormat {
  return { kind, schema, framed };
}

async function fileText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SqlError({
      sqlstate: code === 'ENOENT' ? '58P01' : '58030',
      message: `could not read the schema file "${path}": ${message.replace(/, open .*$/, '')}`,
    });
  }
}
