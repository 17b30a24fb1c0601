/** CREATE SINK: a maintained query whose changes, encoded by the engine, go to a connector. */
import type { SubscribeOptions } from '../../engine/index.ts';
import { csvOptions } from '../../connectors/formats/csv.ts';
import { type CheckedFormat, checkFormat } from '../../connectors/formats/format.ts';
import { parseOptions } from '../../connectors/options.ts';
import { findConnector } from '../../connectors/registry.ts';
import type { CreateSink } from '../../sql/ast/create-sink.ts';
import type { Identifier } from '../../sql/ast/name.ts';
import type { Option } from '../../sql/ast/options.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { Compiled } from '../../sql/compile.ts';
import { SqlError } from '../../sql/error.ts';
import { nearestName } from '../../sql/nearest-name.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName, positionOf } from '../catalog/names.ts';
import type { SinkObject } from '../catalog/objects.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import type { RecordingCatalog } from './planning.ts';
import { type Runnable, command } from './prepared.ts';
import { whenReadable } from './snapshot.ts';
import { selectAll } from './subscribe.ts';

const TAG = 'CREATE SINK';

type Envelope = SubscribeOptions['envelope'];

export function prepareCreateSink(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateSink,
): Runnable {
  define(system, session, parsed, statement); // errors before anything waits
  return command((session) =>
    system.ddl.run(async () => {
      const target = newName(system.catalog, session, parsed, statement.name);
      if (nameIsTaken(system.catalog, session, target, statement.ifNotExists)) return TAG;
      const definition = define(system, session, parsed, statement);
      const { connector, connectorName, options, format, envelope, compiled, catalog } = definition;
      await whenReadable(system, session, compiled);
      await connector.validate(options);
      const columns = compiled.columns.map(({ name }) => name);
      const sink: SinkObject = {
        kind: 'sink',
        id: system.catalog.allocateObject(),
        ...target,
        dependsOn: [...catalog.resolved],
        statement: parsed.text,
        connector: connectorName,
        subscription: system.catalog.allocateArrangement(),
      };
      await commitCatalog(system, [{ kind: 'add', object: sink }]);
      const header = format.csv?.header ?? false;
      system.sinks.start({
        id: sink.id,
        name: `${target.schema}.${target.name}`,
        subscription: sink.subscription,
        connector: { name: connectorName, options: connector.options },
        plan: compiled.plan,
        envelope,
        encoding: { kind: format.name === 'json' ? 'jsonLines' : 'csv', columns },
        timeZone: session.timeZone,
        header: header ? csvHeader([...columns, ...envelopeColumns(envelope)]) : null,
        open: (identity, context) =>
          connector.open({
            options,
            format: { name: format.name, header },
            columns,
            identity,
            context,
          }),
      });
      await system.status.flush();
      return TAG;
    }, session),
  );
}

function define(system: System, session: SessionContext, parsed: ParsedStatement, statement: CreateSink) {
  const { into } = statement;
  if (into.kind === 'relation') {
    throw unsupported(parsed, 'a sink into a table', into.name.location, 'INTO FILE is.');
  }
  const clause = into.connector;
  const found = findConnector(clause, positionOf(parsed, clause.location));
  const what = `connector ${found.name.toUpperCase()}`;
  const connector = found.sink;
  if (connector === null) throw unsupported(parsed, `${what} as a sink`, clause.location);
  if (statement.connection) throw unsupported(parsed, 'CONNECTION', statement.connection.location);
  if (statement.headers) throw unsupported(parsed, 'HEADERS', statement.headers.location);
  if (statement.format?.key) throw unsupported(parsed, 'KEY FORMAT', statement.format.key.location);
  const unknown = statement.with[0];
  if (unknown) {
    throw new SqlError({
      sqlstate: '22023',
      message: `unknown option "${unknown.name}" of CREATE SINK`,
      hint: 'Options of the connector stand in parentheses behind its name.',
      position: positionOf(parsed, unknown.location),
    });
  }
  const options = parseOptions(connector.options, statement.options, what, parsed.source);
  const format = checkFormat(statement.format?.value, connector.formats, found.name, parsed.source);
  if (format === null) throw new Error('a sink has a format');
  refuseCsvStyle(format);
  const catalog = system.planning.catalogFor(session);
  const compiled = compile(system, session, parsed, statement, catalog);
  refuseRepeatedNames(compiled);
  const envelope = envelopeOf(parsed, statement, compiled);
  if (envelope.kind === 'debezium' && format.name === 'csv') {
    throw unsupported(
      parsed,
      'ENVELOPE DEBEZIUM with FORMAT CSV',
      statement.envelope!.location,
      'Use FORMAT JSON.',
    );
  }
  return { connector, connectorName: found.name, options, format, envelope, compiled, catalog };
}

function compile(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateSink,
  catalog: RecordingCatalog,
): Compiled {
  const { from } = statement;
  const node = from.kind === 'query' ? from.query.node : selectAll(from.name);
  const query = system.planning.bindMaintained(session, { ...parsed, node }, { catalog });
  const name = `sink ${statement.name.parts.join('.')}`;
  return system.planning.compileQuery(session, query, { kind: 'subscribe', name }, catalog);
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

/** A record has each name once. */
function refuseRepeatedNames({ columns }: Compiled): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name)) {
      throw new SqlError({
        sqlstate: '42701',
        message: `column "${name}" of the sink is there more than once`,
        hint: 'Rename columns with AS.',
      });
    }
    seen.add(name);
  }
}

/** APPEND unless written. A key that the query is not known to have needs NOT ENFORCED. */
function envelopeOf(parsed: ParsedStatement, statement: CreateSink, compiled: Compiled): Envelope {
  const written = statement.envelope;
  const kind = written?.name ?? 'append';
  if (kind !== 'append' && kind !== 'upsert' && kind !== 'debezium') {
    throw unsupported(parsed, `ENVELOPE ${kind.toUpperCase()}`, written?.location ?? 0);
  }
  const given = statement.key?.columns ?? keyOption(parsed, written?.options ?? []);
  if (kind === 'append') {
    if (given) {
      throw new SqlError({
        sqlstate: '22023',
        message: 'ENVELOPE APPEND has no KEY',
        hint: 'ENVELOPE UPSERT and DEBEZIUM do.',
        position: positionOf(parsed, statement.key?.location ?? written?.location),
      });
    }
    return { kind: 'diff' };
  }
  const names = compiled.columns.map(({ name }) => name);
  const known = compiled.keys.filter((key) => key.length > 0);
  if (given === undefined) {
    const first = known[0];
    if (first) return { kind, key: first };
    throw new SqlError({
      sqlstate: '22023',
      message: `ENVELOPE ${kind.toUpperCase()} needs a KEY`,
      hint: 'Add KEY (column, …): the columns that identify a row.',
      position: positionOf(parsed, written?.location),
    });
  }
  const key = given.map((column) => {
    const index = names.indexOf(column.name);
    if (index >= 0) return index;
    const near = nearestName(column.name, names);
    throw new SqlError({
      sqlstate: '42703',
      message: `column "${column.name}" of the sink does not exist`,
      hint: near === undefined ? undefined : `Perhaps you meant "${near}".`,
      position: positionOf(parsed, column.location),
    });
  });
  const unique = compiled.keys.some((candidate) => candidate.every((column) => key.includes(column)));
  if (!unique && statement.key?.enforced !== false) {
    throw new SqlError({
      sqlstate: '22023',
      message: `KEY (${given.map(({ name }) => name).join(', ')}) is not known to be unique`,
      hint:
        known.length > 0
          ? `Known to be unique: ${known.map((other) => `(${other.map((index) => names[index]).join(', ')})`).join(', ')}. KEY (…) NOT ENFORCED leaves it to you.`
          : 'KEY (…) NOT ENFORCED leaves it to you.',
      position: positionOf(parsed, statement.key?.location ?? written?.location),
    });
  }
  return { kind, key };
}

/** `ENVELOPE UPSERT (KEY (a, b))`, as SUBSCRIBE has it, or `(KEY a)`. */
function keyOption(parsed: ParsedStatement, options: readonly Option[]): Identifier[] | undefined {
  if (options.length === 0) return undefined;
  const [option] = options as [Option];
  const named = (value: Option['value']): Identifier[] | null =>
    value.kind === 'word'
      ? [{ name: value.name.parts.join('.'), location: value.name.location }]
      : value.kind === 'list'
        ? value.values.flatMap((item) => named(item) ?? [])
        : null;
  const key = option.name === 'key' && options.length === 1 ? named(option.value) : null;
  if (key === null || key.length === 0) {
    throw new SqlError({
      sqlstate: '22023',
      message: `option "${option.name}" of ENVELOPE is not understood`,
      hint: 'Write KEY (column, …) before FORMAT.',
      position: positionOf(parsed, option.location),
    });
  }
  return key;
}

/** What the envelope puts behind a row's own columns in CSV. */
function envelopeColumns(envelope: Envelope): string[] {
  return envelope.kind === 'diff' ? ['tw_timestamp', 'tw_diff'] : ['tw_timestamp', 'tw_operation'];
}

function csvHeader(names: readonly string[]): Buffer {
  const quoted = names.map((name) => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name));
  return Buffer.from(`${quoted.join(',')}\n`);
}

function unsupported(parsed: ParsedStatement, what: string, location: number, hint?: string): SqlError {
  return new SqlError({
    sqlstate: '0A000',
    message: `${what} is not supported yet`,
    hint,
    position: positionOf(parsed, location),
  });
}
