import type { ConnectorClause, CreateSource, SourceTables } from '../../ast/create-source.ts';
import type { Option } from '../../ast/options.ts';
import { errorAt, noEffect } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseOptions } from '../options.ts';
import { parseEnvelope, parseFormatClause, parseInclude, parseOnError } from './format.ts';
import { parseTableElements } from './table-element.ts';

/** CREATE SOURCE …, from behind SOURCE; or CREATE TABLE … WITH (connector = …), from behind TABLE. */
export function parseCreateSource(cursor: Cursor, asTable: boolean): CreateSource {
  const ifNotExists = cursor.ifNotExists();
  const name = cursor.qualifiedName("the source's name");
  const elements = cursor.isMark('(') ? parseTableElements(cursor) : undefined;
  const source: CreateSource = {
    kind: 'create_source',
    asTable,
    ifNotExists,
    name,
    elements,
    connector: { name: '', location: cursor.location },
    connectorInWith: false,
    options: [],
    include: [],
    appendOnly: false,
    with: [],
  };
  parseInCluster(cursor);
  if (cursor.eat('from')) {
    source.connector = parseConnector(cursor);
    if (cursor.eat('connection')) source.connection = cursor.qualifiedName('a connection');
    if (cursor.isMark('(')) source.options = parseOptions(cursor);
  }
  parseClauses(cursor, source);
  if (source.connector.name === '') connectorFromWith(cursor, source);
  return source;
}

function parseClauses(cursor: Cursor, source: CreateSource): void {
  const once = (present: boolean, clause: string, at: number): void => {
    if (present) throw errorAt(cursor.context, at, `${clause} is given more than once`);
  };
  while (!cursor.done) {
    const at = cursor.offset;
    const format = parseFormatClause(cursor);
    if (format !== undefined) {
      once(source.format !== undefined, 'FORMAT', at);
      source.format = format.format;
      if (format.envelope !== undefined) source.envelope = format.envelope;
    } else if (cursor.is('include')) {
      source.include.push(...parseInclude(cursor));
    } else if (cursor.is('envelope')) {
      once(source.envelope !== undefined, 'ENVELOPE', at);
      source.envelope = parseEnvelope(cursor, ['none', 'upsert', 'debezium'] as const);
    } else if (cursor.is('on', 'error')) {
      once(source.onError !== undefined, 'ON ERROR', at);
      source.onError = parseOnError(cursor);
    } else if (cursor.is('for')) {
      once(source.tables !== undefined, 'FOR', at);
      source.tables = parseTables(cursor);
    } else if (cursor.eat('expose', 'progress', 'as')) {
      source.exposeProgress = cursor.qualifiedName();
    } else if (cursor.eat('append', 'only')) {
      source.appendOnly = true;
    } else if (cursor.is('in', 'cluster')) {
      parseInCluster(cursor);
    } else if (cursor.eat('with')) {
      once(source.with.length > 0, 'WITH', at);
      source.with = parseOptions(cursor);
    } else {
      throw cursor.error();
    }
  }
}

/** IN CLUSTER name: accepted without effect. */
export function parseInCluster(cursor: Cursor): void {
  const at = cursor.offset;
  if (!cursor.eat('in', 'cluster')) return;
  cursor.identifier("a cluster's name");
  noEffect(cursor.context, 'IN CLUSTER', at);
}

/** KAFKA, FILE, [LOAD] GENERATOR NEXMARK…. */
export function parseConnector(cursor: Cursor): ConnectorClause {
  const location = cursor.location;
  if (cursor.is('load', 'generator')) cursor.at++;
  const { name } = cursor.identifier('a connector');
  const connector: ConnectorClause = { name, location };
  if (name === 'generator') {
    connector.variant = cursor.identifier('what to generate: COUNTER or NEXMARK').name;
  }
  return connector;
}

function parseTables(cursor: Cursor): SourceTables {
  const location = cursor.location;
  cursor.expect('for');
  if (cursor.eat('all', 'tables')) return { kind: 'all', location };
  if (cursor.eat('schemas')) return { kind: 'schemas', schemas: cursor.nameList(), location };
  cursor.expect('tables');
  cursor.expectMark('(');
  const tables = [];
  do {
    const name = cursor.qualifiedName('a table');
    tables.push(cursor.eat('as') ? { name, alias: cursor.qualifiedName() } : { name });
  } while (cursor.eatMark(','));
  cursor.expectMark(')');
  return { kind: 'tables', tables, location };
}

/** RisingWave's form: the connector is an option, and so is all that belongs to it. */
function connectorFromWith(cursor: Cursor, source: CreateSource): void {
  const { connector, rest } = takeConnector(source.with);
  if (connector === undefined) {
    throw cursor.error('FROM connector, or WITH (connector = …)');
  }
  cursor.context.notices.push({
    severity: 'NOTICE',
    sqlstate: '00000',
    message: `source "${source.name.parts.at(-1)}" stores the rows that it reads`,
    detail: 'Queries read the stored rows; nothing is read from upstream again for each query.',
    ...(source.asTable ? { hint: 'It is a source: DROP SOURCE drops it, and nothing can be inserted.' } : {}),
  });
  source.connector = connector;
  source.connectorInWith = true;
  source.options = rest;
  source.with = [];
  const connection = rest.find(({ name }) => name === 'connection');
  if (connection?.value.kind === 'word') {
    source.connection = connection.value.name;
    source.options = rest.filter((option) => option !== connection);
  }
}

/** Takes `connector` out of options. */
export function takeConnector(options: Option[]): { connector: ConnectorClause | undefined; rest: Option[] } {
  const option = options.find((candidate) => candidate.name === 'connector');
  const value = option?.value;
  const name =
    value?.kind === 'string' ? value.value : value?.kind === 'word' ? value.name.parts.join('.') : undefined;
  if (option === undefined || name === undefined) return { connector: undefined, rest: options };
  return {
    connector: { name: name.toLowerCase(), location: option.valueLocation },
    rest: options.filter((candidate) => candidate !== option),
  };
}
