/** ENVELOPE UPSERT and DEBEZIUM of a source: which columns are the key, where each comes from, and what the decoder is told. */
import type { MetadataItem } from '../../connectors/contract.ts';
import type { ReadFormat } from '../../connectors/formats/format.ts';
import { isSchemaFormat } from '../../connectors/formats/schema.ts';
import { type ParsedOptions, parseOptions } from '../../connectors/options.ts';
import type { MessageEnvelope } from '../../engine/index.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { type KeySchema, wholeFormat } from './source-key-schema.ts';
import { toColumnType } from '../../sql/types/column-type.ts';

/** A column that INCLUDE asks for. */
export interface IncludedColumn {
  readonly item: MetadataItem;
  readonly column: CatalogColumn;
}

/** A source whose rows have a key that messages set and end. */
export interface KeyedSource {
  /** The relation's columns. */
  readonly columns: readonly CatalogColumn[];
  readonly primaryKey: readonly number[];
  /** What the decoder takes out of a message's value. */
  readonly fields: readonly CatalogColumn[];
  /** What it takes of a message's metadata. */
  readonly items: readonly IncludedColumn[];
  readonly envelope: MessageEnvelope;
}

const upsertOptions = {
  /** A value that does not decode is its key's row, with the reason in a column `error`. */
  value_decoding_errors: { type: 'choice', values: ['inline'] },
} as const;

const debeziumOptions = {
  /** Debezium's own `decimal.handling.mode`: what a text for a numeric is where no schema says it. */
  decimal_handling_mode: { type: 'choice', values: ['precise', 'string', 'double'], default: 'string' },
} as const;

/** Whether the statement's envelope gives its relation a key. */
export function isKeyed({ envelope }: CreateSource): boolean {
  return envelope?.name === 'upsert' || envelope?.name === 'debezium';
}

/** Whether a declared key is read from the message's key: always in an upsert, in a change of Debezium's if KEY FORMAT says it. */
export function keyIsInKey({ envelope, format }: CreateSource): boolean {
  return envelope?.name === 'upsert' || (envelope?.name === 'debezium' && format?.key !== undefined);
}

/**
 * The statement with a PRIMARY KEY that names the column of INCLUDE KEY left out: that is the key anyway, and no declared
 * column.
 */
export function withoutKeyOfMetadata(statement: CreateSource): CreateSource {
  const included = statement.include.find(({ item }) => item === 'key');
  if (!isKeyed(statement) || included === undefined || statement.elements === undefined) return statement;
  const name = included.alias?.name ?? 'key';
  const elements = statement.elements.filter(
    (element) =>
      element.kind !== 'primary_key' || element.columns.length !== 1 || element.columns[0]!.name !== name,
  );
  return { ...statement, elements };
}

/** Where a column of the relation comes from. */
interface Placed {
  readonly column: CatalogColumn;
  readonly from: 'key' | 'value' | 'item' | 'error';
}

/** Checks the envelope and places its columns. `keyType` is the type of a key that is taken whole. */
export function keyedSource(
  parsed: ParsedStatement,
  statement: CreateSource,
  declared: { readonly fields: readonly CatalogColumn[]; readonly primaryKey: readonly number[] | null },
  included: readonly IncludedColumn[],
  format: ReadFormat,
  keyType: CatalogColumn['type']['name'],
  keySchema: KeySchema | null,
): KeyedSource {
  const clause = statement.envelope!;
  const position = parsed.source.positionOfByte(clause.location);
  const debezium = clause.name === 'debezium' ? debeziumClause(parsed, statement, declared, format) : null;
  if (debezium !== null && keySchema !== null) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'ENVELOPE DEBEZIUM with a key of a schema is not supported',
      hint: 'Debezium writes keys in JSON with its JSON converter.',
      position,
    });
  }
  const upsert =
    debezium === null ? parseOptions(upsertOptions, clause.options, 'ENVELOPE UPSERT', parsed.source) : null;
  const inline =
    upsert !== null && (upsert.value_decoding_errors === 'inline' || statement.onError?.policy === 'inline');
  const { primaryKey } = declared;
  const fromKey = primaryKey !== null && keyIsInKey(statement);
  const inKey = (index: number): boolean => fromKey && primaryKey.includes(index);
  const key = declared.fields.filter((_, index) => inKey(index));
  const kind = keySchema !== null ? 'schema' : fromKey ? keyKind(statement, key, format, position) : 'whole';
  const fields = declared.fields.map((column, index): Placed => {
    if (inKey(index)) return { column, from: 'key' };
    // A value that does not decode leaves NULL even where the value itself must have none.
    const type = inline ? { ...column.type, nullable: true } : column.type;
    return { column: { ...column, type }, from: 'value' };
  });
  const isKey = ({ item }: IncludedColumn): boolean => primaryKey === null && item === 'key';
  const items = included.map((each): Placed => {
    if (!isKey(each)) return { column: each.column, from: 'item' };
    return { column: { ...each.column, type: { ...each.column.type, nullable: false } }, from: 'key' };
  });
  if (primaryKey === null && !included.some(isKey)) {
    const type = { name: keyType, typmod: -1, nullable: false };
    items.unshift({ column: { name: 'key', type, defaultText: null }, from: 'key' });
  }
  const placed = [...fields, ...items];
  if (inline) {
    const type = { name: 'jsonb' as const, typmod: -1, nullable: true };
    placed.push({ column: { name: 'error', type, defaultText: null }, from: 'error' });
  }
  const decoded = (['key', 'value', 'item', 'error'] as const).flatMap((from) =>
    placed.filter((each) => each.from === from),
  );
  const keyColumns = placed
    .filter(({ from }) => from === 'key')
    .map(({ column: { name, type } }) => ({ name, type: toColumnType(type) }));
  const order = placed.map((each) => decoded.indexOf(each));
  const ofSchema =
    keySchema === null ? {} : { format: fromKey ? keySchema.decode : wholeFormat(keySchema.decode) };
  return {
    columns: placed.map(({ column }) => column),
    primaryKey: primaryKey ?? placed.flatMap(({ from }, index) => (from === 'key' ? [index] : [])),
    fields: declared.fields.filter((_, index) => !inKey(index)),
    items: included.filter((each) => !isKey(each)),
    envelope:
      debezium === null
        ? { kind: 'upsert', key: { kind, ...ofSchema, columns: keyColumns }, order, inlineErrors: inline }
        : {
            kind: 'debezium',
            key: keyColumns.length === 0 ? null : { kind, ...ofSchema, columns: keyColumns },
            primaryKey: fromKey || primaryKey === null ? [] : primaryKey,
            order,
            decimals: debezium.decimal_handling_mode === 'precise' ? 'base64' : 'text',
          },
  };
}

/** What ENVELOPE DEBEZIUM needs besides its options, which it gives. */
function debeziumClause(
  parsed: ParsedStatement,
  statement: CreateSource,
  declared: { readonly primaryKey: readonly number[] | null },
  format: ReadFormat,
): ParsedOptions<typeof debeziumOptions> {
  const { envelope, onError } = statement;
  const refuse = (sqlstate: string, message: string, location: number, hint?: string): SqlError =>
    new SqlError({ sqlstate, message, hint, position: parsed.source.positionOfByte(location) });
  const at = envelope!.location;
  if (format.name !== 'json' && format.name !== 'avro') {
    const message = `ENVELOPE DEBEZIUM with FORMAT ${format.name.toUpperCase()} is not supported`;
    throw refuse(
      '0A000',
      message,
      at,
      'Let Debezium write with its JSON converter, or with the Avro converter.',
    );
  }
  const inline = envelope!.options.find(({ name }) => name === 'value_decoding_errors');
  if (inline !== undefined) {
    const message = 'VALUE DECODING ERRORS with ENVELOPE DEBEZIUM is not supported';
    throw refuse('0A000', message, inline.location, 'ON ERROR SKIP INTO keeps changes that do not decode.');
  }
  if (onError?.policy === 'inline') {
    throw refuse('0A000', 'ON ERROR INLINE with ENVELOPE DEBEZIUM is not supported', onError.location);
  }
  if (statement.elements === undefined && format.name === 'json') {
    const message = `the columns of source "${statement.name.parts.at(-1)}" are not known`;
    throw refuse(
      '42601',
      message,
      statement.name.location,
      'Write those of the upstream table behind the name.',
    );
  }
  const included = statement.include.some(({ item }) => item === 'key');
  if (declared.primaryKey === null && !included && statement.format?.key === undefined) {
    throw refuse(
      '22023',
      'ENVELOPE DEBEZIUM needs a key',
      at,
      'Declare the PRIMARY KEY of the upstream table.',
    );
  }
  return parseOptions(debeziumOptions, envelope!.options, 'ENVELOPE DEBEZIUM', parsed.source);
}

/** How declared key columns are found in a message's key: as KEY FORMAT says, else as the value's format does. */
function keyKind(
  statement: CreateSource,
  key: readonly CatalogColumn[],
  format: ReadFormat,
  position: number | undefined,
): 'whole' | 'json' {
  const name = statement.format?.key?.name ?? format.name;
  if (name === 'json') return 'json';
  const refuse = (message: string, hint: string): SqlError =>
    new SqlError({ sqlstate: '22023', message, hint, position });
  if (name === 'csv' || isSchemaFormat(name)) {
    throw refuse('the format of the key is not known', 'Write KEY FORMAT JSON, TEXT or BYTES.');
  }
  if (key.length !== 1) {
    const hint = 'KEY FORMAT JSON gives a column for each member of an object.';
    throw refuse(
      `KEY FORMAT ${name.toUpperCase()} gives one column, the PRIMARY KEY has ${key.length}`,
      hint,
    );
  }
  if (name === 'bytes' && key[0]!.type.name !== 'bytea') {
    const message = `KEY FORMAT BYTES gives a bytea, and column "${key[0]!.name}" is none`;
    throw refuse(message, 'KEY FORMAT TEXT gives a column of any type.');
  }
  return 'whole';
}
