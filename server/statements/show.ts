/** SHOW of object lists and SHOW CREATE: SELECTs over tw_catalog. */
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import type { ShowCreate, ShowList, ShowObjects } from '../../sql/ast/show.ts';
import { SqlError } from '../../sql/error.ts';
import { positionOf, requireObject } from '../catalog/names.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { catalogKinds } from './drop.ts';
import { prepareInternal, quoteLiteral } from './internal-query.ts';
import type { Runnable } from './prepared.ts';

/** The type that a list shows, as tw_catalog.relations names it; null: every type. */
function listedType(list: ShowList): string | null {
  switch (list) {
    case 'tables':
      return 'table';
    case 'views':
      return 'view';
    case 'materialized views':
      return 'materialized view';
    case 'sources':
      return 'source';
    case 'indexes':
      return 'index';
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
  if (statement.where) {
    throw new SqlError({
      sqlstate: '0A000',
      message: 'SHOW … WHERE is not supported yet',
      hint: 'Use LIKE, or SELECT from tw_catalog.relations.',
    });
  }
  const like = statement.like ? ` AND name LIKE ${quoteLiteral(statement.like.pattern)}` : '';
  const sql = listQuery(system, session, parsed, statement);
  return prepareInternal(
    system,
    session,
    `SELECT * FROM (${sql}) AS shown WHERE true${like} ORDER BY 1`,
    'SHOW',
  );
}

function listQuery(
  system: System,
  session: SessionContext,
  parsed: ParsedStatement,
  statement: ShowObjects,
): string {
  const { list, from } = statement;
  switch (list) {
    case 'schemas':
      return 'SELECT nspname AS name FROM pg_catalog.pg_namespace';
    case 'databases':
      return 'SELECT datname AS name FROM pg_catalog.pg_database';
    case 'roles':
      return 'SELECT rolname AS name FROM pg_catalog.pg_roles';
    case 'columns': {
      if (!from) throw new SqlError({ sqlstate: '42601', message: 'SHOW COLUMNS needs FROM relation' });
      const kinds = ['table', 'source', 'view', 'materializedView', 'systemTable'] as const;
      const { id } = requireObject(system.catalog, session, parsed, from, kinds);
      return `SELECT attname AS name, NOT attnotnull AS nullable, format_type(atttypid, atttypmod) AS type
        FROM pg_catalog.pg_attribute WHERE attrelid = ${id}`;
    }
    case 'sinks':
      return `SELECT name, connector FROM tw_catalog.sinks WHERE ${inSchema(system, session, parsed, statement)}`;
    case 'tables':
    case 'views':
    case 'materialized views':
    case 'sources':
    case 'indexes':
    case 'objects': {
      const type = listedType(list);
      const columns = type === null ? 'name, type' : 'name';
      const condition = type === null ? 'true' : `type = ${quoteLiteral(type)}`;
      return `SELECT ${columns} FROM tw_catalog.relations
        WHERE ${condition} AND ${inSchema(system, session, parsed, statement)}`;
    }
    case 'connections':
    case 'secrets':
    case 'functions':
    case 'types':
    case 'subscriptions':
      throw new SqlError({ sqlstate: '0A000', message: `SHOW ${list.toUpperCase()} is not supported yet` });
  }
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
  const object = requireObject(
    system.catalog,
    session,
    parsed,
    statement.name,
    catalogKinds(statement.objectKind),
  );
  const name = quoteLiteral(`${object.schema}.${object.name}`);
  const text = object.statement === null ? 'NULL::text' : quoteLiteral(object.statement);
  return prepareInternal(system, session, `SELECT ${name} AS name, ${text} AS create_sql`, 'SHOW');
}
