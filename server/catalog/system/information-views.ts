/** Views of information_schema over routines and privileges. What they say nothing of is NULL, as in PostgreSQL. */
import { postgresColumns } from '../../../sql/functions/postgres-names.ts';
import type { SystemView } from './views.ts';

const DATABASE = 'current_database()';
/** There is one role, which owns everything and has every privilege. */
const OWNER = "'tidewire'";

/** A view with PostgreSQL's columns: these expressions in the places of some, NULL in those of the others. */
function view(name: string, given: Readonly<Record<string, string>>, from: string): SystemView {
  const list = postgresColumns('information_schema', name).map(
    (column) => `(${given[column.name] ?? 'NULL'})::"${column.type}" AS "${column.name}"`,
  );
  return { schema: 'information_schema', name, query: `SELECT ${list.join(', ')} FROM ${from}` };
}

const OF_USERS = "s.name NOT IN ('tw_internal', 'tw_catalog')";
const RELATIONS = `tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid`;

const inTable = {
  grantor: OWNER,
  grantee: OWNER,
  table_catalog: DATABASE,
  table_schema: 's.name',
  table_name: 'r.name',
  privilege_type: 'p.privilege',
  is_grantable: "'YES'",
};

const tablePrivileges = (name: string): SystemView =>
  view(
    name,
    { ...inTable, with_hierarchy: "CASE p.privilege WHEN 'SELECT' THEN 'YES' ELSE 'NO' END" },
    `${RELATIONS} CROSS JOIN (VALUES ('INSERT'), ('SELECT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS p (privilege)
      WHERE r.relkind IN ('r', 'v') AND ${OF_USERS}`,
  );

const columnPrivileges = (name: string): SystemView =>
  view(
    name,
    { ...inTable, column_name: 'c.name' },
    `${RELATIONS} JOIN tw_internal.columns c ON c.relation_oid = r.oid
      CROSS JOIN (VALUES ('INSERT'), ('SELECT'), ('UPDATE'), ('REFERENCES')) AS p (privilege)
      WHERE r.relkind IN ('r', 'v') AND ${OF_USERS}`,
  );

const FUNCTIONS = `tw_internal.functions f JOIN tw_internal.schemas s ON s.oid = f.schema_oid`;
const dataType = (type: string): string =>
  `CASE WHEN ${type}.category = 'A' THEN 'ARRAY' WHEN ${type}.schema_oid <> 11 THEN 'USER-DEFINED' ELSE ${type}.display END`;
const ofFunction = {
  specific_catalog: DATABASE,
  specific_schema: 's.name',
  specific_name: "f.name || '_' || f.oid",
};
const routine = { routine_catalog: DATABASE, routine_schema: 's.name', routine_name: 'f.name' };

const executable = {
  ...ofFunction,
  ...routine,
  grantor: OWNER,
  grantee: OWNER,
  privilege_type: "'EXECUTE'",
  is_grantable: "'YES'",
};

const COLUMNS = `${RELATIONS} JOIN tw_internal.columns c ON c.relation_oid = r.oid`;
const columnOfTable = {
  table_catalog: DATABASE,
  table_schema: 's.name',
  table_name: 'r.name',
  column_name: 'c.name',
};
const domain = { domain_catalog: DATABASE, domain_schema: 'ds.name', domain_name: 'd.name' };
/** A type, or the one that a domain is over. */
const underlying = { udt_catalog: DATABASE, udt_schema: 'us.name', udt_name: 'u.name' };
const UNDERLYING = `JOIN tw_internal.types u ON u.oid = CASE d.kind WHEN 'd' THEN d.base_oid ELSE d.oid END
  JOIN tw_internal.schemas us ON us.oid = u.schema_oid`;

/** Everybody may use domains and collations, the owner what is there. */
const usage = (name: string, condition: string): SystemView =>
  view(
    name,
    {
      grantor: OWNER,
      grantee: 'u.grantee',
      object_catalog: DATABASE,
      object_schema: 'u.schema',
      object_name: 'u.name',
      object_type: 'u.type',
      privilege_type: "'USAGE'",
      is_grantable: "CASE u.grantee WHEN 'PUBLIC' THEN 'NO' ELSE 'YES' END",
    },
    `(SELECT g.grantee, s.name AS schema, d.name, 'DOMAIN' AS type FROM tw_internal.types d JOIN tw_internal.schemas s ON s.oid = d.schema_oid
        CROSS JOIN (VALUES ('PUBLIC'), (${OWNER})) AS g (grantee) WHERE d.kind = 'd'
      UNION ALL SELECT 'PUBLIC', 'pg_catalog', collname, 'COLLATION' FROM pg_catalog.pg_collation
      UNION ALL SELECT ${OWNER}, s.name, r.name, 'SEQUENCE' FROM ${RELATIONS} WHERE r.relkind = 'S') AS u WHERE ${condition}`,
  );

export const INFORMATION_VIEWS: readonly SystemView[] = [
  tablePrivileges('table_privileges'),
  tablePrivileges('role_table_grants'),
  columnPrivileges('column_privileges'),
  columnPrivileges('role_column_grants'),
  view(
    'routines',
    {
      ...ofFunction,
      ...routine,
      routine_type: "CASE f.kind WHEN 'f' THEN 'FUNCTION' WHEN 'p' THEN 'PROCEDURE' END",
      data_type: dataType('t'),
      type_udt_catalog: DATABASE,
      type_udt_schema: 'ts.name',
      type_udt_name: 't.name',
      dtd_identifier: "'0'",
      routine_body: "CASE WHEN f.language_oid = 14 THEN 'SQL' ELSE 'EXTERNAL' END",
      routine_definition: 'f.source',
      external_name: 'NULL',
      external_language: "CASE WHEN f.language_oid = 14 THEN 'SQL' ELSE 'INTERNAL' END",
      parameter_style: "'GENERAL'",
      is_deterministic: "CASE f.volatility WHEN 'i' THEN 'YES' ELSE 'NO' END",
      sql_data_access: "'MODIFIES'",
      is_null_call: "CASE WHEN f.kind = 'f' THEN CASE WHEN f.is_strict THEN 'YES' ELSE 'NO' END END",
      schema_level_routine: "'YES'",
      max_dynamic_result_sets: '0',
      is_user_defined_cast: 'NULL',
      is_implicitly_invocable: 'NULL',
      security_type: "'INVOKER'",
      as_locator: 'NULL',
      is_udt_dependent: "'NO'",
      new_savepoint_level: 'NULL',
    },
    `${FUNCTIONS} LEFT JOIN tw_internal.types t ON t.oid = f.result_oid LEFT JOIN tw_internal.schemas ts ON ts.oid = t.schema_oid
      WHERE ${OF_USERS}`,
  ),
  view(
    'parameters',
    {
      ...ofFunction,
      ordinal_position: 'a.place',
      parameter_mode:
        "CASE substr(f.argument_modes, a.place::int4, 1) WHEN 'b' THEN 'INOUT' WHEN 'o' THEN 'OUT' WHEN 't' THEN 'OUT' ELSE 'IN' END",
      is_result: "'NO'",
      as_locator: "'NO'",
      parameter_name: "nullif(f.argument_names[a.place], '')",
      data_type: dataType('t'),
      udt_catalog: DATABASE,
      udt_schema: 'ts.name',
      udt_name: 't.name',
      dtd_identifier: 'a.place::text',
      parameter_default: 'pg_get_function_arg_default(f.oid, a.place::int4)',
    },
    `${FUNCTIONS} CROSS JOIN LATERAL unnest(coalesce(f.all_argument_oids::text[], string_to_array(array_to_string(f.argument_oids, ' '), ' '))) WITH ORDINALITY AS a (type, place)
      JOIN tw_internal.types t ON t.oid = a.type::oid JOIN tw_internal.schemas ts ON ts.oid = t.schema_oid WHERE ${OF_USERS}`,
  ),
  view('routine_privileges', executable, `${FUNCTIONS} WHERE ${OF_USERS}`),
  view('enabled_roles', { role_name: 'o.name' }, 'tw_internal.roles o'),
  view(
    'character_sets',
    {
      character_set_name: "'UTF8'",
      character_repertoire: "'UCS'",
      form_of_use: "'UTF8'",
      default_collate_catalog: DATABASE,
      default_collate_schema: "'pg_catalog'",
      default_collate_name: "'default'",
    },
    '(VALUES (1)) AS one',
  ),
  view(
    'constraint_table_usage',
    {
      table_catalog: DATABASE,
      table_schema: 's.name',
      table_name: 'r.name',
      constraint_catalog: DATABASE,
      constraint_schema: 'cs.name',
      constraint_name: 'c.name',
    },
    `tw_internal.constraints c JOIN tw_internal.relations r ON r.oid = CASE c.type WHEN 'f' THEN c.parent_oid ELSE c.table_oid END
      JOIN tw_internal.schemas s ON s.oid = r.schema_oid JOIN tw_internal.schemas cs ON cs.oid = c.schema_oid WHERE c.type IN ('f', 'p', 'u')`,
  ),
  view('information_schema_catalog_name', { catalog_name: DATABASE }, '(VALUES (1)) AS one'),
  view(
    'element_types',
    {
      object_catalog: DATABASE,
      object_schema: 's.name',
      object_name: 'r.name',
      object_type: "'TABLE'",
      collection_type_identifier: 'c.number',
      data_type: "CASE WHEN e.schema_oid <> 11 THEN 'USER-DEFINED' ELSE e.display END",
      udt_catalog: DATABASE,
      udt_schema: 'es.name',
      udt_name: 'e.name',
      dtd_identifier: "'a' || c.number",
    },
    `${RELATIONS} JOIN tw_internal.columns c ON c.relation_oid = r.oid JOIN tw_internal.types a ON a.oid = c.type_oid
      JOIN tw_internal.types e ON e.oid = a.element_oid JOIN tw_internal.schemas es ON es.oid = e.schema_oid
      WHERE r.relkind IN ('r', 'v') AND a.category = 'A' AND ${OF_USERS}`,
  ),
  view(
    'view_table_usage',
    {
      view_catalog: DATABASE,
      view_schema: 'vs.name',
      view_name: 'v.name',
      table_catalog: DATABASE,
      table_schema: 's.name',
      table_name: 'r.name',
    },
    `${RELATIONS} JOIN tw_internal.dependencies d ON d.depends_on = r.oid JOIN tw_internal.relations v ON v.oid = d.object_oid
      JOIN tw_internal.schemas vs ON vs.oid = v.schema_oid WHERE v.relkind = 'v' AND r.relkind IN ('r', 'v') AND vs.name NOT IN ('tw_internal', 'tw_catalog')`,
  ),
  view(
    'user_defined_types',
    {
      user_defined_type_catalog: DATABASE,
      user_defined_type_schema: 's.name',
      user_defined_type_name: 'r.name',
      user_defined_type_category: "'STRUCTURED'",
      is_instantiable: "'YES'",
    },
    `${RELATIONS} WHERE r.relkind = 'c'`,
  ),
  view(
    'column_domain_usage',
    { ...domain, ...columnOfTable },
    `${COLUMNS} JOIN tw_internal.types d ON d.oid = c.type_oid AND d.kind = 'd' JOIN tw_internal.schemas ds ON ds.oid = d.schema_oid
      WHERE r.relkind IN ('r', 'v') AND ${OF_USERS}`,
  ),
  view(
    'column_udt_usage',
    { ...underlying, ...columnOfTable },
    `${COLUMNS} JOIN tw_internal.types d ON d.oid = c.type_oid ${UNDERLYING} WHERE r.relkind IN ('r', 'v') AND ${OF_USERS}`,
  ),
  view(
    'domain_udt_usage',
    { ...underlying, ...domain },
    `tw_internal.types d JOIN tw_internal.schemas ds ON ds.oid = d.schema_oid ${UNDERLYING} WHERE d.kind = 'd'`,
  ),
  view('role_routine_grants', executable, `${FUNCTIONS} WHERE ${OF_USERS}`),
  view(
    'collations',
    {
      collation_catalog: DATABASE,
      collation_schema: "'pg_catalog'",
      collation_name: 'o.collname',
      pad_attribute: "'NO PAD'",
    },
    'pg_catalog.pg_collation o',
  ),
  view(
    'collation_character_set_applicability',
    {
      collation_catalog: DATABASE,
      collation_schema: "'pg_catalog'",
      collation_name: 'o.collname',
      character_set_name: "'UTF8'",
    },
    'pg_catalog.pg_collation o',
  ),
  usage('usage_privileges', 'true'),
  usage('role_usage_grants', "u.grantee <> 'PUBLIC'"),
];
