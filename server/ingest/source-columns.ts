/** The columns of a source, and its key: as they are written, or as its format has them. */
import type { SourceConnector } from '../../connectors/contract.ts';
import type { ReadFormat } from '../../connectors/formats/format.ts';
import { headerNames } from '../../connectors/formats/csv.ts';
import { parseJsonPath } from '../../connectors/formats/json-path.ts';
import { isSchemaFormat } from '../../connectors/formats/schema.ts';
import type { OptionSpecs, ParsedOptions } from '../../connectors/options.ts';
import type { DecodeFormat, Engine } from '../../engine/index.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { BindEnvironment } from '../../sql/bind/bind.ts';
import { bindColumnDefinitions } from '../../sql/bind/bind.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import { isKeyed, keyIsInKey } from './source-envelope.ts';
import { type KeySchema, schemaColumns } from './source-key-schema.ts';
import { unsupported } from './source-refusal.ts';

interface DeclaredColumns {
  readonly fields: readonly CatalogColumn[];
  readonly primaryKey: readonly number[] | null;
  readonly format: DecodeFormat;
}

/** The columns as written, or as the format has them: CSV's header, a JSON record as a whole. */
export async function declaredColumns(
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
