/** ENVELOPE UPSERT of a source: which columns are the key, where each column comes from, and what the decoder is told. */
import type { MetadataItem } from '../../connectors/contract.ts';
import type { ReadFormat } from '../../connectors/formats/format.ts';
import { parseOptions } from '../../connectors/options.ts';
import type { MessageEnvelope } from '../../engine/index.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
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

/** Whether the statement's envelope gives its relation a key. */
export function isKeyed({ envelope }: CreateSource): boolean {
  return envelope?.name === 'upsert';
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
): KeyedSource {
  const clause = statement.envelope!;
  const position = parsed.source.positionOfByte(clause.location);
  const given = parseOptions(upsertOptions, clause.options, 'ENVELOPE UPSERT', parsed.source);
  const inline = given.value_decoding_errors === 'inline' || statement.onError?.policy === 'inline';
  const { primaryKey } = declared;
  const key = declared.fields.filter((_, index) => primaryKey?.includes(index));
  const kind = primaryKey === null ? 'whole' : keyKind(statement, key, format, position);
  const fields = declared.fields.map((column, index): Placed => {
    if (primaryKey?.includes(index)) return { column, from: 'key' };
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
  return {
    columns: placed.map(({ column }) => column),
    primaryKey: primaryKey ?? placed.flatMap(({ from }, index) => (from === 'key' ? [index] : [])),
    fields: declared.fields.filter((_, index) => !primaryKey?.includes(index)),
    items: included.filter((each) => !isKey(each)),
    envelope: {
      kind: 'upsert',
      key: {
        kind,
        columns: placed
          .filter(({ from }) => from === 'key')
          .map(({ column: { name, type } }) => ({ name, type: toColumnType(type) })),
      },
      order: placed.map((each) => decoded.indexOf(each)),
      inlineErrors: inline,
    },
  };
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
  if (name === 'csv' || name === 'avro') {
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
