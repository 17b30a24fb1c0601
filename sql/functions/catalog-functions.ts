/**
 * PostgreSQL's functions over the catalog, as expressions over $1, $2…: the binder puts the expression in the place of the
 * call. None may read the same relation row by row (correlated subqueries are not there), so a look-up is membership in an
 * uncorrelated subquery, or a CASE.
 */
import type { CatalogReader } from '../catalog.ts';
import { displayType } from '../types/format.ts';
import { elementType, types } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { quoteLiteral } from './quote.ts';
import type { FunctionEntry } from './table.ts';

/** The role that owns everything: PostgreSQL's bootstrap superuser. */
const OWNER_OID = 10;

/** `constant`: the first argument where it is a literal; a body that needs it is null without. */
type Body = string | ((catalog: CatalogReader, constant: string | null) => string | null);

/** By name; for overloads that differ, by `name(types)`. */
const bodies: Record<string, Body> = {
  pg_get_userbyid: (catalog) =>
    `CASE $1 WHEN ${OWNER_OID}::oid THEN ${quoteLiteral(catalog.user)} ELSE 'unknown (OID=' || $1::text || ')' END`,
  pg_table_is_visible: (catalog) => visible(catalog, 'pg_class', 'relname', 'relnamespace'),
  pg_type_is_visible: '$1 IS NOT NULL',
  pg_function_is_visible: '$1 IS NOT NULL',
  pg_operator_is_visible: '$1 IS NOT NULL',
  pg_opclass_is_visible: '$1 IS NOT NULL',
  pg_collation_is_visible: '$1 IS NOT NULL',
  // There are no comments yet.
  obj_description: 'NULL::text',
  shobj_description: 'NULL::text',
  col_description: 'NULL::text',
  format_type: formatTypeBody(),
  version: "'PostgreSQL 15.13 (Tidewire 0.1.0)'",
  getdatabaseencoding: "'UTF8'",
  pg_encoding_to_char: "CASE $1 WHEN 6 THEN 'UTF8' WHEN 0 THEN 'SQL_ASCII' ELSE '' END",
  pg_char_to_encoding:
    "CASE upper($1::text) WHEN 'UTF8' THEN 6 WHEN 'UTF-8' THEN 6 WHEN 'SQL_ASCII' THEN 0 ELSE -1 END",
  // There is one role, and it may do everything.
  has_schema_privilege: 'true',
  has_table_privilege: 'true',
  has_database_privilege: 'true',
  pg_has_role: 'true',
  pg_is_in_recovery: 'false',
  pg_relation_is_publishable: 'false',
  // The catalog keeps the text itself where PostgreSQL keeps a tree.
  'pg_get_expr(text oid)': '$1',
  'pg_get_expr(text oid bool)': '$1',
  'pg_get_viewdef(oid)': viewDefinition,
  'pg_get_viewdef(oid bool)': viewDefinition,
  'pg_get_viewdef(oid int4)': viewDefinition,
  pg_tablespace_location: "''",
  pg_size_pretty: sizePrettyBody(),
};

/** The expression that stands for a call, or null if the function has none. */
export function catalogFunctionBody(
  entry: FunctionEntry,
  catalog: CatalogReader,
  constant: string | null,
): string | null {
  const body = bodies[`${entry.name}(${entry.arguments.join(' ')})`] ?? bodies[entry.name];
  if (body === undefined) return null;
  return typeof body === 'string' ? body : body(catalog, constant);
}

/** The text that the catalog keeps. */
function viewDefinition(_: CatalogReader, oid: string | null): string | null {
  if (oid === null) return null;
  return `(SELECT definition FROM tw_internal.relations WHERE oid = ${quoteLiteral(oid)}::oid)`;
}

/** An object is visible if it is the first of its name along the search path. */
function visible(catalog: CatalogReader, relation: string, name: string, namespace: string): string {
  const place = (alias: string): string =>
    `CASE ${alias}.nspname ${catalog.searchPath.map((schema, i) => `WHEN ${quoteLiteral(schema)} THEN ${i}`).join(' ')} END`;
  if (catalog.searchPath.length === 0) return 'false';
  return `$1 IN (
    SELECT c.oid FROM pg_catalog.${relation} c JOIN pg_catalog.pg_namespace n ON n.oid = c.${namespace}
    JOIN (SELECT c2.${name} AS name, min(${place('n2')}) AS place
      FROM pg_catalog.${relation} c2 JOIN pg_catalog.pg_namespace n2 ON n2.oid = c2.${namespace} GROUP BY c2.${name}) AS first
    ON first.name = c.${name} WHERE first.place = ${place('n')})`;
}

function formatTypeBody(): string {
  const modified: Record<string, string> = {
    varchar: "'(' || ($2 - 4)::text || ')'",
    bpchar: "'(' || ($2 - 4)::text || ')'",
    numeric:
      "'(' || ((($2 - 4) >> 16) & 65535)::text || ',' || ((($2 - 4) & 2047 # 1024) - 1024)::text || ')'",
  };
  const textOf = (name: string, display: string): string => {
    const element = elementType(name as TypeName);
    if (element !== null) return `(${textOf(element, displayType(element))}) || '[]'`;
    const text = quoteLiteral(display);
    const suffix = modified[name];
    if (suffix !== undefined) return `CASE WHEN $2 >= 0 THEN ${text} || ${suffix} ELSE ${text} END`;
    if (['time', 'timestamp', 'timestamptz'].includes(name)) {
      const [word, rest] = display.split(/ (.*)/) as [string, string];
      return `CASE WHEN $2 >= 0 THEN '${word}(' || $2::text || ') ${rest}' ELSE ${text} END`;
    }
    return text;
  };
  const branches = types.map(({ oid, name, display }) => `WHEN ${oid}::oid THEN ${textOf(name, display)}`);
  return `CASE WHEN $1 IS NULL THEN NULL ELSE CASE $1 WHEN 0::oid THEN '-' ${branches.join(' ')} ELSE '???' END END`;
}

function sizePrettyBody(): string {
  return `CASE WHEN $1 < 10240 THEN $1::text || ' bytes' WHEN $1 < 10485760 THEN ($1 / 1024)::text || ' kB'
    ELSE ($1 / 1048576)::text || ' MB' END`;
}
