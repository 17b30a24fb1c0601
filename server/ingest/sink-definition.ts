/** What CREATE SINK defines: connector, options, the query whose changes are written, and how they are encoded. */
import type { Node } from '@pgsql/types';
import type { SinkConnector } from '../../connectors/contract.ts';
import { type OptionSpecs, type ParsedOptions, parseOptions } from '../../connectors/options.ts';
import { findConnector } from '../../connectors/registry.ts';
import type { SubscribeOptions } from '../../engine/index.ts';
import type { CreateSink } from '../../sql/ast/create-sink.ts';
import type { Option } from '../../sql/ast/options.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { Compiled } from '../../sql/compile.ts';
import { type Notice, SqlError } from '../../sql/error.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import { requireObject } from '../catalog/names.ts';
import type { ConnectionObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { RecordingCatalog } from '../statements/planning.ts';
import { selectAll } from '../statements/subscribe.ts';
import type { System } from '../system.ts';
import { type SinkFormats, sinkEncoding, sinkFormats } from './sink-encoding.ts';
import { type SinkEnvelope, columnNamed, sinkEnvelope } from './sink-envelope.ts';
import { translateSinkWith } from './sink-with-options.ts';

export interface SinkDefinition {
  readonly connector: SinkConnector;
  readonly connectorName: string;
  readonly connection: ConnectionObject | null;
  readonly options: ParsedOptions<OptionSpecs>;
  readonly formats: SinkFormats;
  readonly envelope: SinkEnvelope;
  readonly encoding: SubscribeOptions['encoding'];
  readonly names: readonly string[];
  readonly compiled: Compiled;
  readonly catalog: RecordingCatalog;
  readonly snapshot: boolean;
  readonly retainHistory: number;
  readonly notices: readonly Notice[];
}

/** Options of the sink itself: WITH (…) behind all others. */
const sinkOptions = {
  snapshot: { type: 'boolean', default: true },
  /** How long changes that are not written stay readable. */
  retain_history: { type: 'duration', default: 3_600_000 },
} as const satisfies OptionSpecs;

/** The column that PARTITION BY makes; a user's column may have the same name. */
const PLACE = 'partition by';

/** Checks a statement. Throws SqlError. */
export function defineSink(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  written: CreateSink,
): SinkDefinition {
  const statement = translateSinkWith(written);
  const { into } = statement;
  if (into.kind === 'relation') {
    throw unsupported(parsed, 'a sink into a table', into.name.location, 'INTO FILE and INTO KAFKA are.');
  }
  const clause = into.connector;
  const found = findConnector(clause, parsed.source.positionOfByte(clause.location));
  const what = `connector ${found.name.toUpperCase()}`;
  const connector = found.sink;
  if (connector === null) throw unsupported(parsed, `${what} as a sink`, clause.location);
  const connection = connectionOf(system, session, parsed, statement, connector, found.name);
  const { place, options: rest } = takePartitionBy(parsed, statement.options, connector, what);
  const options = parseOptions(connector.options, rest, what, parsed.source);
  const { snapshot, retain_history: retainHistory } = parseOptions(
    sinkOptions,
    statement.with,
    'CREATE SINK',
    parsed.source,
  );
  const formats = sinkFormats(parsed, statement, connector, found.name);
  const catalog = system.planning.catalogFor(session);
  const compiled = compile(system, session, parsed, statement, place, catalog);
  const names = compiled.columns.map(({ name }) => name);
  refuseRepeatedNames(names);
  const envelope = sinkEnvelope(parsed, statement, { names, keys: compiled.keys }, connector.messages);
  const columns = {
    names,
    headers: headersOf(parsed, statement, connector, what, compiled),
    place: place === null ? null : placeOf(compiled, place.location, parsed),
  };
  const encoding = sinkEncoding(connector, formats, envelope, columns);
  return {
    connector,
    connectorName: found.name,
    connection,
    options,
    formats,
    envelope,
    encoding,
    names,
    compiled,
    catalog,
    snapshot,
    retainHistory,
    notices: envelope.notices,
  };
}

/** A connector that needs a connection has one of its kind, and no other has one. */
function connectionOf(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateSink,
  connector: SinkConnector,
  name: string,
): ConnectionObject | null {
  const what = `connector ${name.toUpperCase()}`;
  const given = statement.connection;
  const refuse = (sqlstate: string, message: string, hint?: string): SqlError =>
    new SqlError({
      sqlstate,
      message,
      hint,
      position: given && parsed.source.positionOfByte(given.location),
    });
  if (connector.connection === null) {
    if (given) throw refuse('22023', `${what} takes no CONNECTION`);
    return null;
  }
  const kind = connector.connection.toUpperCase();
  if (!given) {
    const hint = `CREATE CONNECTION c TO ${kind} (…), then INTO ${kind} CONNECTION c (…).`;
    throw refuse('22023', `${what} needs a CONNECTION`, hint);
  }
  const object = requireObject(system.catalog, session, parsed, given, ['connection']);
  if (object.kind !== 'connection') throw new Error('only connections were asked for');
  if (object.connector === connector.connection) return object;
  throw refuse('42809', `connection "${object.name}" is not one to ${kind}`);
}

interface Place {
  readonly expression: Node;
  readonly location: number;
}

/** PARTITION BY is an expression, and none of the connector's options. */
function takePartitionBy(
  parsed: ParsedStatement,
  options: readonly Option[],
  connector: SinkConnector,
  what: string,
): { readonly place: Place | null; readonly options: readonly Option[] } {
  const option = options.find(({ name }) => name === 'partition_by');
  if (option === undefined) return { place: null, options };
  if (!connector.messages) {
    throw new SqlError({
      sqlstate: '22023',
      message: `${what} takes no PARTITION BY`,
      position: parsed.source.positionOfByte(option.location),
    });
  }
  if (option.value.kind !== 'expression') throw new Error('PARTITION BY is read as an expression');
  return {
    place: { expression: option.value.node, location: option.valueLocation },
    options: options.filter((other) => other !== option),
  };
}

function compile(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateSink,
  place: Place | null,
  catalog: RecordingCatalog,
): Compiled {
  const { from } = statement;
  const rows = from.kind === 'query' ? from.query.node : selectAll(from.name);
  const node = place === null ? rows : withPlace(rows, from.kind === 'query', place);
  const query = system.planning.bindMaintained(session, { ...parsed, node }, { catalog });
  const name = `sink ${statement.name.parts.join('.')}`;
  return system.planning.compileQuery(session, query, { kind: 'subscribe', name }, catalog);
}

/** `SELECT *, expression AS "partition by" FROM …`. */
function withPlace(rows: Node, isQuery: boolean, { expression, location }: Place): Node {
  if (!('SelectStmt' in rows)) throw new Error('a query is a SELECT');
  const select = rows.SelectStmt;
  const target = { ResTarget: { name: PLACE, val: expression, location } };
  const all = { ResTarget: { val: { ColumnRef: { fields: [{ A_Star: {} }], location } } } };
  if (!isQuery) return { SelectStmt: { ...select, targetList: [...(select.targetList ?? []), target] } };
  return {
    SelectStmt: {
      targetList: [all, target],
      fromClause: [{ RangeSubselect: { subquery: rows, alias: { aliasname: 'sink' } } }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
}

function placeOf(compiled: Compiled, location: number, parsed: ParsedStatement): number {
  const index = compiled.columns.length - 1;
  const { scalar } = toColumnType(compiled.columns[index]!.type);
  if (scalar === 'int2' || scalar === 'int4' || scalar === 'int8') return index;
  throw new SqlError({
    sqlstate: '42804',
    message: `PARTITION BY must be an integer, not ${scalar}`,
    hint: 'The partition is its remainder by the number of partitions; without PARTITION BY, the key says it.',
    position: parsed.source.positionOfByte(location),
  });
}

function headersOf(
  parsed: ParsedStatement,
  statement: CreateSink,
  connector: SinkConnector,
  what: string,
  compiled: Compiled,
): number | null {
  const { headers } = statement;
  if (headers === undefined) return null;
  const position = parsed.source.positionOfByte(headers.location);
  if (!connector.messages) {
    throw new SqlError({ sqlstate: '22023', message: `${what} takes no HEADERS`, position });
  }
  const names = compiled.columns.map(({ name }) => name);
  const index = columnNamed(parsed, headers, names);
  if (toColumnType(compiled.columns[index]!.type).scalar === 'jsonb') return index;
  throw new SqlError({
    sqlstate: '42804',
    message: `HEADERS must be a jsonb column, and "${headers.name}" is none`,
    hint: 'It has an object of texts, or of arrays of texts.',
    position,
  });
}

/** A record has each name once. */
function refuseRepeatedNames(names: readonly string[]): void {
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated === undefined) return;
  throw new SqlError({
    sqlstate: '42701',
    message: `column "${repeated}" of the sink is there more than once`,
    hint: 'Rename columns with AS.',
  });
}

function unsupported(parsed: ParsedStatement, what: string, location: number, hint?: string): SqlError {
  return new SqlError({
    sqlstate: '0A000',
    message: `${what} is not supported yet`,
    hint,
    position: parsed.source.positionOfByte(location),
  });
}
