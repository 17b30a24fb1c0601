/** The FORMAT clause of a source or sink, checked and in the engine's terms. */
import type { DecodeFormat } from '../../engine/index.ts';
import type { Format } from '../../sql/ast/format.ts';
import { SqlError } from '../../sql/error.ts';
import type { SourceText } from '../../sql/parse/source-text.ts';
import { parseOptions } from '../options.ts';
import { csvFormat, csvOptions, type CsvOptions } from './csv.ts';
import { jsonOptions } from './json.ts';
import { type SchemaFormat, type SchemaOrigin, isSchemaFormat, schemaOrigin } from './schema.ts';

/** A checked format. */
export type CheckedFormat =
  | { readonly name: 'json'; readonly decode: DecodeFormat; readonly csv: null }
  | { readonly name: 'csv'; readonly decode: DecodeFormat; readonly csv: CsvOptions }
  /** One field takes all of a message: as text, or as bytes. */
  | { readonly name: 'text' | 'bytes'; readonly decode: DecodeFormat; readonly csv: null }
  /** What its schema says: how it is decoded is known when that was read. */
  | { readonly name: SchemaFormat; readonly decode: null; readonly csv: null; readonly origin: SchemaOrigin };

/** A format whose schema is known, if it needs one. */
export type ReadFormat =
  | Exclude<CheckedFormat, { readonly decode: null }>
  | { readonly name: SchemaFormat; readonly decode: DecodeFormat; readonly csv: null };

/** Checks a format against what the connector can read or write. Throws SqlError. */
export function checkFormat(
  format: Format | undefined,
  formats: readonly string[],
  connector: string,
  source?: SourceText,
): CheckedFormat | null {
  if (formats.length === 0) {
    if (format === undefined || format.name === 'none') return null;
    throw new SqlError({
      sqlstate: '22023',
      message: `connector ${connector.toUpperCase()} takes no FORMAT`,
      position: source?.positionOfByte(format.location),
    });
  }
  const names = formats.map((name) => name.toUpperCase()).join(', ');
  if (format === undefined) {
    throw new SqlError({
      sqlstate: '22023',
      message: `connector ${connector.toUpperCase()} needs a FORMAT`,
      hint: `Formats are: ${names}.`,
    });
  }
  if (!formats.includes(format.name)) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `FORMAT ${format.name.toUpperCase()} is not supported for connector ${connector.toUpperCase()}`,
      hint: `Formats are: ${names}.`,
      position: source?.positionOfByte(format.location),
    });
  }
  if (format.name === 'csv') {
    const csv = parseOptions(csvOptions, format.options, 'FORMAT CSV', source);
    return { name: 'csv', decode: csvFormat(csv), csv };
  }
  if (isSchemaFormat(format.name)) {
    return { name: format.name, decode: null, csv: null, origin: schemaOrigin(format, source) };
  }
  if (format.name === 'text' || format.name === 'bytes') {
    parseOptions({}, format.options, `FORMAT ${format.name.toUpperCase()}`, source);
    return { name: format.name, decode: { kind: 'whole' }, csv: null };
  }
  parseOptions(jsonOptions, format.options, 'FORMAT JSON', source);
  return { name: 'json', decode: { kind: 'json' }, csv: null };
}
