/** FORMAT of CREATE SINK: how the engine encodes records or messages. */
import type { MessagesEncoding, Payload, SubscribeOptions } from '../../engine/index.ts';
import type { SinkConnector } from '../../connectors/contract.ts';
import { csvOptions } from '../../connectors/formats/csv.ts';
import { type CheckedFormat, checkFormat } from '../../connectors/formats/format.ts';
import type { CreateSink } from '../../sql/ast/create-sink.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import type { SinkEnvelope } from './sink-envelope.ts';

export interface SinkFormats {
  readonly key: CheckedFormat | null;
  readonly value: CheckedFormat;
}

/** Columns with a part of their own. */
export interface SinkColumns {
  readonly names: readonly string[];
  /** A column of headers. */
  readonly headers: number | null;
  /** The column that PARTITION BY made. */
  readonly place: number | null;
}

/** The formats of key and value: without KEY FORMAT it is the same. Throws SqlError. */
export function sinkFormats(
  parsed: ParsedStatement,
  statement: CreateSink,
  connector: SinkConnector,
  name: string,
): SinkFormats {
  const { format } = statement;
  const value = checkFormat(format?.value, connector.formats, name, parsed.source);
  if (value === null) throw new Error('a sink has a format');
  refuseCsvStyle(value);
  if (!connector.messages) {
    if (format?.key === undefined) return { key: null, value };
    throw new SqlError({
      sqlstate: '22023',
      message: `connector ${name.toUpperCase()} takes no KEY FORMAT`,
      hint: 'Its records have no keys of their own.',
      position: parsed.source.positionOfByte(format.key.location),
    });
  }
  const key = format?.key && checkFormat(format.key, connector.formats, name, parsed.source);
  return { key: key ?? value, value };
}

export function sinkEncoding(
  connector: SinkConnector,
  formats: SinkFormats,
  { envelope, key }: SinkEnvelope,
  columns: SinkColumns,
): SubscribeOptions['encoding'] {
  if (!connector.messages) {
    if (envelope.kind === 'debezium' && formats.value.name === 'csv') {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'ENVELOPE DEBEZIUM with FORMAT CSV is not supported',
        hint: 'Use FORMAT JSON.',
      });
    }
    return { kind: formats.value.name === 'json' ? 'jsonLines' : 'csv', columns: columns.names };
  }
  return messagesEncoding(formats, envelope.kind, key, columns);
}

function messagesEncoding(
  formats: SinkFormats,
  envelope: 'diff' | 'upsert' | 'debezium',
  key: readonly number[] | null,
  { names, headers, place }: SinkColumns,
): MessagesEncoding {
  const shown = names.map((_, index) => index).filter((index) => index !== headers && index !== place);
  return {
    kind: 'messages',
    columns: names,
    key: key && payload(formats.key!, key, 'key'),
    value: payload(formats.value, valueColumns(formats.value, envelope, shown, key ?? []), 'value'),
    headers,
    place,
  };
}

/** A text has one column: the one that is not in the key, where there is a key. */
function valueColumns(
  format: CheckedFormat,
  envelope: 'diff' | 'upsert' | 'debezium',
  shown: readonly number[],
  key: readonly number[],
): readonly number[] {
  if (format.name !== 'text') return shown;
  if (envelope === 'debezium') {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'ENVELOPE DEBEZIUM with FORMAT TEXT is not supported',
      hint: 'Use FORMAT JSON, or KEY FORMAT TEXT VALUE FORMAT JSON.',
    });
  }
  const rest = shown.filter((index) => !key.includes(index));
  return rest.length > 0 ? rest : shown;
}

function payload(format: CheckedFormat, columns: readonly number[], what: 'key' | 'value'): Payload {
  switch (format.name) {
    case 'json':
      return { columns, format: { kind: 'json' } };
    case 'text':
      if (columns.length === 1) return { columns, format: { kind: 'text' } };
      throw new SqlError({
        sqlstate: '22023',
        message: `FORMAT TEXT is of one column, and the ${what} has ${columns.length}`,
        hint: 'Choose the columns with AS SELECT …, or use FORMAT JSON.',
      });
    case 'avro':
    case 'protobuf':
      // Its number is the registry's: sink-schema.ts.
      return { columns, format: { kind: format.name, id: 0, types: [] } };
    default:
      throw new Error(`messages have no format ${format.name}`);
  }
}

/** The engine writes CSV in PostgreSQL's default style. */
function refuseCsvStyle(format: CheckedFormat): void {
  if (format.csv === null) return;
  const { delimiter, quote, escape } = format.csv;
  const changed =
    delimiter !== csvOptions.delimiter.default
      ? 'DELIMITER'
      : format.csv.null !== csvOptions.null.default
        ? 'NULL'
        : quote !== csvOptions.quote.default
          ? 'QUOTE'
          : escape !== undefined && escape !== quote
            ? 'ESCAPE'
            : null;
  if (changed) {
    throw new SqlError({
      sqlstate: '0A000',
      message: `option ${changed} of FORMAT CSV is not supported yet for a sink`,
    });
  }
}
