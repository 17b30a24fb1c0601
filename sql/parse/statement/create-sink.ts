import type { CreateSink } from '../../ast/create-sink.ts';
import { errorAt } from '../context.ts';
import type { Cursor } from '../cursor.ts';
import { parseQuery } from '../extensions.ts';
import { parseOptions } from '../options.ts';
import { parseConnector, parseInCluster, takeConnector } from './create-source.ts';
import { parseEnvelope, parseFormatClause } from './format.ts';

/** CREATE SINK …, from behind SINK. */
export function parseCreateSink(cursor: Cursor): CreateSink {
  const ifNotExists = cursor.ifNotExists();
  const name = cursor.qualifiedName("the sink's name");
  parseInCluster(cursor);
  // CREATE SINK s INTO table FROM …
  let into: CreateSink['into'] | undefined;
  if (cursor.eat('into')) into = { kind: 'relation', name: cursor.qualifiedName('a table') };
  const from = parseFrom(cursor);
  const sink: CreateSink = {
    kind: 'create_sink',
    ifNotExists,
    name,
    from,
    into: into ?? { kind: 'connector', connector: { name: '', location: cursor.location } },
    connectorInWith: false,
    options: [],
    with: [],
  };
  if (into === undefined && cursor.eat('into')) {
    sink.into = { kind: 'connector', connector: parseConnector(cursor) };
    if (cursor.eat('connection')) sink.connection = cursor.qualifiedName('a connection');
    if (cursor.isMark('(')) sink.options = parseOptions(cursor);
  }
  parseClauses(cursor, sink);
  if (sink.into.kind === 'connector' && sink.into.connector.name === '') {
    const { connector, rest } = takeConnector(sink.with);
    if (connector === undefined) throw cursor.error('INTO connector, or WITH (connector = …)');
    sink.into = { kind: 'connector', connector };
    sink.connectorInWith = true;
    sink.options = rest;
    sink.with = [];
    const connection = rest.find(({ name }) => name === 'connection');
    if (connection?.value.kind === 'word') {
      sink.connection = connection.value.name;
      sink.options = rest.filter((option) => option !== connection);
    }
  }
  return sink;
}

/** FROM relation | AS query. The query ends where a clause of the sink begins. */
function parseFrom(cursor: Cursor): CreateSink['from'] {
  if (cursor.eat('from')) return { kind: 'relation', name: cursor.qualifiedName('a relation') };
  cursor.expect('as');
  const end = cursor.find(
    (i) =>
      cursor.isAt(i, 'into') ||
      cursor.isAt(i, 'format') ||
      cursor.isAt(i, 'envelope') ||
      (i > cursor.at && cursor.isAt(i, 'with') && cursor.tokens[i + 1]?.text === '('),
  );
  const query = parseQuery(cursor.slice(cursor.at, end));
  cursor.at = end;
  return { kind: 'query', query };
}

function parseClauses(cursor: Cursor, sink: CreateSink): void {
  const once = (present: boolean, clause: string, at: number): void => {
    if (present) throw errorAt(cursor.context, at, `${clause} is given more than once`);
  };
  while (!cursor.done) {
    const at = cursor.offset;
    if (cursor.is('key') && cursor.isMark('(', 1)) {
      once(sink.key !== undefined, 'KEY', at);
      const location = cursor.location;
      cursor.at++;
      const columns = cursor.nameList();
      sink.key = { columns, enforced: !cursor.eat('not', 'enforced'), location };
    } else if (cursor.is('format') || cursor.is('key', 'format')) {
      once(sink.format !== undefined, 'FORMAT', at);
      const clause = parseFormatClause(cursor)!;
      sink.format = clause.format;
      if (clause.envelope !== undefined) {
        // RisingWave's PLAIN writes changes as they are.
        sink.envelope = {
          ...clause.envelope,
          name: clause.envelope.name === 'none' ? 'append' : clause.envelope.name,
        };
      }
    } else if (cursor.is('envelope')) {
      once(sink.envelope !== undefined, 'ENVELOPE', at);
      sink.envelope = parseEnvelope(cursor, ['upsert', 'debezium', 'append'] as const);
    } else if (cursor.eat('headers')) {
      sink.headers = cursor.identifier('a column');
    } else if (cursor.eat('with')) {
      once(sink.with.length > 0, 'WITH', at);
      sink.with = parseOptions(cursor);
    } else {
      throw cursor.error();
    }
  }
}
