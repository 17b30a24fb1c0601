/**
 * pg_catalog, information_schema and tw_catalog: ordinary views over the raw relations of `tw_internal`. Column names
 * are the union of PostgreSQL 15 to 18, so that clients of those versions find theirs.
 */

export interface SystemView {
  readonly schema: 'pg_catalog' | 'information_schema' | 'tw_catalog';
  readonly name: string;
  readonly query: string;
}

const NO_TEXT = 'NULL::text';

/** What is the same for every constraint: they are enforced, checked at once, and of one table. */
const CONSTRAINT = `false AS condeferrable, false AS condeferred, true AS conenforced, true AS convalidated`;
const NO_REFERENCE = `0::oid AS conparentid, 0::oid AS confrelid, ' '::"char" AS confupdtype, ' '::"char" AS confdeltype,
  ' '::"char" AS confmatchtype, true AS conislocal, 0::smallint AS coninhcount, false AS connoinherit, false AS conperiod,
  NULL::smallint[] AS confkey, NULL::oid[] AS conpfeqop, NULL::oid[] AS conppeqop, NULL::oid[] AS conffeqop,
  NULL::smallint[] AS confdelsetcols, NULL::oid[] AS conexclop`;

/** In the order of their object ids; new ones go to the end. */
export const SYSTEM_VIEWS: readonly SystemView[] = [
  {
    schema: 'pg_catalog',
    name: 'pg_namespace',
    query: `SELECT oid, name AS nspname, owner AS nspowner, ${NO_TEXT} AS nspacl FROM tw_internal.schemas`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_roles',
    query: `SELECT oid, name AS rolname, true AS rolsuper, true AS rolinherit, true AS rolcreaterole, true AS rolcreatedb,
      true AS rolcanlogin, false AS rolreplication, -1 AS rolconnlimit, '********'::text AS rolpassword,
      NULL::timestamptz AS rolvaliduntil, true AS rolbypassrls, ${NO_TEXT} AS rolconfig FROM tw_internal.roles`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_authid',
    query: `SELECT oid, name AS rolname, true AS rolsuper, true AS rolinherit, true AS rolcreaterole, true AS rolcreatedb,
      true AS rolcanlogin, false AS rolreplication, true AS rolbypassrls, -1 AS rolconnlimit,
      ${NO_TEXT} AS rolpassword, NULL::timestamptz AS rolvaliduntil FROM tw_internal.roles`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_user',
    query: `SELECT name AS usename, oid AS usesysid, true AS usecreatedb, true AS usesuper, false AS userepl,
      true AS usebypassrls, '********'::text AS passwd, NULL::timestamptz AS valuntil, ${NO_TEXT} AS useconfig
      FROM tw_internal.roles`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_am',
    query: `SELECT column1::oid AS oid, column2::name AS amname, column3::oid AS amhandler, column4::"char" AS amtype
      FROM (VALUES (2, 'heap', 3, 't'), (403, 'btree', 330, 'i')) AS am`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_database',
    query: `SELECT 1::oid AS oid, current_database()::name AS datname, oid AS datdba, 6 AS encoding,
      'c'::"char" AS datlocprovider, false AS datistemplate, true AS datallowconn, false AS dathasloginevt,
      -1 AS datconnlimit, 1663::oid AS dattablespace, 'C.UTF-8'::text AS datcollate, 'C.UTF-8'::text AS datctype,
      ${NO_TEXT} AS daticulocale, ${NO_TEXT} AS datlocale, ${NO_TEXT} AS daticurules, ${NO_TEXT} AS datcollversion,
      ${NO_TEXT} AS datacl FROM tw_internal.roles`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_tablespace',
    query: `SELECT 1663::oid AS oid, 'pg_default'::name AS spcname, oid AS spcowner, ${NO_TEXT} AS spcacl,
      ${NO_TEXT} AS spcoptions FROM tw_internal.roles`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_class',
    query: `SELECT oid, name AS relname, schema_oid AS relnamespace, 0::oid AS reltype, 0::oid AS reloftype,
      owner AS relowner,
      CASE relkind WHEN 'r' THEN 2::oid WHEN 'm' THEN 2::oid WHEN 'i' THEN 403::oid ELSE 0::oid END AS relam,
      oid AS relfilenode, 0::oid AS reltablespace, 0 AS relpages, (-1)::real AS reltuples, 0 AS relallvisible,
      0 AS relallfrozen, 0::oid AS reltoastrelid, has_index AS relhasindex, false AS relisshared,
      'p'::"char" AS relpersistence, relkind, column_count AS relnatts, 0::smallint AS relchecks,
      false AS relhasrules, false AS relhastriggers, false AS relhassubclass, false AS relrowsecurity,
      false AS relforcerowsecurity, true AS relispopulated, 'd'::"char" AS relreplident, false AS relispartition,
      0::oid AS relrewrite, 0::oid AS relfrozenxid, 0::oid AS relminmxid, ${NO_TEXT} AS relacl,
      ${NO_TEXT} AS reloptions, ${NO_TEXT} AS relpartbound FROM tw_internal.relations`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_attribute',
    query: `SELECT relation_oid AS attrelid, name AS attname, type_oid AS atttypid, (-1)::smallint AS attlen, number AS attnum,
      -1 AS attcacheoff, typmod AS atttypmod, 0::smallint AS attndims, false AS attbyval, 'i'::"char" AS attalign,
      'p'::"char" AS attstorage, ''::"char" AS attcompression, not_null AS attnotnull,
      default_text IS NOT NULL AS atthasdef, false AS atthasmissing, identity AS attidentity,
      ''::"char" AS attgenerated, false AS attisdropped, true AS attislocal, 0::smallint AS attinhcount,
      NULL::smallint AS attstattarget, 0::oid AS attcollation, ${NO_TEXT} AS attacl, ${NO_TEXT} AS attoptions,
      ${NO_TEXT} AS attfdwoptions FROM tw_internal.columns`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_attrdef',
    query: `SELECT relation_oid AS oid, relation_oid AS adrelid, number AS adnum, default_text AS adbin
      FROM tw_internal.columns WHERE default_text IS NOT NULL`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_index',
    query: `SELECT oid AS indexrelid, table_oid AS indrelid, 0::smallint AS indnatts, 0::smallint AS indnkeyatts,
      is_unique AS indisunique, nulls_equal AS indnullsnotdistinct, is_primary AS indisprimary, false AS indisexclusion,
      true AS indimmediate, false AS indisclustered, true AS indisvalid, false AS indcheckxmin, true AS indisready,
      true AS indislive, false AS indisreplident, columns AS indkey, ${NO_TEXT} AS indexprs, ${NO_TEXT} AS indpred
      FROM tw_internal.indexes`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_tables',
    query: `SELECT s.name AS schemaname, r.name AS tablename, 'tidewire'::name AS tableowner, NULL::name AS tablespace,
      r.has_index AS hasindexes, false AS hasrules, false AS hastriggers, false AS rowsecurity
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.relkind = 'r'`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_views',
    query: `SELECT s.name AS schemaname, r.name AS viewname, 'tidewire'::name AS viewowner, r.definition
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.relkind = 'v'`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_matviews',
    query: `SELECT s.name AS schemaname, r.name AS matviewname, 'tidewire'::name AS matviewowner, NULL::name AS tablespace,
      false AS hasindexes, true AS ispopulated, r.definition
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.relkind = 'm'`,
  },
  {
    schema: 'information_schema',
    name: 'schemata',
    query: `SELECT current_database()::name AS catalog_name, name AS schema_name, 'tidewire'::name AS schema_owner
      FROM tw_internal.schemas`,
  },
  {
    schema: 'information_schema',
    name: 'tables',
    query: `SELECT current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      CASE r.relkind WHEN 'r' THEN 'BASE TABLE' ELSE 'VIEW' END AS table_type
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      WHERE r.relkind IN ('r', 'v')`,
  },
  {
    schema: 'tw_catalog',
    name: 'relations',
    query: `SELECT r.oid, s.name AS schema_name, r.name, r.object_type AS type, r.statement
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'sources',
    query: `SELECT o.oid, s.name AS schema_name, o.name, o.connector
      FROM tw_internal.sources o JOIN tw_internal.schemas s ON s.oid = o.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'sinks',
    query: `SELECT o.oid, s.name AS schema_name, o.name, o.connector
      FROM tw_internal.sinks o JOIN tw_internal.schemas s ON s.oid = o.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'indexes',
    query: `SELECT i.oid, s.name AS schema_name, r.name, t.name AS table_name, i.is_unique, i.is_primary
      FROM tw_internal.indexes i JOIN tw_internal.relations r ON r.oid = i.oid
      JOIN tw_internal.relations t ON t.oid = i.table_oid JOIN tw_internal.schemas s ON s.oid = r.schema_oid`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_type',
    query: `SELECT oid, name AS typname, 11::oid AS typnamespace, 10::oid AS typowner, length AS typlen, is_by_value AS typbyval,
      kind AS typtype, category AS typcategory, is_preferred AS typispreferred, true AS typisdefined,
      ','::"char" AS typdelim, 0::oid AS typrelid, element_oid AS typelem, array_oid AS typarray, false AS typnotnull,
      0::oid AS typbasetype, -1 AS typtypmod, 0 AS typndims, collation_oid AS typcollation, ${NO_TEXT} AS typdefault,
      ${NO_TEXT} AS typacl FROM tw_internal.types`,
  },
  {
    schema: 'tw_catalog',
    name: 'source_status',
    query: `SELECT o.oid, n.name AS schema_name, o.name, o.connector, s.state, s.error, s.since, s.on_error, s.rows,
      s.rejected, s.bytes, s.partitions, s.lag, s.rows_per_second, s.bytes_per_second
      FROM tw_internal.source_status s JOIN tw_internal.sources o ON o.oid = s.source_oid
      JOIN tw_internal.schemas n ON n.oid = o.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'source_partitions',
    query: `SELECT o.oid, n.name AS schema_name, o.name AS source_name, p.name, p.partition, p."offset", p.lag
      FROM tw_internal.source_partitions p JOIN tw_internal.sources o ON o.oid = p.source_oid
      JOIN tw_internal.schemas n ON n.oid = o.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'source_errors',
    query: `SELECT o.oid, n.name AS schema_name, o.name AS source_name, e.occurred_at, e.error_code, e.error_message,
      e.error_detail, e.path, e.position, e.line, e.bytes
      FROM tw_internal.source_errors e JOIN tw_internal.sources o ON o.oid = e.source_oid
      JOIN tw_internal.schemas n ON n.oid = o.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'sink_status',
    query: `SELECT o.oid, n.name AS schema_name, o.name, o.connector, s.state, s.error, s.since, s.rows, s.bytes,
      s.lag, s.errors, s.written_up_to, s.rows_per_second, s.bytes_per_second
      FROM tw_internal.sink_status s JOIN tw_internal.sinks o ON o.oid = s.sink_oid
      JOIN tw_internal.schemas n ON n.oid = o.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'secrets',
    query: `SELECT o.oid, s.name AS schema_name, o.name
      FROM tw_internal.secrets o JOIN tw_internal.schemas s ON s.oid = o.schema_oid`,
  },
  {
    schema: 'tw_catalog',
    name: 'connections',
    query: `SELECT o.oid, s.name AS schema_name, o.name, o.connector
      FROM tw_internal.connections o JOIN tw_internal.schemas s ON s.oid = o.schema_oid`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_constraint',
    query: `SELECT c.oid, c.name AS conname, r.schema_oid AS connamespace, 'c'::"char" AS contype, ${CONSTRAINT},
      c.table_oid AS conrelid, 0::oid AS contypid, 0::oid AS conindid, ${NO_REFERENCE}, c.columns::smallint[] AS conkey,
      c.condition AS conbin
      FROM tw_internal.checks c JOIN tw_internal.relations r ON r.oid = c.table_oid
      UNION ALL SELECT i.oid, x.name, x.schema_oid, CASE WHEN i.is_primary THEN 'p'::"char" ELSE 'u'::"char" END, ${CONSTRAINT},
      i.table_oid, 0::oid, i.oid, ${NO_REFERENCE}, ('{' || replace(i.columns, ' ', ',') || '}')::smallint[], NULL
      FROM tw_internal.indexes i JOIN tw_internal.relations x ON x.oid = i.oid WHERE i.is_constraint`,
  },
  {
    schema: 'information_schema',
    name: 'table_constraints',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, c.conname AS constraint_name,
      current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      CASE c.contype WHEN 'c' THEN 'CHECK' WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END AS constraint_type,
      'NO' AS is_deferrable, 'NO' AS initially_deferred, 'YES' AS enforced,
      CASE c.contype WHEN 'u' THEN CASE WHEN i.nulls_equal THEN 'NO' ELSE 'YES' END END AS nulls_distinct
      FROM pg_catalog.pg_constraint c JOIN tw_internal.relations r ON r.oid = c.conrelid
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid LEFT JOIN tw_internal.indexes i ON i.oid = c.conindid`,
  },
  {
    schema: 'information_schema',
    name: 'check_constraints',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, c.name AS constraint_name,
      c.condition AS check_clause
      FROM tw_internal.checks c JOIN tw_internal.relations r ON r.oid = c.table_oid
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid`,
  },
  {
    schema: 'information_schema',
    name: 'key_column_usage',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, x.name AS constraint_name,
      current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      k.name AS column_name, n.ordinality::int4 AS ordinal_position, NULL::int4 AS position_in_unique_constraint
      FROM tw_internal.indexes i JOIN tw_internal.relations x ON x.oid = i.oid
      JOIN tw_internal.relations r ON r.oid = i.table_oid JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      CROSS JOIN LATERAL string_to_table(i.columns, ' ') WITH ORDINALITY AS n (number, ordinality)
      JOIN tw_internal.columns k ON k.relation_oid = i.table_oid AND k.number = n.number::int2
      WHERE i.is_constraint`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_sequence',
    query: `SELECT oid AS seqrelid, type_oid AS seqtypid, start AS seqstart, increment AS seqincrement, maximum AS seqmax,
      minimum AS seqmin, cache AS seqcache, cycles AS seqcycle FROM tw_internal.sequences`,
  },
  {
    schema: 'tw_catalog',
    name: 'functions',
    query: `SELECT f.oid, s.name AS schema_name, f.name, f.argument_types AS arguments, f.result_type AS result,
      CASE f.volatility WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility, f.is_strict,
      f.statement FROM tw_internal.functions f JOIN tw_internal.schemas s ON s.oid = f.schema_oid`,
  },
];
