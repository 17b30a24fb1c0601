/** What a CREATE SOURCE statement means: connector, options, format and relations, all checked. */
import {
  PLACES,
  type MetadataItem,
  type SourceConnector,
  type UpstreamTable,
} from '../../connectors/contract.ts';
import { type CheckedFormat, type ReadFormat, checkFormat } from '../../connectors/formats/format.ts';
import { headerNames } from '../../connectors/formats/csv.ts';
import { parseJsonPath } from '../../connectors/formats/json-path.ts';
import { isSchemaFormat } from '../../connectors/formats/schema.ts';
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
import { bindColumnDefinitions } from '../../sql/bind/bind.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import type { QualifiedName } from '../../sql/ast/name.ts';
import {
  type IncludedColumn,
  type KeyedSource,
  isKeyed,
  keyIsInKey,
  keyedSource,
  withoutKeyOfMetadata,
} from './source-envelope.ts';
import { type KeySchema, findKeySchema, schemaColumns, wholeFormat } from './source-key-schema.ts';
import { type Connections, type FoundSchema, findSchema } from './source-schema.ts';
import { optionText, translateFormat, translateWith } from './with-options.ts';

/** One relation of a source. */
export interface DefinedTable {
  /** The connector's number of the table. */
  readonly number: number;
  /** Its own name; null for the source's. */
  readonly name: QualifiedName | string | null;
  /** Columns that records give; of keyed messages, their values. */
  readonly fields: readonly CatalogColumn[];
  /** The fields, and metadata columns behind them; of keyed messages, as the envelope places them. */
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey: readonly number[] | null;
  /** The key is checked at each commit; upstream does not guarantee it. */
  readonly checked: boolean;
}

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

function unsupported(parsed: ParsedStatement, what: string, location: number, hint?: string): SqlError {
  return new SqlError({
    sqlstate: '0A000',
    message: `${what} is not supported yet`,
    hint,
    position: parsed.source.positionOfByte(location),
  });
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

/** The type of a key by its format. */
const KEY_TYPES: Readonly<Record<string, TypeName>> = { bytes: 'bytea', text: 'text', json: 'jsonb' };

/** The key's type: as KEY FORMAT says, or its bytes. */
function keyFormat(
  parsed: ParsedStatement,
  statement: CreateSource,
  connector: SourceConnector,
  what: string,
): TypeName {
  const key = statement.format?.key;
  if (key === undefined) return 'bytea';
  if (!connector.metadata.includes('key')) {
    throw unsupported(parsed, `KEY FORMAT for ${what}`, key.location);
  }
  parseOptions({}, key.options, `KEY FORMAT ${key.name.toUpperCase()}`, parsed.source);
  const type = KEY_TYPES[key.name];
  if (type !== undefined) return type;
  const known = Object.keys(KEY_TYPES).map((name) => name.toUpperCase());
  throw unsupported(
    parsed,
    `KEY FORMAT ${key.name.toUpperCase()}`,
    key.location,
    `Formats of keys are: ${known.join(', ')}.`,
  );
}

/** The type that a connector's metadata has as a column; messages have their own. */
function metadataType(item: MetadataItem, connector: SourceConnector, key: TypeName): CatalogColumn['type'] {
  const of = (name: TypeName, nullable = false): CatalogColumn['type'] => ({ name, typmod: -1, nullable });
  if (!connector.messages) return of(PLACES.includes(item) ? 'int8' : 'text');
  switch (item) {
    case 'key':
      return of(key, true);
    case 'partition':
      return of('int4');
    case 'topic':
      return of('text');
    case 'timestamp':
      return of('timestamptz');
    case 'headers':
      return of('jsonb');
    default:
      return of('int8');
  }
}

/** Metadata of messages in the decoder's terms. */
function messageColumn({ item, column }: IncludedColumn, key: KeySchema | null): MessageColumn {
  switch (item) {
    case 'key': {
      const type = toColumnType(column.type);
      return key === null ? { kind: 'key', type } : { kind: 'key', type, format: wholeFormat(key.decode) };
    }
    case 'topic':
    case 'partition':
    case 'offset':
    case 'timestamp':
    case 'headers':
      return { kind: item };
    default:
      if (item.startsWith('header ')) {
        return { kind: 'header', name: item.slice('header '.length), type: toColumnType(column.type) };
      }
      throw new Error(`messages have no ${item}`);
  }
}

function metadataOf(
  parsed: ParsedStatement,
  statement: CreateSource,
  connector: SourceConnector,
  key: TypeName,
  what: string,
): IncludedColumn[] {
  return statement.include.map((include) => {
    const item = connector.metadata.find((candidate) => candidate === include.item);
    if (item === undefined) {
      const name = `INCLUDE ${include.item.toUpperCase()} for ${what}`;
      const known = connector.metadata.map((other) => other.toUpperCase());
      const hint = known.length > 0 ? `It can include ${known.join(', ')}.` : undefined;
      throw unsupported(parsed, name, include.location, hint);
    }
    if (item === 'header') {
      const name = include.header ?? '';
      const type = {
        name: include.bytes ? ('bytea' as const) : ('text' as const),
        typmod: -1,
        nullable: true,
      };
      return {
        item: `header ${name}`,
        column: { name: include.alias?.name ?? name, type, defaultText: null },
      };
    }
    const type = metadataType(item, connector, key);
    return { item, column: { name: include.alias?.name ?? item, type, defaultText: null } };
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

interface DeclaredColumns {
  readonly fields: readonly CatalogColumn[];
  readonly primaryKey: readonly number[] | null;
  readonly format: DecodeFormat;
}

/** The columns as written, or as the format has them: CSV's header, a JSON record as a whole. */
async function declaredColumns(
  parsed: ParsedStatement,
  statement: CreateSource,
  environment: BindEnvironment,
  connector: SourceConnector,
  options: ParsedOptions<OptionSpecs>,
  format: ReadFormat,
  engine: Engine,
  key: KeySchema | null,
): Promise<DeclaredColumns> {
  if (statement.elements !== undefined) {
    const name = statement.name.parts.at(-1) ?? '';
    const { columns, primaryKey } = bindColumnDefinitions(name, statement.elements, environment);
    const defaulted = columns.find((column) => column.defaultText !== null);
    if (defaulted) {
      throw unsupported(
        parsed,
        `DEFAULT for column "${defaulted.name}" of a source`,
        statement.name.location,
      );
    }
    // A key that is declared comes from the message's key.
    const inKey = keyIsInKey(statement) ? (primaryKey?.columns ?? []) : [];
    const fields = columns.filter((_, index) => !inKey.includes(index));
    refuseFields(parsed, statement, connector, format, fields);
    if (isSchemaFormat(format.name)) {
      engine.checkColumns(
        format.decode,
        fields.map(({ name, type }) => ({ name, type: toColumnType(type) })),
      );
    }
    if (key !== null && inKey.length > 0) {
      engine.checkColumns(
        key.decode,
        inKey.map((index) => ({ name: columns[index]!.name, type: toColumnType(columns[index]!.type) })),
      );
    }
    const decode = withPaths(parsed, statement, format, fields, columns);
    return { fields: columns, primaryKey: primaryKey?.columns ?? null, format: decode };
  }
  if (format.name === 'json') {
    // A message may have no value.
    const type = { name: 'jsonb' as const, typmod: -1, nullable: connector.messages };
    const fields = [{ name: 'data', type, defaultText: null }];
    return { fields, primaryKey: null, format: { kind: 'json', wholeRecord: true } };
  }
  if (isSchemaFormat(format.name)) {
    const fields = schemaColumns(engine, format.decode);
    if (!isKeyed(statement) || key?.columns == null || statement.include.some(({ item }) => item === 'key')) {
      return { fields, primaryKey: null, format: format.decode };
    }
    if (statement.envelope?.name === 'debezium')
      return withKey(parsed, statement, fields, key.columns, format);
    // The key's own fields are its columns; where the value has them too, the key's count.
    const own = key.columns.map((column) => ({ ...column, type: { ...column.type, nullable: false } }));
    const rest = fields.filter(({ name }) => !own.some((column) => column.name === name));
    return { fields: [...own, ...rest], primaryKey: own.map((_, index) => index), format: format.decode };
  }
  if (format.csv === null) {
    const name = format.name === 'text' ? ('text' as const) : ('bytea' as const);
    const fields = [{ name: 'data', type: { name, typmod: -1, nullable: true }, defaultText: null }];
    return { fields, primaryKey: null, format: format.decode };
  }
  const sample = format.csv.header ? await connector.sample(options) : null;
  const names = sample && headerNames(sample, format.csv);
  if (names === null) {
    throw new SqlError({
      sqlstate: '42601',
      message: `the columns of source "${statement.name.parts.at(-1)}" are not known`,
      hint: format.csv.header
        ? 'There is no data with a header yet; write a list of columns behind the name.'
        : 'Write a list of columns behind the name, or FORMAT CSV (HEADER) to take their names from the data.',
      position: parsed.source.positionOfByte(statement.name.location),
    });
  }
  const type = { name: 'text' as const, typmod: -1, nullable: true };
  const fields = names.map((name): CatalogColumn => ({ name, type, defaultText: null }));
  return { fields, primaryKey: null, format: format.decode };
}

/** The columns of changes by their schema, with those that are the key by the schema of keys. */
function withKey(
  parsed: ParsedStatement,
  statement: CreateSource,
  fields: readonly CatalogColumn[],
  key: readonly CatalogColumn[],
  format: ReadFormat,
): DeclaredColumns {
  const missing = key.find(({ name }) => !fields.some((column) => column.name === name));
  if (missing !== undefined) {
    throw new SqlError({
      sqlstate: '42703',
      message: `the rows of source "${statement.name.parts.at(-1)}" have no column "${missing.name}", which is part of their key`,
      hint: 'Write the columns behind the name, with a PRIMARY KEY.',
      position: parsed.source.positionOfByte(statement.name.location),
    });
  }
  const isKey = (column: CatalogColumn): boolean => key.some(({ name }) => name === column.name);
  const columns = fields.map((column) =>
    isKey(column) ? { ...column, type: { ...column.type, nullable: false } } : column,
  );
  const primaryKey = key.map(({ name }) => columns.findIndex((column) => column.name === name));
  return { fields: columns, primaryKey, format: format.decode };
}

/** The format with the paths of columns; `fields` are those of a record. */
function withPaths(
  parsed: ParsedStatement,
  statement: CreateSource,
  format: ReadFormat,
  fields: readonly CatalogColumn[],
  columns: readonly CatalogColumn[],
): DecodeFormat {
  const declared = (statement.elements ?? []).filter((element) => element.kind === 'column');
  const first = declared.find(({ path }) => path !== undefined)?.path;
  if (first === undefined) return format.decode;
  const { decode } = format;
  if (decode.kind !== 'json') {
    const what = `FORMAT ${format.name.toUpperCase()}`;
    throw unsupported(parsed, `PATH with ${what}`, first.location, 'It is for FORMAT JSON.');
  }
  const paths = new Map(
    declared.flatMap(({ node, path }) => {
      if (path === undefined) return [];
      const position = parsed.source.positionOfByte(path.location);
      return [[node.colname, parseJsonPath(path.text, position)] as const];
    }),
  );
  const inKey = columns.find((column) => !fields.includes(column) && paths.has(column.name));
  if (inKey !== undefined) {
    throw unsupported(parsed, `PATH for column "${inKey.name}" of a message's key`, first.location);
  }
  return { ...decode, paths: fields.map(({ name }) => paths.get(name) ?? null) };
}

/** What a format's fields cannot be. */
function refuseFields(
  parsed: ParsedStatement,
  statement: CreateSource,
  connector: SourceConnector,
  format: ReadFormat,
  columns: readonly CatalogColumn[],
): void {
  const position = parsed.source.positionOfByte(statement.name.location);
  if (connector.messages && format.csv?.header) {
    throw new SqlError({
      sqlstate: '22023',
      message: 'FORMAT CSV (HEADER) needs records that follow a header',
      hint: 'Each message is one record: leave HEADER out and write a list of columns.',
      position,
    });
  }
  if (format.name !== 'text' && format.name !== 'bytes') return;
  const name = format.name.toUpperCase();
  if (columns.length !== 1) {
    throw new SqlError({ sqlstate: '22023', message: `FORMAT ${name} gives one column`, position });
  }
  if (format.name === 'bytes' && columns[0]!.type.name !== 'bytea') {
    throw new SqlError({
      sqlstate: '22023',
      message: `FORMAT BYTES gives a bytea, and column "${columns[0]!.name}" is none`,
      position,
    });
  }
}

/** The relations of a connector that has a schema itself. */
function tablesOfUpstream(
  parsed: ParsedStatement,
  statement: CreateSource,
  upstream: readonly UpstreamTable[],
  chosen: { readonly value: Parameters<typeof optionText>[0]; readonly valueLocation: number } | null,
  what: string,
): Pick<SourceDefinition, 'several' | 'tables'> {
  const { elements, tables } = statement;
  if (upstream.length === 1 || chosen !== null) {
    const number =
      chosen === null ? 0 : tableNumber(parsed, upstream, optionText(chosen.value), chosen, what);
    if (tables) {
      throw new SqlError({
        sqlstate: '22023',
        message: `${what} has one table`,
        hint: 'Leave out FOR TABLES.',
        position: parsed.source.positionOfByte(tables.location),
      });
    }
    // Another system's statement lists the columns all the same.
    if (elements !== undefined && !statement.connectorInWith) throw refuseElements(parsed, statement, what);
    return { several: false, tables: [definedTable(upstream[number]!, number, null)] };
  }
  if (elements !== undefined) throw refuseElements(parsed, statement, what);
  if (tables?.kind === 'all') {
    return {
      several: true,
      tables: upstream.map((table, number) => definedTable(table, number, table.name)),
    };
  }
  if (tables?.kind === 'tables') {
    const defined = tables.tables.map(({ name, alias }) => {
      const wanted = name.parts.at(-1) ?? '';
      const number = tableNumber(parsed, upstream, wanted, { valueLocation: name.location }, what);
      return definedTable(upstream[number]!, number, alias ?? name);
    });
    const numbers = defined.map(({ number }) => number);
    if (new Set(numbers).size < numbers.length) {
      throw new SqlError({
        sqlstate: '42712',
        message: 'a table is named more than once',
        position: parsed.source.positionOfByte(tables.location),
      });
    }
    return { several: true, tables: defined };
  }
  throw new SqlError({
    sqlstate: '22023',
    message: `${what} has several tables: ${upstream.map(({ name }) => name).join(', ')}`,
    hint: 'Add FOR ALL TABLES, or FOR TABLES (name, …).',
  });
}

function refuseElements(parsed: ParsedStatement, statement: CreateSource, what: string): SqlError {
  return new SqlError({
    sqlstate: '22023',
    message: `${what} has its own columns`,
    hint: 'Leave out the list of columns.',
    position: parsed.source.positionOfByte(statement.name.location),
  });
}

function tableNumber(
  parsed: ParsedStatement,
  upstream: readonly UpstreamTable[],
  wanted: string,
  at: { readonly valueLocation: number },
  what: string,
): number {
  const number = upstream.findIndex(({ name }) => name === wanted.toLowerCase());
  if (number >= 0) return number;
  const names = upstream.map(({ name }) => name);
  const near = nearestName(wanted, names);
  throw new SqlError({
    sqlstate: '42P01',
    message: `${what} has no table "${wanted}"`,
    hint: near === undefined ? `It has ${names.join(', ')}.` : `Perhaps you meant "${near}".`,
    position: parsed.source.positionOfByte(at.valueLocation),
  });
}

function definedTable(table: UpstreamTable, number: number, name: DefinedTable['name']): DefinedTable {
  const columns = table.columns.map((column): CatalogColumn => ({
    name: column.name,
    type: { name: column.type as TypeName, typmod: -1, nullable: column.nullable },
    defaultText: null,
  }));
  const key = table.primaryKey.map((wanted) => columns.findIndex((column) => column.name === wanted));
  return {
    number,
    name,
    fields: columns,
    columns,
    primaryKey: key.length > 0 ? key : null,
    checked: false,
  };
}
