/**
 * pg_catalog, information_schema and tw_catalog: ordinary views over the raw relations of `tw_internal`. Column names
 * are the union of PostgreSQL 15 to 18, so that clients of those versions find theirs.
 */
import { TYPE_FACTS } from '../../../sql/functions/type-facts.ts';
import { COLLATIONS } from '../../../sql/types/collations.ts';
import { rangeRows } from '../../../sql/functions/catalog.generated.ts';
import { rowTypeOids } from '../../../sql/types/own.ts';
import { typeOid } from '../../../sql/types/table.ts';
import { FIRST_USER_ID } from '../catalog.ts';
import { INFORMATION_VIEWS } from './information-views.ts';
import { OPERATOR_CLASSES, OPERATOR_FAMILIES, isUsual } from './operator-classes.ts';
import { SERVER_STATISTICS_VIEWS, STATISTICS_VIEWS } from './statistics-views.ts';
import { KNOWN_EXTENSIONS, OWN_EXTENSION } from '../known-extensions.ts';
import type { NullableType, TypeName } from '../../../sql/types/type.ts';

export interface SystemView {
  readonly schema: 'pg_catalog' | 'information_schema' | 'tw_catalog';
  readonly name: string;
  readonly query: string;
  /** The columns where they are known without binding the query. */
  readonly columns?: readonly { readonly name: string; readonly type: NullableType }[];
}

const { oid: ROW_TYPES } = rowTypeOids(0);
const NO_TEXT = 'NULL::text';
const NO_TEXTS = 'NULL::text[]';
/** Where PostgreSQL says which catalog an object is of. */
const RELATION = "'pg_catalog.pg_class'::regclass::oid";
const CONSTRAINTS = "'pg_catalog.pg_constraint'::regclass::oid";
const RULE = "'pg_catalog.pg_rewrite'::regclass::oid";

const CONSTRAINT = `c.is_deferrable AS condeferrable, c.is_deferred AS condeferred, c.is_enforced AS conenforced, c.is_validated AS convalidated`;
const REFERENCE = `0::oid AS conparentid, c.parent_oid AS confrelid, c.on_update AS confupdtype, c.on_delete AS confdeltype,
  c.match AS confmatchtype, true AS conislocal, 0::smallint AS coninhcount, c.no_inherit AS connoinherit, false AS conperiod,
  c.parent_columns AS confkey, NULL::oid[] AS conpfeqop, NULL::oid[] AS conppeqop, NULL::oid[] AS conffeqop,
  c.on_delete_columns AS confdelsetcols, NULL::oid[] AS conexclop`;

/** PostgreSQL's own range types. */
function rangeTypes(): string {
  const rows = rangeRows.map(([range, subtype, multirange, ...rest]) => [
    ...[range, subtype, multirange].map((name) => typeOid(name as TypeName)),
    ...rest,
  ]);
  return rows.map((row) => `(${row.join(', ')})`).join(', ');
}

/** The oid of a column's default: no two have the same while there are fewer than 2,500,000 objects. */
function defaultOid(relation: string, number: string): string {
  return `(((${relation}::int8 * 1664) + ${number}) % 4294967296)::oid`;
}

/** A referential action in the words of information_schema. */
function rule(code: string): string {
  return `CASE ${code} WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
    WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END::varchar`;
}

/** information_schema tells of what users may reach, and tools leave out no schemas but PostgreSQL's own. */
const OF_USERS = "s.name NOT IN ('tw_internal', 'tw_catalog')";

/** What PostgreSQL's function of this name says of a type and its modifier. */
function typeFact(name: keyof typeof TYPE_FACTS, type: string, typmod: string): string {
  return TYPE_FACTS[name].fact(type, typmod);
}

/** What information_schema says of a collation: nothing of the database's own. */
function collation(part: 'catalog' | 'schema' | 'name', oid: string): string {
  const own = COLLATIONS.filter(([, name]) => name !== 'default');
  const name = own.map(([known, called]) => `WHEN ${known} THEN '${called}'`).join(' ');
  const said = { catalog: 'current_database()', schema: "'pg_catalog'", name: `CASE ${oid} ${name} END` };
  return `CASE WHEN ${oid} NOT IN (0, 100) THEN ${said[part]} END::name AS collation_${part}`;
}

/** information_schema.columns: what PostgreSQL works out from a type and its modifier. */
function informationColumns(): string {
  const fact = (name: keyof typeof TYPE_FACTS): string => typeFact(name, 'c.type_oid', 'c.typmod');
  return `SELECT current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
    c.name AS column_name, c.number::int4 AS ordinal_position,
    CASE WHEN c.generated = '' THEN pg_get_expr(c.default_text, c.relation_oid) END::varchar AS column_default,
    CASE WHEN c.not_null THEN 'NO' ELSE 'YES' END::varchar AS is_nullable,
    CASE WHEN t.category = 'A' THEN 'ARRAY' WHEN t.schema_oid <> 11 THEN 'USER-DEFINED' ELSE t.display END::varchar AS data_type,
    ${fact('_pg_char_max_length')} AS character_maximum_length, ${fact('_pg_char_octet_length')} AS character_octet_length,
    ${fact('_pg_numeric_precision')} AS numeric_precision, ${fact('_pg_numeric_precision_radix')} AS numeric_precision_radix,
    ${fact('_pg_numeric_scale')} AS numeric_scale, ${fact('_pg_datetime_precision')} AS datetime_precision,
    ${fact('_pg_interval_type')}::varchar AS interval_type, NULL::int4 AS interval_precision, NULL::name AS character_set_catalog,
    NULL::name AS character_set_schema, NULL::name AS character_set_name, ${collation('catalog', 'c.collation_oid')},
    ${collation('schema', 'c.collation_oid')}, ${collation('name', 'c.collation_oid')}, CASE WHEN c.domain_name IS NOT NULL THEN current_database()::name END AS domain_catalog,
    ds.name AS domain_schema, c.domain_name, current_database()::name AS udt_catalog,
    us.name AS udt_schema, t.name AS udt_name, NULL::name AS scope_catalog, NULL::name AS scope_schema,
    NULL::name AS scope_name, NULL::int4 AS maximum_cardinality, c.number::text::name AS dtd_identifier,
    'NO'::varchar AS is_self_referencing,
    CASE WHEN c.identity = '' THEN 'NO' ELSE 'YES' END::varchar AS is_identity,
    CASE c.identity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END::varchar AS identity_generation,
    q.start::varchar AS identity_start, q.increment::varchar AS identity_increment,
    q.maximum::varchar AS identity_maximum, q.minimum::varchar AS identity_minimum,
    CASE WHEN q.cycles THEN 'YES' ELSE 'NO' END::varchar AS identity_cycle,
    CASE WHEN c.generated = '' THEN 'NEVER' ELSE 'ALWAYS' END::varchar AS is_generated,
    CASE WHEN c.generated <> '' THEN pg_get_expr(c.default_text, c.relation_oid) END::varchar AS generation_expression,
    CASE WHEN c.is_updatable THEN 'YES' ELSE 'NO' END::varchar AS is_updatable
    FROM (SELECT k.relation_oid, k.number, k.name, k.is_updatable, k.not_null OR d.not_null AS not_null, k.default_text, k.identity, k.generated, k.collation_oid,
        CASE WHEN d.kind = 'd' THEN d.base_oid ELSE k.type_oid END AS type_oid,
        CASE WHEN d.kind = 'd' THEN d.typmod ELSE k.typmod END AS typmod,
        CASE WHEN d.kind = 'd' THEN d.name END AS domain_name,
        CASE WHEN d.kind = 'd' THEN d.schema_oid END AS domain_schema_oid
      FROM tw_internal.columns k JOIN tw_internal.types d ON d.oid = k.type_oid) AS c
    JOIN tw_internal.relations r ON r.oid = c.relation_oid
    JOIN tw_internal.schemas s ON s.oid = r.schema_oid JOIN tw_internal.types t ON t.oid = c.type_oid
    JOIN tw_internal.schemas us ON us.oid = t.schema_oid
    LEFT JOIN tw_internal.schemas ds ON ds.oid = c.domain_schema_oid
    LEFT JOIN tw_internal.sequences q ON q.owner_table = c.relation_oid AND q.owner_column = c.number AND q.is_identity
    WHERE r.relkind IN ('r', 'v') AND ${OF_USERS}`;
}

/** Catalogs whose rows can have a comment. */
const COMMENTED = ['pg_class', 'pg_type', 'pg_proc', 'pg_namespace', 'pg_constraint', 'pg_extension'];

/** The extensions that CREATE EXTENSION makes. */
const AVAILABLE = [...KNOWN_EXTENSIONS, ['tidewire', OWN_EXTENSION] as const]
  .map(([name, { version, comment }]) => `('${name}', '${version}', '${comment}')`)
  .join(', ');

/** In the order of their object ids; new ones go to the end. */
export const SYSTEM_VIEWS: readonly SystemView[] = [
  {
    schema: 'pg_catalog',
    name: 'pg_namespace',
    query: `SELECT oid, name AS nspname, owner AS nspowner,
      CASE oid WHEN 2200 THEN ARRAY['pg_database_owner=UC/pg_database_owner', '=U/pg_database_owner'] END AS nspacl FROM tw_internal.schemas`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_roles',
    query: `SELECT oid, name AS rolname, is_login AS rolsuper, true AS rolinherit, is_login AS rolcreaterole, is_login AS rolcreatedb,
      is_login AS rolcanlogin, false AS rolreplication, -1 AS rolconnlimit, '********'::text AS rolpassword,
      NULL::timestamptz AS rolvaliduntil, is_login AS rolbypassrls, ${NO_TEXTS} AS rolconfig FROM tw_internal.roles`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_authid',
    query: `SELECT oid, name AS rolname, is_login AS rolsuper, true AS rolinherit, is_login AS rolcreaterole, is_login AS rolcreatedb,
      is_login AS rolcanlogin, false AS rolreplication, is_login AS rolbypassrls, -1 AS rolconnlimit,
      ${NO_TEXT} AS rolpassword, NULL::timestamptz AS rolvaliduntil FROM tw_internal.roles`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_user',
    query: `SELECT name AS usename, oid AS usesysid, true AS usecreatedb, true AS usesuper, false AS userepl,
      true AS usebypassrls, '********'::text AS passwd, NULL::timestamptz AS valuntil, ${NO_TEXT} AS useconfig
      FROM tw_internal.roles WHERE is_login`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_am',
    query: `SELECT column1::oid AS oid, column2::name AS amname, column3::oid AS amhandler, column4::"char" AS amtype
      FROM (VALUES (2, 'heap', 3, 't'), (403, 'btree', 330, 'i'), (405, 'hash', 331, 'i')) AS am`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_database',
    query: `SELECT 1::oid AS oid, current_database()::name AS datname, oid AS datdba, 6 AS encoding,
      'c'::"char" AS datlocprovider, false AS datistemplate, true AS datallowconn, false AS dathasloginevt,
      -1 AS datconnlimit, 1663::oid AS dattablespace, 'C.UTF-8'::text AS datcollate, 'C.UTF-8'::text AS datctype,
      ${NO_TEXT} AS daticulocale, ${NO_TEXT} AS datlocale, ${NO_TEXT} AS daticurules, ${NO_TEXT} AS datcollversion,
      ${NO_TEXTS} AS datacl, 0::oid AS datfrozenxid, 0::oid AS datminmxid FROM tw_internal.roles WHERE is_login`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_tablespace',
    query: `SELECT t.oid, t.name AS spcname, r.oid AS spcowner, ${NO_TEXTS} AS spcacl, ${NO_TEXTS} AS spcoptions
      FROM (VALUES (1663::oid, 'pg_default'::name), (1664::oid, 'pg_global'::name)) AS t (oid, name)
      CROSS JOIN tw_internal.roles r WHERE r.is_login`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_class',
    query: `SELECT oid, name AS relname, schema_oid AS relnamespace, CASE WHEN relkind IN ('r', 'v', 'm') THEN (${ROW_TYPES} + 2 * oid::int8)::oid
        WHEN relkind = 'c' THEN ((oid::int8 - ${ROW_TYPES}) / 2)::oid ELSE 0::oid END AS reltype, COALESCE(of_type, 0::oid) AS reloftype,
      owner AS relowner,
      CASE relkind WHEN 'r' THEN 2::oid WHEN 'm' THEN 2::oid WHEN 'i' THEN access_method ELSE 0::oid END AS relam,
      CASE WHEN relkind IN ('v', 'c') THEN 0::oid ELSE oid END AS relfilenode, 0::oid AS reltablespace, CASE WHEN relkind IN ('i', 'S') THEN 1 ELSE 0 END AS relpages, (CASE relkind WHEN 'S' THEN 1 WHEN 'i' THEN 0 ELSE -1 END)::real AS reltuples, 0 AS relallvisible,
      0 AS relallfrozen, 0::oid AS reltoastrelid, has_index AND relkind <> 'v' AS relhasindex, false AS relisshared,
      persistence AS relpersistence, relkind, column_count AS relnatts, check_count AS relchecks,
      relkind IN ('v', 'm') AS relhasrules, has_triggers AS relhastriggers, false AS relhassubclass, false AS relrowsecurity,
      false AS relforcerowsecurity, true AS relispopulated, (CASE WHEN relkind IN ('r', 'm') THEN 'd' ELSE 'n' END)::"char" AS relreplident, false AS relispartition,
      0::oid AS relrewrite, 0::oid AS relfrozenxid, 0::oid AS relminmxid, ${NO_TEXTS} AS relacl,
      CASE WHEN check_option <> 'NONE' THEN ARRAY['check_option=' || lower(check_option)] END AS reloptions,
      ${NO_TEXT} AS relpartbound FROM tw_internal.relations`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_attribute',
    query: `SELECT relation_oid AS attrelid, name AS attname, type_oid AS atttypid, length AS attlen, number AS attnum,
      -1 AS attcacheoff, typmod AS atttypmod, dimensions AS attndims, is_by_value AS attbyval, alignment AS attalign,
      storage AS attstorage, ''::"char" AS attcompression, not_null AS attnotnull,
      default_text IS NOT NULL AS atthasdef, false AS atthasmissing, identity AS attidentity,
      generated AS attgenerated, false AS attisdropped, true AS attislocal, 0::smallint AS attinhcount,
      (-1)::smallint AS attstattarget, collation_oid AS attcollation, ${NO_TEXTS} AS attacl, ${NO_TEXTS} AS attoptions,
      ${NO_TEXTS} AS attfdwoptions, NULL::text AS attmissingval FROM tw_internal.columns`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_attrdef',
    query: `SELECT ${defaultOid('relation_oid', 'number')} AS oid, relation_oid AS adrelid, number AS adnum, default_text AS adbin
      FROM tw_internal.columns WHERE default_text IS NOT NULL`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_index',
    query: `SELECT oid AS indexrelid, table_oid AS indrelid, cardinality(elements)::smallint AS indnatts,
      cardinality(options::int2[])::smallint AS indnkeyatts,
      is_unique AS indisunique, nulls_equal AS indnullsnotdistinct, is_primary AS indisprimary, false AS indisexclusion,
      true AS indimmediate, false AS indisclustered, true AS indisvalid, false AS indcheckxmin, true AS indisready,
      true AS indislive, false AS indisreplident, columns AS indkey, collations AS indcollation, classes AS indclass, options AS indoption,
      expressions AS indexprs, predicate AS indpred
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
    query: `SELECT s.name AS schemaname, r.name AS viewname, 'tidewire'::name AS viewowner, pg_get_viewdef(r.oid) AS definition
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.relkind = 'v'`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_matviews',
    query: `SELECT s.name AS schemaname, r.name AS matviewname, 'tidewire'::name AS matviewowner, NULL::name AS tablespace,
      false AS hasindexes, true AS ispopulated, pg_get_viewdef(r.oid) AS definition
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.relkind = 'm'`,
  },
  {
    schema: 'information_schema',
    name: 'schemata',
    query: `SELECT current_database()::name AS catalog_name, name AS schema_name, 'tidewire'::name AS schema_owner
      FROM tw_internal.schemas s WHERE ${OF_USERS}`,
  },
  {
    schema: 'information_schema',
    name: 'tables',
    query: `SELECT current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      CASE WHEN r.persistence = 't' THEN 'LOCAL TEMPORARY' WHEN r.relkind = 'r' THEN 'BASE TABLE' ELSE 'VIEW' END::varchar AS table_type,
      NULL::name AS self_referencing_column_name, NULL::varchar AS reference_generation,
      NULL::name AS user_defined_type_catalog, NULL::name AS user_defined_type_schema, NULL::name AS user_defined_type_name,
      CASE WHEN r.updatable & 8 = 8 THEN 'YES' ELSE 'NO' END::varchar AS is_insertable_into, 'NO'::varchar AS is_typed,
      CASE WHEN r.persistence = 't' THEN 'PRESERVE' END::varchar AS commit_action
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      WHERE r.relkind IN ('r', 'v') AND ${OF_USERS}`,
  },
  {
    schema: 'tw_catalog',
    name: 'relations',
    query: `SELECT r.oid, s.name AS schema_name, r.name, r.object_type AS type, r.statement
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.relkind <> 'c'`,
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
    query: `SELECT oid, name AS typname, schema_oid AS typnamespace, 10::oid AS typowner, length AS typlen, is_by_value AS typbyval,
      kind AS typtype, category AS typcategory, is_preferred AS typispreferred, true AS typisdefined,
      ','::"char" AS typdelim, relation_oid AS typrelid, 0::oid::regproc AS typsubscript, element_oid AS typelem,
      array_oid AS typarray, input::regproc AS typinput, output::regproc AS typoutput, receive::regproc AS typreceive,
      send::regproc AS typsend, 0::oid::regproc AS typmodin, 0::oid::regproc AS typmodout, 0::oid::regproc AS typanalyze,
      alignment AS typalign, storage AS typstorage, not_null AS typnotnull, base_oid AS typbasetype, typmod AS typtypmod,
      dimensions AS typndims, collation_oid AS typcollation, default_text AS typdefaultbin, pg_get_expr(default_text, 0) AS typdefault,
      ${NO_TEXTS} AS typacl FROM tw_internal.types`,
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
      s.lag, s.errors, s.written_up_to, s.rows_per_second, s.bytes_per_second, s.retained_from
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
    // Of NOT NULLs the tables' alone: a pg_dump of a version that has none would write a domain's a second time.
    schema: 'pg_catalog',
    name: 'pg_constraint',
    // NOT NULL of a domain has no row in the version that clients are told: its pg_dump would write it twice.
    query: `SELECT c.oid, c.name AS conname, c.schema_oid AS connamespace, c.type AS contype, ${CONSTRAINT},
      c.table_oid AS conrelid, c.type_oid AS contypid, c.index_oid AS conindid, ${REFERENCE}, c.columns AS conkey,
      c.condition AS conbin FROM tw_internal.constraints c WHERE c.type <> 'n' OR c.table_oid <> 0`,
  },
  {
    schema: 'information_schema',
    name: 'table_constraints',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, c.conname AS constraint_name,
      current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      CASE c.contype WHEN 'c' THEN 'CHECK' WHEN 'n' THEN 'CHECK' WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'f' THEN 'FOREIGN KEY' END::varchar AS constraint_type,
      CASE WHEN c.condeferrable THEN 'YES' ELSE 'NO' END::varchar AS is_deferrable,
      CASE WHEN c.condeferred THEN 'YES' ELSE 'NO' END::varchar AS initially_deferred,
      CASE WHEN c.conenforced THEN 'YES' ELSE 'NO' END::varchar AS enforced,
      CASE c.contype WHEN 'u' THEN CASE WHEN i.nulls_equal THEN 'NO' ELSE 'YES' END END::varchar AS nulls_distinct
      FROM pg_catalog.pg_constraint c JOIN tw_internal.relations r ON r.oid = c.conrelid
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid LEFT JOIN tw_internal.indexes i ON i.oid = c.conindid AND c.contype = 'u'`,
  },
  {
    schema: 'information_schema',
    name: 'domains',
    query: `SELECT current_database()::name AS domain_catalog, s.name AS domain_schema, d.name AS domain_name,
      CASE WHEN b.schema_oid <> 11 THEN 'USER-DEFINED' ELSE b.display END::varchar AS data_type,
      ${typeFact('_pg_char_max_length', 'b.oid', 'd.typmod')} AS character_maximum_length,
      ${typeFact('_pg_char_octet_length', 'b.oid', 'd.typmod')} AS character_octet_length, NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
      NULL::name AS character_set_name, ${collation('catalog', 'd.collation_oid')}, ${collation('schema', 'd.collation_oid')},
      ${collation('name', 'd.collation_oid')},
      ${typeFact('_pg_numeric_precision', 'b.oid', 'd.typmod')} AS numeric_precision,
      ${typeFact('_pg_numeric_precision_radix', 'b.oid', 'd.typmod')} AS numeric_precision_radix,
      ${typeFact('_pg_numeric_scale', 'b.oid', 'd.typmod')} AS numeric_scale,
      ${typeFact('_pg_datetime_precision', 'b.oid', 'd.typmod')} AS datetime_precision,
      ${typeFact('_pg_interval_type', 'b.oid', 'd.typmod')}::varchar AS interval_type, NULL::int4 AS interval_precision,
      pg_get_expr(d.default_text, 0)::varchar AS domain_default, current_database()::name AS udt_catalog, bs.name AS udt_schema,
      b.name AS udt_name, NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name,
      NULL::int4 AS maximum_cardinality, '1'::name AS dtd_identifier
      FROM tw_internal.types d JOIN tw_internal.schemas s ON s.oid = d.schema_oid
      JOIN tw_internal.types b ON b.oid = d.base_oid JOIN tw_internal.schemas bs ON bs.oid = b.schema_oid
      WHERE d.kind = 'd'`,
  },
  {
    schema: 'information_schema',
    name: 'domain_constraints',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, c.name AS constraint_name,
      current_database()::name AS domain_catalog, ds.name AS domain_schema, d.name AS domain_name,
      'NO'::varchar AS is_deferrable, 'NO'::varchar AS initially_deferred
      FROM tw_internal.constraints c JOIN tw_internal.types d ON d.oid = c.type_oid
      JOIN tw_internal.schemas s ON s.oid = c.schema_oid JOIN tw_internal.schemas ds ON ds.oid = d.schema_oid`,
  },
  {
    schema: 'information_schema',
    name: 'check_constraints',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, c.name AS constraint_name,
      pg_get_expr(c.condition, c.table_oid)::varchar AS check_clause
      FROM tw_internal.constraints c JOIN tw_internal.schemas s ON s.oid = c.schema_oid WHERE c.type = 'c'
      UNION ALL SELECT current_database()::name, s.name, c.name, (coalesce(k.name, 'VALUE') || ' IS NOT NULL')::varchar
      FROM tw_internal.constraints c JOIN tw_internal.schemas s ON s.oid = c.schema_oid
      LEFT JOIN tw_internal.columns k ON k.relation_oid = c.table_oid AND k.number = c.columns[1] WHERE c.type = 'n'`,
  },
  {
    schema: 'information_schema',
    name: 'key_column_usage',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, c.name AS constraint_name,
      current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      k.name AS column_name, n.ordinality::int4 AS ordinal_position,
      CASE c.type WHEN 'f' THEN n.ordinality::int4 END AS position_in_unique_constraint
      FROM tw_internal.constraints c JOIN tw_internal.relations r ON r.oid = c.table_oid
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      CROSS JOIN LATERAL unnest(c.columns) WITH ORDINALITY AS n (number, ordinality)
      JOIN tw_internal.columns k ON k.relation_oid = c.table_oid AND k.number = n.number
      WHERE c.type IN ('p', 'u', 'f')`,
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
    query: `SELECT f.oid, s.name AS schema_name, f.name, pg_get_function_arguments(f.oid) AS arguments, pg_get_function_result(f.oid) AS result,
      CASE f.volatility WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility, f.is_strict,
      f.statement FROM tw_internal.functions f JOIN tw_internal.schemas s ON s.oid = f.schema_oid
      WHERE f.statement IS NOT NULL`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_proc',
    query: `SELECT oid, name AS proname, schema_oid AS pronamespace, 10::oid AS proowner, language_oid AS prolang,
      (CASE language_oid WHEN 14 THEN 100 ELSE 1 END)::real AS procost, (CASE WHEN returns_set THEN 1000 ELSE 0 END)::real AS prorows, variadic_oid AS provariadic, 0::oid::regproc AS prosupport, kind AS prokind,
      false AS prosecdef, false AS proleakproof, is_strict AS proisstrict, returns_set AS proretset,
      volatility AS provolatile, (CASE language_oid WHEN 14 THEN 'u' ELSE 's' END)::"char" AS proparallel, argument_count AS pronargs, default_count AS pronargdefaults,
      result_oid AS prorettype, argument_oids AS proargtypes, all_argument_oids AS proallargtypes,
      CASE WHEN argument_modes IS NOT NULL THEN string_to_array(argument_modes, NULL)::"char"[]
        WHEN variadic_oid <> 0 THEN array_fill('i'::"char", ARRAY[argument_count - 1]) || 'v'::"char" END AS proargmodes, argument_names AS proargnames,
      nullif(array_to_string(argument_defaults, ', '), '') AS proargdefaults, NULL::oid[] AS protrftypes,
      source AS prosrc, ${NO_TEXT} AS probin, pg_get_function_sqlbody(oid) AS prosqlbody, settings AS proconfig, ${NO_TEXTS} AS proacl
      FROM tw_internal.functions`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_operator',
    query: `SELECT oid, name AS oprname, 11::oid AS oprnamespace, 10::oid AS oprowner,
      CASE left_oid WHEN 0::oid THEN 'l'::"char" ELSE 'b'::"char" END AS oprkind, can_merge AS oprcanmerge,
      can_hash AS oprcanhash, left_oid AS oprleft, right_oid AS oprright, result_oid AS oprresult, commutator AS oprcom,
      negator AS oprnegate, function_oid::regproc AS oprcode, 0::oid::regproc AS oprrest, 0::oid::regproc AS oprjoin
      FROM tw_internal.operators`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_cast',
    query: `SELECT oid, source_oid AS castsource, target_oid AS casttarget, function_oid AS castfunc, context AS castcontext,
      method AS castmethod FROM tw_internal.casts`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_collation',
    query: `SELECT column1::oid AS oid, column2::name AS collname, 11::oid AS collnamespace, 10::oid AS collowner,
      column3::"char" AS collprovider, true AS collisdeterministic, -1 AS collencoding, column4 AS collcollate,
      column4 AS collctype, ${NO_TEXT} AS colllocale, ${NO_TEXT} AS colliculocale, ${NO_TEXT} AS collicurules,
      ${NO_TEXT} AS collversion
      FROM (VALUES ${COLLATIONS.map(([oid, name, provider, locale]) => `(${oid}, '${name}', '${provider}', ${locale})`).join(', ')}) AS c`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_language',
    query: `SELECT column1::oid AS oid, column2::name AS lanname, 10::oid AS lanowner, false AS lanispl,
      column3 AS lanpltrusted, 0::oid AS lanplcallfoid, 0::oid AS laninline, 0::oid AS lanvalidator, ${NO_TEXTS} AS lanacl
      FROM (VALUES (12, 'internal', false), (14, 'sql', true)) AS l`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_extension',
    query: `SELECT oid, name AS extname, 10::oid AS extowner, schema_oid AS extnamespace, true AS extrelocatable,
      version AS extversion, NULL::oid[] AS extconfig, ${NO_TEXTS} AS extcondition FROM tw_internal.extensions
      UNION ALL SELECT ${OWN_EXTENSION.oid}::oid, 'tidewire', 10::oid, 11::oid, false, '${OWN_EXTENSION.version}', NULL, NULL`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_description',
    query: `SELECT oid AS objoid, 'pg_catalog.pg_proc'::regclass::oid AS classoid, 0 AS objsubid, description
      FROM tw_internal.functions WHERE description <> ''
      UNION ALL SELECT object_oid, CASE catalog ${COMMENTED.map((name) => `WHEN '${name}' THEN 'pg_catalog.${name}'::regclass::oid`).join(' ')} END, number, comment
      FROM tw_internal.comments`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_rewrite',
    query: `SELECT oid, '_RETURN'::name AS rulename, oid AS ev_class, '1'::"char" AS ev_type, 'O'::"char" AS ev_enabled,
      true AS is_instead, ${NO_TEXT} AS ev_qual, ${NO_TEXT} AS ev_action
      FROM tw_internal.relations WHERE relkind IN ('v', 'm')`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_depend',
    query: `SELECT ${RELATION} AS classid, oid AS objid, 0 AS objsubid, ${RELATION} AS refclassid, owner_table AS refobjid,
      owner_column::int4 AS refobjsubid, CASE WHEN is_identity THEN 'i'::"char" ELSE 'a'::"char" END AS deptype
      FROM tw_internal.sequences WHERE owner_table IS NOT NULL
      UNION ALL SELECT r.catalog, d.object_oid, 0, t.catalog, d.depends_on, 0, CASE r.relkind WHEN 'i' THEN 'a'::"char" ELSE 'n'::"char" END
      FROM tw_internal.dependencies d
        JOIN (SELECT oid, relkind, CASE WHEN relkind IN ('v', 'm') THEN ${RULE} ELSE ${RELATION} END AS catalog FROM tw_internal.relations
          UNION ALL SELECT oid, ' ', 'pg_catalog.pg_proc'::regclass::oid FROM tw_internal.functions
          UNION ALL SELECT oid, ' ', 'pg_catalog.pg_type'::regclass::oid FROM tw_internal.types) r ON r.oid = d.object_oid
        JOIN (SELECT oid, ${RELATION} AS catalog FROM tw_internal.relations
          UNION ALL SELECT oid, 'pg_catalog.pg_proc'::regclass::oid FROM tw_internal.functions
          UNION ALL SELECT oid, 'pg_catalog.pg_type'::regclass::oid FROM tw_internal.types) t ON t.oid = d.depends_on
      WHERE r.relkind <> 'S'
      UNION ALL SELECT ${RULE}, oid, 0, ${RELATION}, ev_class, 0, 'i'::"char" FROM pg_catalog.pg_rewrite
      WHERE ev_class >= ${FIRST_USER_ID}
      UNION ALL SELECT ${RELATION}, index_oid, 0, ${CONSTRAINTS}, oid, 0, 'i'::"char" FROM tw_internal.constraints WHERE type IN ('p', 'u')
      UNION ALL SELECT ${CONSTRAINTS}, c.oid, 0, ${RELATION}, c.table_oid, n.number::int4, 'a'::"char"
      FROM tw_internal.constraints c CROSS JOIN LATERAL unnest(c.columns) AS n (number)
      UNION ALL SELECT ${CONSTRAINTS}, c.oid, 0, ${RELATION}, c.parent_oid, n.number::int4, 'n'::"char"
      FROM tw_internal.constraints c CROSS JOIN LATERAL unnest(c.parent_columns) AS n (number)
      UNION ALL SELECT ${CONSTRAINTS}, c.oid, 0, ${RELATION}, c.table_oid, n.number::int4, 'n'::"char"
      FROM tw_internal.constraints c CROSS JOIN LATERAL unnest(c.columns) AS n (number) WHERE c.type = 'c'
      UNION ALL SELECT ${CONSTRAINTS}, oid, 0, 'pg_catalog.pg_type'::regclass::oid, type_oid, 0, 'a'::"char"
      FROM tw_internal.constraints WHERE type_oid <> 0
      UNION ALL SELECT ${CONSTRAINTS}, oid, 0, ${RELATION}, index_oid, 0, 'n'::"char" FROM tw_internal.constraints WHERE type = 'f'
      UNION ALL SELECT ${RELATION}, r.oid, 0, 'pg_catalog.pg_namespace'::regclass::oid, r.schema_oid, 0, 'n'::"char"
      FROM tw_internal.relations r WHERE r.relkind <> 'i' AND r.oid >= ${FIRST_USER_ID}
      UNION ALL SELECT 'pg_catalog.pg_proc'::regclass::oid, d.object_oid, 0, 'pg_catalog.pg_extension'::regclass::oid, d.depends_on, 0, 'e'
      FROM tw_internal.dependencies d JOIN tw_internal.extensions e ON e.oid = d.depends_on
      UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass::oid, ${defaultOid('relation_oid', 'number')}, 0, ${RELATION}, relation_oid, number::int4, 'a'
      FROM tw_internal.columns WHERE default_text IS NOT NULL
      UNION ALL SELECT 'pg_catalog.pg_attrdef'::regclass::oid, ${defaultOid('c.relation_oid', 'c.number')}, 0, ${RELATION}, s.oid, 0, 'n'
      FROM tw_internal.columns c CROSS JOIN LATERAL unnest(c.sequences) AS s (oid)
      UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass::oid, oid, 0, 'pg_catalog.pg_extension'::regclass::oid, ${OWN_EXTENSION.oid}::oid, 0, 'e'
      FROM tw_internal.schemas WHERE name IN ('tw_internal', 'tw_catalog')
      UNION ALL SELECT ${RELATION}, r.oid, 0, 'pg_catalog.pg_extension'::regclass::oid, ${OWN_EXTENSION.oid}::oid, 0, 'e'
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      WHERE r.of_source OR s.name IN ('tw_internal', 'tw_catalog')`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_opfamily',
    query: `SELECT column1::oid AS oid, 403::oid AS opfmethod, column2::name AS opfname, 11::oid AS opfnamespace,
      10::oid AS opfowner FROM (VALUES ${OPERATOR_FAMILIES.map(([oid, name]) => `(${oid}, '${name}')`).join(', ')}) AS f`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_opclass',
    query: `SELECT column1::oid AS oid, 403::oid AS opcmethod, column2::name AS opcname, 11::oid AS opcnamespace,
      10::oid AS opcowner, column3::oid AS opcfamily, column4::oid AS opcintype, column5 AS opcdefault, 0::oid AS opckeytype
      FROM (VALUES ${OPERATOR_CLASSES.map(([oid, name, family, type]) => `(${oid}, '${name}', ${family}, ${type}, ${isUsual(oid)})`).join(', ')}) AS c`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_amop',
    query: `SELECT o.oid, c.opcfamily AS amopfamily, o.left_oid AS amoplefttype, o.right_oid AS amoprighttype,
      s.column2::smallint AS amopstrategy, 's'::"char" AS amoppurpose, o.oid AS amopopr, 403::oid AS amopmethod,
      0::oid AS amopsortfamily
      FROM tw_internal.operators o JOIN (VALUES ('<', 1), ('<=', 2), ('=', 3), ('>=', 4), ('>', 5)) AS s
      ON s.column1 = o.name::text
      JOIN pg_catalog.pg_opclass c ON c.opcintype = o.left_oid
      JOIN pg_catalog.pg_opclass d ON d.opcintype = o.right_oid AND d.opcfamily = c.opcfamily`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_amproc',
    query: `SELECT p.oid, c.opcfamily AS amprocfamily, p.left_oid AS amproclefttype, p.right_oid AS amprocrighttype,
      1::smallint AS amprocnum, p.oid::regproc AS amproc
      FROM (SELECT f.oid, f.argument_oids[0] AS left_oid, f.argument_oids[1] AS right_oid FROM tw_internal.functions f
        WHERE f.argument_count = 2 AND f.name LIKE '%cmp' AND f.result_oid = 23) AS p
      JOIN pg_catalog.pg_opclass c ON c.opcintype = p.left_oid
      JOIN pg_catalog.pg_opclass d ON d.opcintype = p.right_oid AND d.opcfamily = c.opcfamily`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_range',
    query: `SELECT column1::oid AS rngtypid, column2::oid AS rngsubtype, column3::oid AS rngmultitypid, column4::oid AS rngcollation,
      column5::oid AS rngsubopc, column6::oid::regproc AS rngcanonical, column7::oid::regproc AS rngsubdiff
      FROM (VALUES ${rangeTypes()}) AS r`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_enum',
    query: `SELECT oid, type_oid AS enumtypid, sort_order AS enumsortorder, label AS enumlabel FROM tw_internal.enum_labels`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_indexes',
    query: `SELECT s.name AS schemaname, t.name AS tablename, r.name AS indexname, NULL::name AS tablespace,
      pg_get_indexdef(i.oid) AS indexdef
      FROM tw_internal.indexes i JOIN tw_internal.relations r ON r.oid = i.oid
      JOIN tw_internal.relations t ON t.oid = i.table_oid JOIN tw_internal.schemas s ON s.oid = r.schema_oid`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_sequences',
    query: `SELECT s.name AS schemaname, r.name AS sequencename, 'tidewire'::name AS sequenceowner,
      q.type_oid::regtype AS data_type, q.start AS start_value, q.minimum AS min_value, q.maximum AS max_value,
      q.increment AS increment_by, q.cycles AS cycle, q.cache AS cache_size, pg_sequence_last_value(q.oid::regclass) AS last_value
      FROM tw_internal.sequences q JOIN tw_internal.relations r ON r.oid = q.oid
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid`,
  },
  {
    schema: 'information_schema',
    name: 'columns',
    query: informationColumns(),
  },
  {
    schema: 'information_schema',
    name: 'views',
    query: `SELECT current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      pg_get_viewdef(r.oid)::varchar AS view_definition, r.check_option::varchar AS check_option,
      CASE WHEN r.updatable & 20 = 20 THEN 'YES' ELSE 'NO' END::varchar AS is_updatable,
      CASE WHEN r.updatable & 8 = 8 THEN 'YES' ELSE 'NO' END::varchar AS is_insertable_into, 'NO'::varchar AS is_trigger_updatable,
      'NO'::varchar AS is_trigger_deletable, 'NO'::varchar AS is_trigger_insertable_into
      FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.relkind = 'v' AND ${OF_USERS}`,
  },
  {
    schema: 'information_schema',
    name: 'sequences',
    query: `SELECT current_database()::name AS sequence_catalog, s.name AS sequence_schema, r.name AS sequence_name,
      t.display::varchar AS data_type, CASE q.type_oid WHEN 21 THEN 16 WHEN 23 THEN 32 ELSE 64 END AS numeric_precision,
      2 AS numeric_precision_radix, 0 AS numeric_scale, q.start::varchar AS start_value,
      q.minimum::varchar AS minimum_value, q.maximum::varchar AS maximum_value, q.increment::varchar AS increment,
      CASE WHEN q.cycles THEN 'YES' ELSE 'NO' END::varchar AS cycle_option
      FROM tw_internal.sequences q JOIN tw_internal.relations r ON r.oid = q.oid
      JOIN tw_internal.types t ON t.oid = q.type_oid
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE NOT q.is_identity`,
  },
  {
    schema: 'information_schema',
    name: 'constraint_column_usage',
    query: `SELECT current_database()::name AS table_catalog, s.name AS table_schema, r.name AS table_name,
      k.name AS column_name, current_database()::name AS constraint_catalog, s.name AS constraint_schema,
      c.name AS constraint_name
      FROM tw_internal.constraints c
      JOIN tw_internal.relations r ON r.oid = CASE c.type WHEN 'f' THEN c.parent_oid ELSE c.table_oid END
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      CROSS JOIN LATERAL unnest(coalesce(c.parent_columns, c.columns)) AS n (number)
      JOIN tw_internal.columns k ON k.relation_oid = r.oid AND k.number = n.number`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_settings',
    query: `SELECT name, current_setting(name) AS setting, ${NO_TEXT} AS unit,
      CASE WHEN is_fixed THEN 'Preset Options' ELSE 'Client Connection Defaults' END AS category,
      description AS short_desc, ${NO_TEXT} AS extra_desc,
      CASE WHEN is_fixed THEN 'internal' ELSE 'user' END AS context, 'string'::text AS vartype,
      CASE WHEN current_setting(name) = initial THEN 'default' ELSE 'session' END AS source,
      ${NO_TEXT} AS min_val, ${NO_TEXT} AS max_val, ${NO_TEXTS} AS enumvals, initial AS boot_val, initial AS reset_val,
      ${NO_TEXT} AS sourcefile, NULL::int4 AS sourceline, false AS pending_restart FROM tw_internal.settings`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_stat_activity',
    query: `SELECT d.oid AS datid, a.datname, a.pid, NULL::int4 AS leader_pid, r.oid AS usesysid, a.usename, a.application_name,
      a.client_addr, ${NO_TEXT} AS client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change,
      a.wait_event_type, a.wait_event, a.state, NULL::oid AS backend_xid, NULL::oid AS backend_xmin, NULL::int8 AS query_id, a.query,
      'client backend'::text AS backend_type
      FROM jsonb_to_recordset(tw_session_activity()) AS a (datname name, pid int4, usename name, application_name text, client_addr inet,
        client_port int4, backend_start timestamptz, xact_start timestamptz, query_start timestamptz, state_change timestamptz,
        wait_event_type text, wait_event text, state text, query text)
      LEFT JOIN pg_catalog.pg_database d ON d.datname = a.datname LEFT JOIN tw_internal.roles r ON r.name = a.usename`,
  },
  {
    schema: 'information_schema',
    name: 'referential_constraints',
    query: `SELECT current_database()::name AS constraint_catalog, s.name AS constraint_schema, c.name AS constraint_name,
      current_database()::name AS unique_constraint_catalog, us.name AS unique_constraint_schema,
      u.name AS unique_constraint_name, CASE c.match WHEN 'f' THEN 'FULL' ELSE 'NONE' END::varchar AS match_option,
      ${rule('c.on_update')} AS update_rule, ${rule('c.on_delete')} AS delete_rule
      FROM tw_internal.constraints c JOIN tw_internal.relations r ON r.oid = c.table_oid
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      LEFT JOIN tw_internal.relations u ON u.oid = c.index_oid LEFT JOIN tw_internal.schemas us ON us.oid = u.schema_oid
      WHERE c.type = 'f'`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_available_extensions',
    query: `SELECT column1::name AS name, column2 AS default_version, e.extversion AS installed_version, column3 AS comment
      FROM (VALUES ${AVAILABLE}) AS a LEFT JOIN pg_catalog.pg_extension e ON e.extname = column1`,
  },
  ...INFORMATION_VIEWS,
  ...STATISTICS_VIEWS,
  {
    // Rows are locked by nobody, and tables by no statement: what there is are the locks that clients ask for.
    schema: 'pg_catalog',
    name: 'pg_locks',
    query: `SELECT 'advisory'::text AS locktype, d.oid AS database, NULL::oid AS relation, NULL::int4 AS page, NULL::int2 AS tuple,
      ${NO_TEXT} AS virtualxid, NULL::oid AS transactionid, l.classid, l.objid, l.objsubid, ${NO_TEXT} AS virtualtransaction, a.pid,
      l.mode, l.granted, false AS fastpath, l.waitstart
      FROM jsonb_to_recordset(tw_session_activity()) AS a (datname name, pid int4, locks jsonb)
      CROSS JOIN LATERAL jsonb_to_recordset(a.locks) AS l (classid oid, objid oid, objsubid int2, mode text, granted bool, waitstart timestamptz)
      LEFT JOIN pg_catalog.pg_database d ON d.datname = a.datname`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_cursors',
    query: `SELECT name, statement, is_holdable, is_binary, is_scrollable, creation_time
      FROM jsonb_to_recordset(tw_session_objects() -> 'cursors') AS c (name text, statement text, is_holdable bool, is_binary bool,
        is_scrollable bool, creation_time timestamptz)`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_prepared_statements',
    // A plan holds for all values, and how often it was taken is not counted.
    query: `SELECT name, statement, prepare_time, parameter_types::regtype[] AS parameter_types, result_types::regtype[] AS result_types,
      from_sql, 0::int8 AS generic_plans, 0::int8 AS custom_plans
      FROM jsonb_to_recordset(tw_session_objects() -> 'statements') AS p (name text, statement text, prepare_time timestamptz,
        parameter_types oid[], result_types oid[], from_sql bool)`,
  },
  ...SERVER_STATISTICS_VIEWS,
  {
    schema: 'pg_catalog',
    name: 'pg_shadow',
    query: `SELECT usename, usesysid, usecreatedb, usesuper, userepl, usebypassrls, ${NO_TEXT} AS passwd, valuntil, ${NO_TEXTS} AS useconfig
      FROM pg_catalog.pg_user`,
  },
  {
    schema: 'pg_catalog',
    name: 'pg_available_extension_versions',
    query: `SELECT name, default_version AS version, installed_version IS NOT NULL AS installed, true AS superuser, false AS trusted,
      true AS relocatable, NULL::name AS schema, NULL::name[] AS requires, comment FROM pg_catalog.pg_available_extensions`,
  },
  {
    // What computes an aggregate is no function of its own.
    schema: 'pg_catalog',
    name: 'pg_aggregate',
    query: `SELECT oid::regproc AS aggfnoid, CASE WHEN name IN ('percentile_cont', 'percentile_disc', 'mode') THEN 'o' ELSE 'n' END::"char" AS aggkind,
      (CASE WHEN name IN ('percentile_cont', 'percentile_disc') THEN 1 ELSE 0 END)::smallint AS aggnumdirectargs,
      0::oid::regproc AS aggtransfn, 0::oid::regproc AS aggfinalfn, 0::oid::regproc AS aggcombinefn, 0::oid::regproc AS aggserialfn,
      0::oid::regproc AS aggdeserialfn, 0::oid::regproc AS aggmtransfn, 0::oid::regproc AS aggminvtransfn, 0::oid::regproc AS aggmfinalfn,
      false AS aggfinalextra, false AS aggmfinalextra, 'r'::"char" AS aggfinalmodify, 'r'::"char" AS aggmfinalmodify, 0::oid AS aggsortop,
      0::oid AS aggtranstype, 0 AS aggtransspace, 0::oid AS aggmtranstype, 0 AS aggmtransspace, ${NO_TEXT} AS agginitval, ${NO_TEXT} AS aggminitval
      FROM tw_internal.functions WHERE kind = 'a'`,
  },
];
