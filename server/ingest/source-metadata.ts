/** Metadata of a source's records: what INCLUDE asks for, and the type of a message's key. */
import { PLACES, type MetadataItem, type SourceConnector } from '../../connectors/contract.ts';
import { parseOptions } from '../../connectors/options.ts';
import type { MessageColumn } from '../../engine/index.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn } from '../../sql/catalog.ts';
import type { TypeName } from '../../sql/types/type.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import type { IncludedColumn } from './source-envelope.ts';
import { type KeySchema, wholeFormat } from './source-key-schema.ts';
import { unsupported } from './source-refusal.ts';

/** The type of a key by its format. */
const KEY_TYPES: Readonly<Record<string, TypeName>> = { bytes: 'bytea', text: 'text', json: 'jsonb' };

/** The key's type: as KEY FORMAT says, or its bytes. */
export function keyFormat(
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
export function messageColumn({ item, column }: IncludedColumn, key: KeySchema | null): MessageColumn {
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

export function metadataOf(
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
