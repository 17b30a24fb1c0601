/**
 * VACUUM, ANALYZE, REINDEX, CLUSTER and CHECKPOINT: what they ask for is always so. They are accepted with a NOTICE, since
 * scripts have them everywhere; what they name must be there.
 */
import type { ClusterStmt, Node, ReindexStmt, VacuumRelation, VacuumStmt } from '@pgsql/types';
import { locationOf, nodeAs, rangeName, stringOf } from '../../sql/ast/accessors.ts';
import type { ParsedStatement } from '../../sql/ast/statement.ts';
import { SqlError } from '../../sql/error.ts';
import { lookUp, positionOf, requireObject } from '../catalog/names.ts';
import type { CatalogObject, ObjectKind } from '../catalog/objects.ts';
import { parseBoolean } from '../session/settings/definition.ts';
import type { SessionContext } from '../session/statement.ts';
import type { System } from '../system.ts';
import { hasNoEffect } from './no-effect.ts';
import { type Runnable, command } from './prepared.ts';
import { requireSchema } from './require-named.ts';
import { givenParameter } from './storage-parameters.ts';
import { refuseInBlock } from './transaction-block.ts';

interface Context {
  readonly system: System;
  readonly session: SessionContext;
  readonly parsed: ParsedStatement;
}

/** Null: the statement is another. */
export function prepareMaintenance(system: System, parsed: ParsedStatement, node: Node): Runnable | null {
  const carriedOut = (name: string, detail: string, check: (context: Context) => void): Runnable =>
    command(async (session) => {
      check({ system, session, parsed });
      hasNoEffect(session, name, detail);
      return name;
    });
  if ('VacuumStmt' in node) {
    const { VacuumStmt: statement } = node;
    return statement.is_vacuumcmd === true
      ? carriedOut('VACUUM', 'What is deleted is freed as it goes.', (context) => {
          checkVacuum(context, statement);
        })
      : carriedOut('ANALYZE', 'How many rows relations have is always known.', (context) => {
          checkOptions(context, 'ANALYZE', statement.options, ANALYZE_OPTIONS);
          checkRelations(context, statement);
        });
  }
  if ('ReindexStmt' in node) {
    return carriedOut('REINDEX', 'Indexes are kept in order as they change.', (context) => {
      checkReindex(context, node.ReindexStmt);
    });
  }
  if ('ClusterStmt' in node) {
    return carriedOut('CLUSTER', 'Rows have no place of their own.', (context) => {
      checkCluster(context, node.ClusterStmt);
    });
  }
  if (!('CheckPointStmt' in node)) return null;
  return carriedOut('CHECKPOINT', 'Nothing is kept on disk.', () => {});
}

/** What an option takes. */
type Values = 'boolean' | 'auto' | 'size' | 'workers' | 'name';

const ANALYZE_OPTIONS: Readonly<Record<string, Values>> = {
  verbose: 'boolean',
  skip_locked: 'boolean',
  buffer_usage_limit: 'size',
};

const VACUUM_OPTIONS: Readonly<Record<string, Values>> = {
  ...ANALYZE_OPTIONS,
  analyze: 'boolean',
  freeze: 'boolean',
  full: 'boolean',
  disable_page_skipping: 'boolean',
  index_cleanup: 'auto',
  process_main: 'boolean',
  process_toast: 'boolean',
  truncate: 'boolean',
  parallel: 'workers',
  skip_database_stats: 'boolean',
  only_database_stats: 'boolean',
};

const REINDEX_OPTIONS: Readonly<Record<string, Values>> = {
  verbose: 'boolean',
  concurrently: 'boolean',
  tablespace: 'name',
};

const CLUSTER_OPTIONS: Readonly<Record<string, Values>> = { verbose: 'boolean' };

/** The options that are on. */
function checkOptions(
  { parsed }: Context,
  statement: string,
  options: readonly Node[] | undefined,
  known: Readonly<Record<string, Values>>,
): Set<string> {
  const on = new Set<string>();
  for (const node of options ?? []) {
    const option = nodeAs(node, 'DefElem')!;
    const { text } = givenParameter(option);
    const name = option.defname ?? '';
    const values = known[name];
    const refused = (message: string, position?: number): SqlError =>
      new SqlError({ sqlstate: '42601', message, position });
    const at = positionOf(parsed, locationOf(option));
    if (values === undefined) throw refused(`unrecognized ${statement} option "${name}"`, at);
    if (values === 'workers') {
      if (option.arg === undefined) throw refused(`${name} option requires a value between 0 and 1024`, at);
      if (!(Number(text) >= 0 && Number(text) <= 1024)) {
        throw refused('parallel workers for vacuum must be between 0 and 1024', at);
      }
    }
    if (values !== 'boolean' && !(values === 'auto' && text?.toLowerCase() !== 'auto')) {
      if (text !== '0') on.add(name);
      continue;
    }
    const given = option.arg === undefined ? true : parseBoolean(text ?? '');
    if (given === null || given === undefined) throw refused(`${name} requires a Boolean value`);
    if (given) on.add(name);
  }
  return on;
}

function checkVacuum(context: Context, statement: VacuumStmt): void {
  const on = checkOptions(context, 'VACUUM', statement.options, VACUUM_OPTIONS);
  const refused = (message: string): SqlError => new SqlError({ sqlstate: '0A000', message });
  if (on.has('full') && on.has('parallel')) throw refused('VACUUM FULL cannot be performed in parallel');
  if (on.has('full') && on.has('disable_page_skipping')) {
    throw refused('VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL');
  }
  const relations = vacuumed(statement);
  if (!on.has('analyze') && relations.some(({ va_cols: columns }) => (columns ?? []).length > 0)) {
    throw refused('ANALYZE option must be specified when a column list is provided');
  }
  if (on.has('only_database_stats') && relations.length > 0) {
    throw refused('ONLY_DATABASE_STATS cannot be specified with a list of tables');
  }
  refuseInBlock(context.session, 'VACUUM');
  checkRelations(context, statement);
}

function vacuumed({ rels }: VacuumStmt): VacuumRelation[] {
  return (rels ?? []).map((node) => nodeAs(node, 'VacuumRelation')!);
}

function checkRelations(context: Context, statement: VacuumStmt): void {
  const what = statement.is_vacuumcmd === true ? 'vacuum' : 'analyze';
  for (const { relation, va_cols: named = [] } of vacuumed(statement)) {
    const object = requireRelation(context, relation);
    if (!HOLDS_ROWS.includes(object.kind) && object.kind !== 'systemTable' && !isCatalog(object)) {
      const message = `skipping "${object.name}" --- cannot ${what} non-tables or special system tables`;
      context.session.notice({ severity: 'WARNING', sqlstate: '01000', message });
      continue;
    }
    const columns = 'columns' in object ? object.columns : [];
    const seen = new Set<string>();
    for (const name of named.map(stringOf)) {
      const refused = (sqlstate: string, why: string): SqlError =>
        new SqlError({ sqlstate, message: `column "${name}" of relation "${object.name}" ${why}` });
      if (!columns.some((column) => typeof column === 'object' && column.name === name)) {
        throw refused('42703', 'does not exist');
      }
      if (seen.has(name)) throw refused('42701', 'appears more than once');
      seen.add(name);
    }
  }
}

const HOLDS_ROWS: readonly ObjectKind[] = ['table', 'source', 'materializedView'];

function isCatalog({ schema }: CatalogObject): boolean {
  return schema === 'pg_catalog';
}

function requireRelation(
  { system, session, parsed }: Context,
  relation: ReindexStmt['relation'],
): CatalogObject {
  return requireObject(system.catalog, session, parsed, rangeName(relation), ANY_RELATION, {
    relation: true,
  });
}

const ANY_RELATION: readonly ObjectKind[] = [
  ...HOLDS_ROWS,
  ...(['systemTable', 'view', 'sequence', 'index'] as const),
];

/** A table, or what has rows as one has. */
function requireTable(context: Context, relation: ReindexStmt['relation']): CatalogObject {
  const object = requireRelation(context, relation);
  if (HOLDS_ROWS.includes(object.kind) || isCatalog(object)) return object;
  const message = `"${object.name}" is not a table or materialized view`;
  throw new SqlError({ sqlstate: '42809', message });
}

function checkReindex(context: Context, { kind, relation, name, params }: ReindexStmt): void {
  const { system, session } = context;
  const on = checkOptions(context, 'REINDEX', params, REINDEX_OPTIONS);
  if (on.has('tablespace')) {
    throw new SqlError({ sqlstate: '0A000', message: 'REINDEX (TABLESPACE) is not supported' });
  }
  if (on.has('concurrently')) refuseInBlock(session, 'REINDEX CONCURRENTLY');
  switch (kind) {
    case 'REINDEX_OBJECT_INDEX': {
      const object = requireRelation(context, relation);
      if (object.kind === 'index') return;
      throw new SqlError({ sqlstate: '42809', message: `"${object.name}" is not an index` });
    }
    case 'REINDEX_OBJECT_TABLE':
      requireTable(context, relation);
      return;
    case 'REINDEX_OBJECT_SCHEMA':
      refuseInBlock(session, 'REINDEX SCHEMA');
      return requireSchema(system, name ?? '');
    default: {
      const what = kind === 'REINDEX_OBJECT_SYSTEM' ? 'SYSTEM' : 'DATABASE';
      refuseInBlock(session, `REINDEX ${what}`);
      if (name === undefined || name === session.database) return;
      throw new SqlError({ sqlstate: '0A000', message: 'can only reindex the currently open database' });
    }
  }
}

function checkCluster(context: Context, { relation, indexname: name, params }: ClusterStmt): void {
  const { system, session, parsed } = context;
  checkOptions(context, 'CLUSTER', params, CLUSTER_OPTIONS);
  if (relation === undefined) return refuseInBlock(session, 'CLUSTER');
  const object = requireTable(context, relation);
  if (name === undefined) return;
  const parts = [object.schema, name];
  const index = lookUp(system.catalog, session, parsed, { parts, location: 0, end: 0 });
  if (index?.kind === 'index' && index.table === object.id) return;
  const message = `index "${name}" for table "${object.name}" does not exist`;
  throw new SqlError({ sqlstate: '42704', message });
}
