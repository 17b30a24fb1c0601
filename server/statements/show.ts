/** SHOW of object lists and SHOW CREATE: SELECTs over tw_catalog. */
import type { QualifiedName } from '../../sql/ast/name.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ShowCreate, ShowList, ShowObjects } from '../../sql/ast/show.ts';
import { SqlError } from '../../sql/error.ts';
import { positionOf, requireObject } from '../catalog/names.ts';
import { type CatalogObject, describeObject } from '../catalog/objects.ts';
import { functionSchemasOf } from '../catalog/temporary.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { connectionText } from './create-connection.ts';
import { catalogKinds } from './drop.ts';
import { withSinkOptions, withSourceSettings, withViewOnError } from './names/current-options.ts';
import { prepareInternal, quoteLiteral } from './internal-query.ts';
import type { Runnable } from './prepared.ts';
import { readTimestamp } from './snapshot.ts';

/** The type that a list shows, as tw_catalog.relations names it; null: every type. */
function listedType(list: ShowList): string | null {
  switch (list) {
    case 'tables':
      return 'table';
    case 'views':
      return 'view';
    default:
      return null;
  }
}

export function prepareShowObjects(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: ShowObjects,
): Runnable {
  const prepare = (): Runnable => prepareList(system, session, parsed, statement);
  if (statement.list !== 'materialized views') return prepare();
  return {
    ...prepare(),
    run: async (session, execution) => {
      // Errors are counted when everything that was acknowledged is computed.
      await readTimestamp(system, session);
      return prepare().run(session, execution);
    },
  };
}

function prepareList(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: ShowObjects,
): Runnable {
  const { query, columns } = listQuery(system, session, parsed, statement);
  const like = statement.like ? ` WHERE name LIKE ${quoteLiteral(statement.like.pattern)}` : '';
  const order = statement.list === 'columns' ? 'position' : 'name';
  const sql = `SELECT ${columns} FROM (${query}) AS shown${like} ORDER BY ${order}`;
  const where = statement.where ? { node: statement.where, parsed } : null;
  return prepareInternal(system, session, sql, 'SHOW', { where });
}

/** A list as a query, whose columns WHERE can use, and those that are shown. */
interface ListQuery {
  readonly query: string;
  readonly columns: string;
}

function listQuery(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: ShowObjects,
): ListQuery {
  const { list, from, on } = statement;
  if (on && list !== 'indexes') throw misplaced(parsed, list, 'ON', on.location);
  switch (list) {
    case 'schemas':
    case 'databases':
    case 'roles': {
      if (from) throw misplaced(parsed, list, 'FROM', from.location);
      const relation = { schemas: 'namespace', databases: 'database', roles: 'roles' }[list];
      const prefix = { schemas: 'nsp', databases: 'dat', roles: 'rol' }[list];
      return { query: `SELECT ${prefix}name AS name FROM pg_catalog.pg_${relation}`, columns: 'name' };
    }
    case 'columns': {
      if (!from) throw new SqlError({ sqlstate: '42601', message: 'SHOW COLUMNS needs FROM relation' });
      const kinds = ['table', 'source', 'view', 'materializedView', 'systemTable'] as const;
      const { id } = requireObject(system.catalog, session, parsed, from, kinds);
      const query = `SELECT attname AS name, NOT attnotnull AS nullable, format_type(atttypid, atttypmod) AS type,
        attnum AS position FROM pg_catalog.pg_attribute WHERE attrelid = ${id}`;
      return { query, columns: 'name, nullable, type' };
    }
    case 'sinks': {
      const condition = inSchema(system, session, parsed, statement);
      return {
        query: `SELECT * FROM tw_catalog.sink_status WHERE ${condition}`,
        columns: 'name, connector, state, rows, bytes, lag, rows_per_second, bytes_per_second, error',
      };
    }
    case 'indexes': {
      const query = 'SELECT schema_name, name, table_name, is_unique, is_primary FROM tw_catalog.indexes';
      const columns = 'name, table_name AS "on"';
      if (!on) {
        return { query: `${query} WHERE ${inSchema(system, session, parsed, statement)}`, columns };
      }
      const kinds = ['table', 'source', 'materializedView'] as const;
      const { schema, name } = requireObject(system.catalog, session, parsed, on, kinds);
      const condition = `schema_name = ${quoteLiteral(schema)} AND table_name = ${quoteLiteral(name)}`;
      return { query: `${query} WHERE ${condition}`, columns };
    }
    case 'sources': {
      // Tables of a source are shown with it: they have no state of their own.
      const condition = inSchema(system, session, parsed, statement);
      return {
        query: `SELECT * FROM tw_catalog.source_status WHERE ${condition}`,
        columns:
          'name, connector, state, rows, rejected, bytes, lag, rows_per_second, bytes_per_second, error',
      };
    }
    case 'materialized views':
      return {
        query: `SELECT name, type, on_error, errors FROM (VALUES ${viewErrors(system)}) AS views (oid, on_error, errors)
          JOIN tw_catalog.relations USING (oid) WHERE ${inSchema(system, session, parsed, statement)}`,
        columns: 'name, on_error, errors',
      };
    case 'tables':
    case 'views':
    case 'objects': {
      const type = listedType(list);
      const condition = type === null ? 'true' : `type = ${quoteLiteral(type)}`;
      return {
        query: `SELECT name, type FROM tw_catalog.relations
          WHERE ${condition} AND ${inSchema(system, session, parsed, statement)}`,
        columns: type === null ? 'name, type' : 'name',
      };
    }
    case 'connections':
    case 'secrets':
      return {
        query: `SELECT * FROM tw_catalog.${list} WHERE ${inSchema(system, session, parsed, statement)}`,
        columns: list === 'secrets' ? 'name' : 'name, connector',
      };
    case 'functions':
      return {
        query: `SELECT * FROM tw_catalog.functions WHERE ${inSchema(system, session, parsed, statement)}`,
        columns: 'name, arguments, result',
      };
    case 'types':
    case 'subscriptions':
      throw new SqlError({ sqlstate: '0A000', message: `SHOW ${list.toUpperCase()} is not supported yet` });
  }
}

/** For each materialized view its id, what its readers get of its errors, and how many it has. */
function viewErrors(system: System): string {
  const rows = ["(NULL::oid, '', 0::int8)"];
  for (const object of system.catalog.objects()) {
    if (object.kind !== 'materializedView') continue;
    const errors = object.isComputed ? 0 : system.engine.errorCount(object.arrangement);
    rows.push(`(${object.id}::oid, '${object.onError}', ${errors})`);
  }
  return rows.join(', ');
}

function misplaced(parsed: ParsedStatement, list: ShowList, word: string, location: number): SqlError {
  return new SqlError({
    sqlstate: '42601',
    message: `SHOW ${list.toUpperCase()} has no ${word}`,
    position: positionOf(parsed, location),
  });
}

function inSchema(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: ShowObjects,
): string {
  const first = session.searchPath.find((schema) => system.catalog.schema(schema) !== null);
  const name = statement.from?.parts.join('.') ?? first ?? 'public';
  if (!system.catalog.schema(name)) {
    throw new SqlError({
      sqlstate: '3F000',
      message: `schema "${name}" does not exist`,
      position: positionOf(parsed, statement.from?.location),
    });
  }
  return `schema_name = ${quoteLiteral(name)}`;
}

export function prepareShowCreate(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: ShowCreate,
): Runnable {
  if (statement.objectKind === 'schema') {
    throw new SqlError({ sqlstate: '0A000', message: 'SHOW CREATE SCHEMA is not supported' });
  }
  if (statement.objectKind === 'function') return showFunctions(system, session, parsed, statement.name);
  const object = requireObject(
    system.catalog,
    session,
    parsed,
    statement.name,
    catalogKinds(statement.objectKind),
  );
  if (object.kind === 'secret') {
    throw new SqlError({
      sqlstate: '42501',
      message: `the statement of secret "${object.name}" is not shown`,
      detail: 'It has the value in it.',
    });
  }
  const name = quoteLiteral(`${object.schema}.${object.name}`);
  const prepare = (): Runnable => {
    const shown = createText(system, object);
    const text = shown === null ? 'NULL::text' : quoteLiteral(shown);
    return prepareInternal(system, session, `SELECT ${name} AS name, ${text} AS create_sql`, 'SHOW');
  };
  // Options of a source change without a change of the catalog.
  return { ...prepare(), run: (session, execution) => prepare().run(session, execution) };
}

/** All functions of a name. */
function showFunctions(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  { parts, location }: QualifiedName,
): Runnable {
  const name = parts[parts.length - 1]!;
  const schemas = functionSchemasOf(session, parts.at(-2));
  const found = schemas.flatMap((schema) => [...system.catalog.functions(schema, name)]);
  if (found.length === 0) {
    const message = `could not find a function named "${parts.join('.')}"`;
    throw new SqlError({ sqlstate: '42883', message, position: positionOf(parsed, location) });
  }
  const rows = found.map((each) => {
    const signature = describeObject(each, system.catalog).replace(/^function /, '');
    return `(${quoteLiteral(`${each.schema}.${signature}`)}, ${quoteLiteral(each.statement ?? '')})`;
  });
  const sql = `SELECT name, create_sql FROM (VALUES ${rows.join(', ')}) AS shown (name, create_sql) ORDER BY name`;
  return prepareInternal(system, session, sql, 'SHOW');
}

/** The statement that made the object, with the options that it has now. */
function createText(system: System, object: CatalogObject): string | null {
  if (object.kind === 'connection') return connectionText(system.catalog, object);
  const { statement } = object;
  if (statement === null) return null;
  if (object.kind === 'materializedView') return withViewOnError(statement, object.onError);
  if (object.kind === 'sink') {
    const sink = system.sinks.get(object.id);
    return sink && withSinkOptions(statement, sink.setup.connector.options, sink.options);
  }
  if (object.kind !== 'source') return statement;
  const source = system.sources.get(object.id);
  if (source === null) return statement;
  return withSourceSettings(statement, source.setup.connector.options, source.settings);
}
