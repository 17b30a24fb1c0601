/**
 * PostgreSQL's statistics of relations, one row each. Nothing is counted here: counters are zero and times unknown, as
 * they are in PostgreSQL for a relation that nobody has used.
 */
import { postgresColumns } from '../../../sql/functions/postgres-names.ts';
import type { SystemView } from './views.ts';

const SYSTEM_SCHEMAS = `('pg_catalog', 'information_schema', 'tw_internal', 'tw_catalog')`;
const SCOPES: Readonly<Record<string, string>> = {
  all: 'true',
  user: `s.name NOT IN ${SYSTEM_SCHEMAS}`,
  sys: `s.name IN ${SYSTEM_SCHEMAS}`,
};

const RELATION = { relid: 'r.oid', schemaname: 's.name', relname: 'r.name' };
const RELATIONS = `tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid`;
const INDEXES = `tw_internal.indexes x JOIN tw_internal.relations i ON i.oid = x.oid
  JOIN tw_internal.relations r ON r.oid = x.table_oid JOIN tw_internal.schemas s ON s.oid = r.schema_oid`;
const TABLES = `${RELATIONS} WHERE r.relkind IN ('r', 'm')`;

/** What a view's rows are of: the columns that identify them, and where they come from. */
interface Subject {
  readonly of: string;
  readonly identity: Readonly<Record<string, string>>;
  readonly from: string;
}
const tables: Subject = { of: 'tables', identity: RELATION, from: TABLES };
const indexes: Subject = {
  of: 'indexes',
  identity: { ...RELATION, indexrelid: 'i.oid', indexrelname: 'i.name' },
  from: `${INDEXES} WHERE true`,
};
const sequences: Subject = {
  of: 'sequences',
  identity: RELATION,
  from: `${RELATIONS} WHERE r.relkind = 'S'`,
};

/** A view with PostgreSQL's columns: these, and counters that are zero and times that are unknown. */
function counters(name: string, identity: Readonly<Record<string, string>>, from: string): SystemView {
  const list = postgresColumns('pg_catalog', name).map(({ name: column, type }) => {
    const unknown = ['timestamptz', 'text', 'xid', 'pg_lsn'].includes(type)
      ? 'NULL'
      : type === 'bool'
        ? 'false'
        : '0';
    const shown = type === 'xid' ? 'oid' : type;
    return `(${identity[column] ?? unknown})::"${shown}" AS "${column}"`;
  });
  return { schema: 'pg_catalog', name, query: `SELECT ${list.join(', ')} FROM ${from}` };
}

function statistics(prefix: string, { of, identity, from }: Subject): SystemView[] {
  return Object.entries(SCOPES).map(([scope, condition]) =>
    counters(`${prefix}_${scope}_${of}`, identity, `${from} AND ${condition}`),
  );
}

const ONE = '(VALUES (1)) AS one';
const SESSIONS = 'pg_catalog.pg_stat_activity a';

export const STATISTICS_VIEWS: readonly SystemView[] = [
  ...statistics('pg_stat', tables),
  ...statistics('pg_stat_xact', tables),
  ...statistics('pg_stat', indexes),
  ...statistics('pg_statio', tables),
  ...statistics('pg_statio', indexes),
  ...statistics('pg_statio', sequences),
];

/** Of the whole server, and of sessions. */
export const SERVER_STATISTICS_VIEWS: readonly SystemView[] = [
  counters(
    'pg_stat_database',
    {
      datid: 'd.oid',
      datname: 'd.datname',
      numbackends: '(SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)',
      checksum_failures: 'NULL',
    },
    '(SELECT oid, datname FROM pg_catalog.pg_database UNION ALL SELECT 0::oid, NULL::name) AS d',
  ),
  counters('pg_stat_bgwriter', {}, ONE),
  counters('pg_stat_checkpointer', {}, ONE),
  counters('pg_stat_archiver', {}, ONE),
  counters('pg_stat_wal', {}, ONE),
  // Nobody connects with either.
  counters('pg_stat_ssl', { pid: 'a.pid', bits: 'NULL', client_serial: 'NULL' }, SESSIONS),
  counters('pg_stat_gssapi', { pid: 'a.pid' }, SESSIONS),
];
