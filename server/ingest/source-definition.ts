/** What a CREATE SOURCE statement means: connector, options, format and relations, all checked. */
import type { MetadataItem, SourceConnector } from '../../connectors/contract.ts';
import { type CheckedFormat, type ReadFormat, checkFormat } from '../../connectors/formats/format.ts';
import { generatorKind } from '../../connectors/generator/source.ts';
import type { OptionSpecs, ParsedOptions } from '../../connectors/options.ts';
import { parseOptions } from '../../connectors/options.ts';
import { findConnector } from '../../connectors/registry.ts';
import type {
  DecodeFormat,
  Engine,
  GeneratorKind,
  MessageColumn,
  MessageEnvelope,
} from '../../engine/index.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { BindEnvironment } from '../../sql/bind/bind.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import { type KeyedSource, isKeyed, keyedSource, withoutKeyOfMetadata } from './source-envelope.ts';
import { findKeySchema } from './source-key-schema.ts';
import { type Connections, type FoundSchema, findSchema } from './source-schema.ts';
import { translateFormat, translateWith } from './with-options.ts';
import { unsupported } from './source-refusal.ts';
import { declaredColumns } from './source-columns.ts';
import { keyFormat, messageColumn, metadataOf } from './source-metadata.ts';
import { type DefinedTable, tablesOfUpstream } from './source-tables.ts';

export interface SourceDefinition {
  /** As the catalog names it. */
  readonly connectorName: string;
  readonly connector: SourceConnector;
  readonly options: ParsedOptions<OptionSpecs>;
  readonly format: ReadFormat | null;
  readonly input:
    | {
        kind: 'records';
        format: DecodeFormat;
        messages: readonly MessageColumn[] | null;
        envelope: MessageEnvelope | null;
        /** Where schemas of messages are. */
        registry: FoundSchema['registry'];
      }
    | { kind: 'generator'; generator: GeneratorKind };
  /** What the connector gives of each record. */
  readonly metadata: readonly MetadataItem[];
  /** Several relations beside the source's own. */
  readonly several: boolean;
  readonly tables: readonly DefinedTable[];
  /** How many tables the connector numbers. */
  readonly tableCount: number;
  readonly onError: 'fail' | 'skip';
}

/** Checks everything but names in the catalog and the world outside. Throws SqlError. */
export async function defineSource(
  parsed: ParsedStatement,
  written: CreateSource,
  environment: BindEnvironment,
  connection: ConnectionObject | null,
  { engine, connections }: { readonly engine: Engine; readonly connections: Connections },
): Promise<SourceDefinition> {
  const statement = withoutKeyOfMetadata(written);
  const clause = statement.connector;
  const found = findConnector(clause, parsed.source.positionOfByte(clause.location));
  refuseUnsupported(parsed, statement);
  const what = `connector ${found.name.toUpperCase()}`;
  const connector = found.source;
  if (connector === null) throw unsupported(parsed, `${what} as a source`, clause.location);
  if (isKeyed(statement) && !connector.messages) {
    const name = `ENVELOPE ${statement.envelope!.name.toUpperCase()} for ${what}`;
    throw unsupported(parsed, name, statement.envelope!.location);
  }
  const translated = statement.connectorInWith
    ? translateWith(found.name, statement.options)
    : { options: statement.options, table: null };
  checkConnection(parsed, statement, connector, connection, what);
  const options = parseOptions(connector.options, translated.options, what, parsed.source);
  const value = statement.connectorInWith
    ? translateFormat(statement.format?.value)
    : statement.format?.value;
  const checked = checkFormat(value, connector.formats, found.name, parsed.source);
  const schema =
    checked?.decode === null
      ? await findSchema(
          parsed,
          checked.name,
          checked.origin,
          withSuffix(connector.subject?.(options) ?? null, '-value'),
          connections,
        )
      : null;
  const format = ofEvents(withSchema(checked, schema), statement);
  const keySchema = await findKeySchema(
    parsed,
    statement,
    checked,
    withSuffix(connector.subject?.(options) ?? null, '-key'),
    { engine, connections },
  );
  const key = keySchema?.whole ?? keyFormat(parsed, statement, connector, what);
  const metadata = metadataOf(parsed, statement, connector, key, what);
  const upstream = await connector.tables(options);
  const common = {
    connectorName: found.name,
    connector,
    options,
    format,
    metadata: metadata.map(({ item }) => item),
    onError: statement.onError?.policy === 'fail' ? ('fail' as const) : ('skip' as const),
  };
  if (upstream !== null) {
    return {
      ...common,
      ...tablesOfUpstream(parsed, statement, upstream, translated.table, what),
      input: { kind: 'generator', generator: generatorKind(found.name.split(' ').at(-1)!, options) },
      tableCount: upstream.length,
    };
  }
  if (statement.tables) {
    throw new SqlError({
      sqlstate: '22023',
      message: `${what} has one table`,
      hint: 'Leave out FOR TABLES.',
      position: parsed.source.positionOfByte(statement.tables.location),
    });
  }
  if (format === null) throw new Error('a connector without tables has formats');
  const declared = await declaredColumns(
    parsed,
    statement,
    environment,
    connector,
    options,
    format,
    engine,
    keySchema,
  );
  // Of a change's key the schema says only which columns are it.
  const keyNames = statement.envelope?.name === 'debezium' && statement.format?.key === undefined;
  const keyed = isKeyed(statement)
    ? keyedSource(parsed, statement, declared, metadata, format, key, keyNames ? null : keySchema)
    : null;
  const registry = oneRegistry(schema?.registry ?? null, keySchema?.registry ?? null);
  if (keyed !== null) return { ...common, ...keyedParts(keyed, declared.format, registry) };
  if (statement.asTable && declared.primaryKey !== null) {
    // There a later row would replace an earlier one of its key.
    throw unsupported(
      parsed,
      'CREATE TABLE with a connector and a PRIMARY KEY for rows without an envelope',
      statement.connector.location,
      'Use FORMAT UPSERT, or CREATE SOURCE, which refuses a key that comes twice.',
    );
  }
  const columns = [...declared.fields, ...metadata.map(({ column }) => column)];
  refuseRepeatedNames(columns);
  return {
    ...common,
    input: {
      kind: 'records',
      format: declared.format,
      messages: connector.messages ? metadata.map((each) => messageColumn(each, keySchema)) : null,
      envelope: null,
      registry,
    },
    several: false,
    tables: [
      {
        number: 0,
        name: null,
        fields: declared.fields,
        columns,
        primaryKey: declared.primaryKey,
        checked: declared.primaryKey !== null,
      },
    ],
    tableCount: 1,
  };
}

/** What a definition says of a source whose rows have keys. */
function keyedParts(
  { columns, fields, primaryKey, items, envelope }: KeyedSource,
  format: DecodeFormat,
  registry: FoundSchema['registry'],
): Pick<SourceDefinition, 'input' | 'metadata' | 'several' | 'tables' | 'tableCount'> {
  refuseRepeatedNames(columns);
  const messages = items.map((each) => messageColumn(each, null));
  return {
    input: { kind: 'records', format, messages, envelope, registry },
    metadata: ['key', ...items.map(({ item }) => item)],
    several: false,
    tables: [{ number: 0, name: null, fields, columns, primaryKey, checked: true }],
    tableCount: 1,
  };
}

/** Schemas of keys and of values are asked for at one place. */
function oneRegistry(value: FoundSchema['registry'], key: FoundSchema['registry']): FoundSchema['registry'] {
  if (value !== null && key !== null && value.connection !== key.connection) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'a key and a value of schemas in different registries are not supported',
    });
  }
  return value ?? key;
}

function withSuffix(subject: string | null, suffix: string): string | null {
  return subject === null ? null : subject + suffix;
}

/** A format with the schema that was found for it. */
function withSchema(format: CheckedFormat | null, schema: FoundSchema | null): ReadFormat | null {
  if (format?.decode !== null) return format;
  if (schema === null) throw new Error(`FORMAT ${format.name.toUpperCase()} has a schema`);
  return { name: format.name, decode: schema.decode, csv: null };
}

/** A format whose messages are Debezium's events: a schema is the event's, and columns are those of its rows. */
function ofEvents(format: ReadFormat | null, { envelope }: CreateSource): ReadFormat | null {
  if (format?.decode.kind !== 'avro' || envelope?.name !== 'debezium') return format;
  return { ...format, decode: { ...format.decode, event: true } };
}

/** Clauses that parse and that nothing obeys yet. */
function refuseUnsupported(parsed: ParsedStatement, statement: CreateSource): void {
  const { onError, exposeProgress, tables } = statement;
  if (onError?.policy === 'inline' && !isKeyed(statement)) {
    throw unsupported(parsed, 'ON ERROR INLINE without ENVELOPE UPSERT', onError.location);
  }
  if (exposeProgress) throw unsupported(parsed, 'EXPOSE PROGRESS', exposeProgress.location);
  if (tables?.kind === 'schemas') throw unsupported(parsed, 'FOR SCHEMAS', tables.location);
  const option = statement.with[0];
  if (option) {
    throw new SqlError({
      sqlstate: '22023',
      message: `unknown option "${option.name}" of CREATE SOURCE`,
      hint: 'Options of the connector stand in parentheses behind its name.',
      position: parsed.source.positionOfByte(option.location),
    });
  }
}

/** A connector that needs a connection has one of its kind, and no other has one. */
function checkConnection(
  parsed: ParsedStatement,
  statement: CreateSource,
  connector: SourceConnector,
  connection: ConnectionObject | null,
  what: string,
): void {
  if (connector.connection === null) {
    if (connection === null) return;
    throw new SqlError({
      sqlstate: '22023',
      message: `${what} takes no CONNECTION`,
      position: parsed.source.positionOfByte(statement.connection!.location),
    });
  }
  const kind = connector.connection.toUpperCase();
  if (connection === null) {
    throw new SqlError({
      sqlstate: '22023',
      message: `${what} needs a CONNECTION`,
      hint: `CREATE CONNECTION c TO ${kind} (…), then FROM ${kind} CONNECTION c (…).`,
      position: parsed.source.positionOfByte(statement.connector.location),
    });
  }
  if (connection.connector === connector.connection) return;
  throw new SqlError({
    sqlstate: '42809',
    message: `connection "${connection.name}" is not one to ${kind}`,
    position: parsed.source.positionOfByte(statement.connection!.location),
  });
}

function refuseRepeatedNames(columns: readonly CatalogColumn[]): void {
  const repeated = columns.find((column, index) =>
    columns.slice(0, index).some((other) => other.name === column.name),
  );
  if (repeated) {
    throw new SqlError({
      sqlstate: '42701',
      message: `column "${repeated.name}" specified more than once`,
    });
  }
}
