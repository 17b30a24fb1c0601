/** CREATE SOURCE: the relations that it feeds, in one commit; then the connector runs. */
import type { ArrangementId } from '../../engine/index.ts';
import type { MetadataItem } from '../../connectors/contract.ts';
import type { CreateSource } from '../../sql/ast/create-source.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { CatalogColumn, ObjectId } from '../../sql/catalog.ts';
import { SqlError } from '../../sql/error.ts';
import { layoutByColumns } from '../../sql/physical/layout.ts';
import { toColumnType } from '../../sql/types/column-type.ts';
import { commitCatalog } from '../catalog/commit.ts';
import { nameIsTaken, newName, requireObject } from '../catalog/names.ts';
import type { ConnectionObject, SourceObject } from '../catalog/objects.ts';
import { type SourceDefinition, defineSource } from '../ingest/source-definition.ts';
import { progressColumns, rejectColumns } from '../ingest/side-relations.ts';
import type { SourceTable } from '../ingest/sources.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { connectionOptions, connectionsOf } from './connection-options.ts';
import { asSessionNotice } from './notices.ts';
import { type Runnable, command } from './prepared.ts';

const TAG = 'CREATE SOURCE';

export function prepareCreateSource(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: CreateSource,
): Runnable {
  const connectionOf = (session: SessionContext): ConnectionObject | null => {
    if (!statement.connection) return null;
    const object = requireObject(system.catalog, session, parsed, statement.connection, ['connection']);
    if (object.kind !== 'connection') throw new Error('only connections were asked for');
    return object;
  };
  const define = (session: SessionContext): Promise<SourceDefinition> =>
    defineSource(parsed, statement, system.planning.bindEnvironment(session, parsed), connectionOf(session), {
      engine: system.engine,
      connections: connectionsOf(system, session, parsed),
    });
  return command((session) =>
    system.ddl.run(async () => {
      const definition = await define(session);
      const target = newName(system.catalog, session, parsed, statement.name, 'permanent');
      if (nameIsTaken(system.catalog, session, target, statement.ifNotExists)) return TAG;
      const connection = connectionOf(session);
      const registry = definition.input.kind === 'records' ? definition.input.registry : null;
      const relations = new Relations(
        system,
        session,
        parsed,
        definition.connectorName,
        connection,
        registry,
      );
      const own = definition.several ? null : definition.tables[0]!;
      // Keyed messages replace rows, and a checked key refuses them.
      const appendOnly =
        definition.connector.appendOnly(definition.options) &&
        (definition.input.kind === 'generator' || definition.input.envelope === null);
      const source = own
        ? relations.add(target, own.columns, {
            key: own.primaryKey,
            checked: own.checked,
            own: true,
            appendOnly,
          })
        : relations.add(target, progressColumns, { key: null, checked: false, own: true, appendOnly: false });
      const tables: (SourceTable | null)[] = Array.from({ length: definition.tableCount }, () => null);
      for (const table of definition.tables) {
        const { fields } = table;
        if (table.name === null) {
          tables[table.number] = { id: source.id, arrangement: source.arrangement, fields };
          continue;
        }
        const name =
          typeof table.name === 'string'
            ? { schema: target.schema, name: table.name }
            : newName(system.catalog, session, parsed, table.name, 'permanent');
        const key = table.primaryKey;
        const object = relations.add(name, table.columns, {
          key,
          checked: table.checked,
          own: false,
          appendOnly,
        });
        tables[table.number] = { id: object.id, arrangement: object.arrangement, fields };
      }
      const into = statement.onError?.into;
      const rejects = into
        ? relations.add(newName(system.catalog, session, parsed, into, 'permanent'), rejectColumns, {
            key: null,
            checked: false,
            own: false,
            appendOnly: false,
          })
        : null;
      for (const notice of await definition.connector.validate(
        definition.options,
        connection?.options ?? null,
      )) {
        session.notice(asSessionNotice(notice));
      }
      await relations.create();
      const { connector, format, options, metadata } = definition;
      // A refused record is told with its file, even where its rows are not.
      const wanted: readonly MetadataItem[] =
        connector.metadata.includes('path') && !metadata.includes('path') && rejects
          ? [...metadata, 'path']
          : metadata;
      system.sources.start({
        id: source.id,
        name: `${source.schema}.${source.name}`,
        connector: { name: definition.connectorName, options: connector.options },
        settings: { onError: definition.onError, options },
        open: (context, offsets, options) =>
          connector.open({
            options,
            offsets,
            connection: connection && connectionOptions(system, connection.id),
            metadata: wanted,
            format: format && { name: format.name, header: format.csv?.header ?? false },
            context,
          }),
        tables,
        input:
          definition.input.kind === 'records'
            ? { ...definition.input, timeZone: session.timeZone }
            : definition.input,
        metadata,
        rejects,
        progress: definition.several ? source : null,
      });
      await system.status.flush();
      return TAG;
    }, session),
  );
}

/** The relations of one source: all of them come to be, or none. */
class Relations {
  readonly #system: System;
  readonly #session: SessionContext;
  readonly #parsed: ParsedStatement;
  readonly #connector: string;
  readonly #connection: ConnectionObject | null;
  /** Connections that the source needs besides its own. */
  readonly #needs: readonly ObjectId[];
  readonly #objects: { readonly object: SourceObject; readonly checked: boolean }[] = [];

  constructor(
    system: System,
    session: SessionContext,
    parsed: ParsedStatement,
    connector: string,
    connection: ConnectionObject | null,
    registry: { readonly connection: ObjectId } | null,
  ) {
    this.#system = system;
    this.#session = session;
    this.#parsed = parsed;
    this.#connector = connector;
    this.#connection = connection;
    this.#needs = registry === null ? [] : [registry.connection];
  }

  /** Plans a relation; `own`: the source itself, which the others belong to. Throws when its name is taken. */
  add(
    target: { schema: string; name: string },
    columns: readonly CatalogColumn[],
    options: {
      readonly key: readonly number[] | null;
      readonly checked: boolean;
      readonly own: boolean;
      readonly appendOnly: boolean;
    },
  ): SourceObject {
    const { catalog } = this.#system;
    nameIsTaken(catalog, this.#session, target, false);
    if (this.#objects.some(({ object }) => object.schema === target.schema && object.name === target.name)) {
      throw new SqlError({ sqlstate: '42P07', message: `relation "${target.name}" already exists` });
    }
    const parent: ObjectId | null = options.own ? null : this.#objects[0]!.object.id;
    const object: SourceObject = {
      kind: 'source',
      id: catalog.allocateObject(),
      ...target,
      dependsOn:
        parent !== null ? [parent] : [...(this.#connection ? [this.#connection.id] : []), ...this.#needs],
      statement: options.own ? this.#parsed.text : null,
      columns,
      arrangement: catalog.allocateArrangement(),
      layout: layoutByColumns(
        columns.map(({ type }) => toColumnType(type)),
        options.key,
      ),
      keys: options.key ? [options.key] : [],
      connector: this.#connector,
      parent,
      connection: this.#connection?.id ?? null,
      appendOnly: options.appendOnly,
    };
    this.#objects.push({ object, checked: options.checked });
    return object;
  }

  /** Collections first, then their names. */
  async create(): Promise<void> {
    const { engine } = this.#system;
    const made: ArrangementId[] = [];
    try {
      for (const { object, checked } of this.#objects) {
        const types = object.columns.map(({ type }) => toColumnType(type));
        const name = `${object.schema}.${object.name}`;
        engine.createCollection(object.arrangement, name, types, object.layout, checked);
        made.push(object.arrangement);
      }
      await commitCatalog(
        this.#system,
        this.#objects.map(({ object }) => ({ kind: 'add', object })),
      );
    } catch (error) {
      for (const arrangement of made) engine.drop(arrangement);
      throw error;
    }
  }
}
