/** CREATE SINK: a maintained query whose changes, encoded by the engine, go to a connector. */
import type { SubscribeOptions } from '../../engine/index.ts';
import type { CreateSink } from '../../sql/ast/create-sink.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName } from '../catalog/names.ts';
import type { SinkObject } from '../catalog/objects.ts';
import { defineSink } from '../ingest/sink-definition.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { asSessionNotice } from './notices.ts';
import { connectionOptions, connectionsOf } from './connection-options.ts';
import { readsTemporary } from './create-view.ts';
import { registerSchemas, sinkRegistries } from '../ingest/sink-schema.ts';
import { type Runnable, command } from './prepared.ts';
import { whenReadable } from './snapshot.ts';

const TAG = 'CREATE SINK';

export function prepareCreateSink(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateSink,
): Runnable {
  defineSink(system, session, parsed, statement); // errors before anything waits
  return command((session) =>
    system.ddl.run(async () => {
      const target = newName(system.catalog, session, parsed, statement.name, 'permanent');
      if (nameIsTaken(system.catalog, session, target, statement.ifNotExists)) return TAG;
      const definition = defineSink(system, session, parsed, statement);
      if (readsTemporary(system, definition.catalog)) {
        const message = 'sinks must not use temporary tables or views';
        throw new SqlError({ sqlstate: '0A000', message });
      }
      const { connector, connectorName, connection, options, formats, compiled, names } = definition;
      const { envelope } = definition.envelope;
      const connections = connectionsOf(system, session, parsed);
      const registries = sinkRegistries(parsed, formats, connections);
      await whenReadable(system, session, compiled);
      const notices = await connector.validate(options, connection?.options ?? null);
      for (const notice of [...definition.notices, ...notices]) session.notice(asSessionNotice(notice));
      const encoding = await registerSchemas(system, parsed, definition.encoding, {
        formats,
        envelope: envelope.kind,
        columns: compiled.columns,
        subject: connector.subject?.(options) ?? null,
        connections,
      });
      const sink: SinkObject = {
        kind: 'sink',
        id: system.catalog.allocateObject(),
        ...target,
        // The relation that FROM names is the first.
        dependsOn: [
          ...definition.catalog.resolved,
          ...[connection, ...registries].flatMap((each) => each?.id ?? []),
        ],
        statement: parsed.text,
        connector: connectorName,
        connection: connection?.id ?? null,
      };
      await commitCatalog(system, [{ kind: 'add', object: sink }]);
      const format = formats.value;
      const header = format.csv?.header ?? false;
      system.sinks.start({
        id: sink.id,
        name: `${target.schema}.${target.name}`,
        newSubscription: () => system.catalog.allocateArrangement(),
        connector: { name: connectorName, options: connector.options },
        options,
        plan: compiled.plan,
        envelope,
        encoding,
        snapshot: definition.snapshot,
        retainHistory: definition.retainHistory,
        timeZone: session.timeZone,
        header: header ? csvHeader([...names, ...envelopeColumns(envelope)]) : null,
        open: (identity, options, context) =>
          connector.open({
            options,
            connection: connection && connectionOptions(system, connection.id),
            format: { name: format.name, header },
            columns: names,
            identity,
            context,
          }),
      });
      await system.status.flush();
      return TAG;
    }, session),
  );
}

/** What the envelope puts behind a row's own columns in CSV. */
function envelopeColumns(envelope: SubscribeOptions['envelope']): string[] {
  return envelope.kind === 'diff' ? ['tw_timestamp', 'tw_diff'] : ['tw_timestamp', 'tw_operation'];
}

function csvHeader(names: readonly string[]): Buffer {
  const quoted = names.map((name) => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name));
  return Buffer.from(`${quoted.join(',')}\n`);
}
