/**
 * PostgreSQL's functions over the catalog, as expressions over $1, $2…: the binder puts the expression in the place of the
 * call. A look-up is a subquery by a key of a raw relation.
 */
import type { CatalogReader } from '../catalog.ts';
import { displayType, formatType } from '../types/format.ts';
import { allTypes, elementType, isVector, types } from '../types/table.ts';
import type { TypeName } from '../types/type.ts';
import { INDEX_PROPERTIES } from './index-properties.ts';
import { shownNames } from './marked-names.ts';
import { quoteLiteral } from './quote.ts';
import { ACL_DEFAULT, privilegeBody } from './privileges.ts';
import { intervalFieldsText } from './type-facts.ts';
import type { FunctionEntry } from './table.ts';

/** The role that owns everything: PostgreSQL's bootstrap superuser. */
const OWNER_OID = 10;
const DATABASE_OWNER = 6171;

type Body = string | ((catalog: CatalogReader) => string);

/** The text that the catalog keeps. */
const VIEW_DEFINITION = `(SELECT ${shownNames('definition')} || ';' FROM tw_internal.relations WHERE oid = $1)`;
const NAMED_VIEW_DEFINITION = VIEW_DEFINITION.replace('$1', '$1::regclass');
/** Stands in the definition of a foreign key where the name of the other table goes, which depends on the search path. */
export const OTHER_TABLE = '\u0001';
const indexDefinition = (pretty?: string): string =>
  `(SELECT ${shownNames('definition', pretty)} FROM tw_internal.indexes WHERE oid = $1)`;

/** One of the numbers that are known of the object with this oid. */
function size(oid: string, index: number): string {
  return `(tw_object_sizes() -> ${oid} ->> ${index})::int8`;
}

const DATABASE_SIZE = "(tw_object_sizes() ->> 'database')::int8";

const FUNCTION_OPTIONS = `concat_ws(' ', CASE f.volatility WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' END,
    CASE WHEN l.lanname <> 'sql' THEN 'PARALLEL SAFE' END, CASE WHEN f.is_strict THEN 'STRICT' END)`;
/** A body is between dollars with a word that it does not have. */
const FUNCTION_BODY = `(SELECT 'AS ' || tag || f.source || tag FROM (SELECT '$function' ||
    repeat('x', coalesce((SELECT max(length(found[1])) + 1 FROM regexp_matches(f.source, '[$]function(x*)', 'g') AS m (found)), 0)) || '$' AS tag) AS t)`;
const FUNCTION_DEFINITION = `(SELECT 'CREATE OR REPLACE FUNCTION ' || quote_ident(s.name) || '.' || quote_ident(f.name) || '('
    || ${shownNames('f.argument_types')} || ')' || chr(10) || ' RETURNS ' || ${shownNames('f.result_type')} || chr(10)
    || ' LANGUAGE ' || l.lanname || chr(10) || coalesce(' ' || nullif(${FUNCTION_OPTIONS}, '') || chr(10), '') || f.set_clauses
    || coalesce(${shownNames('f.sql_body')}, ${FUNCTION_BODY}) || chr(10)
  FROM tw_internal.functions f JOIN tw_internal.schemas s ON s.oid = f.schema_oid JOIN pg_catalog.pg_language l ON l.oid = f.language_oid
  WHERE f.oid = $1)`;

/**
 * The catalog keeps the text itself where PostgreSQL keeps a tree; it shows what sequences are called where they are looked for
 * first.
 */
const expression = (pretty?: string): string =>
  shownNames(
    "coalesce(replace($1, 'nextval(''' || quote_ident(current_schema()) || '.', 'nextval('''), $1)",
    pretty,
  );

/**
 * The sequence that the column named $2 of the relation whose name the text $1 is owns. Unlike a cast to regclass, it says
 * which schema is not there.
 */
const SERIAL_SEQUENCE = `(SELECT CASE WHEN k.t IS NULL OR k.c IS NULL THEN NULL
    WHEN k.relation IS NOT NULL AND k.number IS NULL
      THEN tw_raise('42703', 'column "' || k.c || '" of relation "' || k.name || '" does not exist')::text
    WHEN k.relation IS NOT NULL THEN (SELECT CASE WHEN r.persistence = 't' THEN 'pg_temp' ELSE quote_ident(s.name) END || '.' || quote_ident(r.name)
      FROM tw_internal.sequences q JOIN tw_internal.relations r ON r.oid = q.oid JOIN tw_internal.schemas s ON s.oid = r.schema_oid
      WHERE q.owner_table = k.relation AND q.owner_column = k.number ORDER BY q.oid LIMIT 1)
    WHEN k.t !~ '^\\s*("([^"]|"")+"|[^".[:space:]]+)(\\s*\\.\\s*("([^"]|"")+"|[^".[:space:]]+))*\\s*$'
      THEN tw_raise('42602', 'invalid name syntax')::text
    WHEN array_length(k.parts, 1) > 3
      THEN tw_raise('42601', 'improper relation name (too many dotted names): ' || k.shown)::text
    WHEN array_length(k.parts, 1) = 3 AND (k.parts)[1] <> current_database()
      THEN tw_raise('0A000', 'cross-database references are not implemented: "' || k.shown || '"')::text
    WHEN k.schema IS NOT NULL AND k.schema_oid IS NULL
      THEN tw_raise('3F000', 'schema "' || k.schema || '" does not exist')::text
    ELSE tw_raise('42P01', 'relation "' || k.shown || '" does not exist')::text END
  FROM (SELECT o.*, s.oid AS schema_oid, r.name, c.number
    FROM (SELECT p.*, coalesce(array_to_string(p.parts, '.'), p.t) AS shown,
        CASE array_length(p.parts, 1) WHEN 2 THEN (p.parts)[1] WHEN 3 THEN (p.parts)[2] END AS schema
      FROM (SELECT a.t, a.c, to_regclass(a.t) AS relation,
          CASE WHEN a.t ~ '^\\s*("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)\\s*(\\.\\s*("([^"]|"")+"|[[:alpha:]_][[:alnum:]_$]*)\\s*)*$' THEN parse_ident(a.t) END AS parts
        FROM (SELECT $1 AS t, $2 AS c) AS a) AS p) AS o
    LEFT JOIN tw_internal.schemas s ON s.name = o.schema LEFT JOIN tw_internal.relations r ON r.oid = o.relation
    LEFT JOIN tw_internal.columns c ON c.relation_oid = o.relation AND c.name = o.c) AS k)`;

/** By name; for overloads that differ, by `name(types)`. */
const bodies: Record<string, Body> = {
  pg_get_userbyid: (catalog) =>
    `CASE $1 WHEN ${OWNER_OID}::oid THEN ${quoteLiteral(catalog.user)} WHEN ${DATABASE_OWNER}::oid THEN 'pg_database_owner' ELSE 'unknown (OID=' || $1::text || ')' END`,
  pg_table_is_visible: (catalog) =>
    `$1 IN (SELECT oid FROM tw_internal.relations WHERE ${visibleRelation(catalog, '')})`,
  pg_type_is_visible: (catalog) => visibleBySchema(catalog, 'types'),
  pg_function_is_visible: (catalog) => visibleBySchema(catalog, 'functions'),
  pg_operator_is_visible: '$1 IS NOT NULL',
  pg_opclass_is_visible: '$1 IS NOT NULL',
  pg_collation_is_visible: '$1 IS NOT NULL',
  pg_opfamily_is_visible: '$1 IS NOT NULL',
  pg_conversion_is_visible: '$1 IS NOT NULL',
  pg_statistics_obj_is_visible: '$1 IS NOT NULL',
  pg_ts_parser_is_visible: '$1 IS NOT NULL',
  pg_ts_dict_is_visible: '$1 IS NOT NULL',
  pg_ts_template_is_visible: '$1 IS NOT NULL',
  pg_ts_config_is_visible: '$1 IS NOT NULL',
  // PostgreSQL's own functions are described.
  'obj_description(oid name)': `coalesce((SELECT comment FROM tw_internal.comments WHERE object_oid = $1 AND catalog = $2 AND number = 0),
    CASE $2 WHEN 'pg_proc' THEN (SELECT nullif(description, '') FROM tw_internal.functions WHERE oid = $1) END)`,
  obj_description:
    '(SELECT comment FROM tw_internal.comments WHERE object_oid = $1 AND number = 0 ORDER BY catalog LIMIT 1)',
  shobj_description: 'NULL::text',
  col_description: `(SELECT comment FROM tw_internal.comments WHERE object_oid = $1 AND catalog = 'pg_class' AND number = $2 AND $2 <> 0)`,
  format_type: formatTypeBody,
  version: "'PostgreSQL 15.13 (Tidewire 0.1.0)'",
  acldefault: ACL_DEFAULT,
  getdatabaseencoding: "'UTF8'",
  pg_encoding_to_char: "CASE $1 WHEN 6 THEN 'UTF8' WHEN 0 THEN 'SQL_ASCII' ELSE '' END",
  pg_char_to_encoding:
    "CASE upper($1::text) WHEN 'UTF8' THEN 6 WHEN 'UTF-8' THEN 6 WHEN 'SQL_ASCII' THEN 0 ELSE -1 END",
  pg_is_in_recovery: 'false',
  pg_relation_is_publishable: 'false',
  'pg_get_expr(text oid)': expression(),
  'pg_get_expr(text oid bool)': expression('$3'),
  'pg_get_viewdef(text)': NAMED_VIEW_DEFINITION,
  'pg_get_viewdef(text bool)': NAMED_VIEW_DEFINITION,
  'pg_get_viewdef(oid)': VIEW_DEFINITION,
  'pg_get_viewdef(oid bool)': VIEW_DEFINITION,
  'pg_get_viewdef(oid int4)': VIEW_DEFINITION,
  'pg_get_constraintdef(oid)': (catalog) => constraintDefinition(catalog),
  'pg_get_constraintdef(oid bool)': (catalog) => constraintDefinition(catalog, '$2'),
  'pg_get_indexdef(oid)': indexDefinition(),
  'pg_get_indexdef(oid int4 bool)': `CASE $2 WHEN 0 THEN ${indexDefinition('$3')}
    ELSE (SELECT coalesce(${shownNames('elements[$2]', '$3')}, '') FROM tw_internal.indexes WHERE oid = $1) END`,
  pg_get_serial_sequence: SERIAL_SEQUENCE,
  pg_get_function_arguments: `(SELECT ${shownNames('argument_types')} FROM tw_internal.functions WHERE oid = $1)`,
  pg_get_function_identity_arguments: `(SELECT ${shownNames('identity_types')} FROM tw_internal.functions WHERE oid = $1)`,
  pg_get_functiondef: FUNCTION_DEFINITION,
  pg_get_function_result: `(SELECT ${shownNames('result_type')} FROM tw_internal.functions WHERE oid = $1)`,
  pg_get_function_sqlbody: `(SELECT ${shownNames('sql_body')} FROM tw_internal.functions WHERE oid = $1)`,
  // Of kinds of objects that there are none of.
  pg_get_ruledef: 'NULL::text',
  pg_get_triggerdef: 'NULL::text',
  pg_get_statisticsobjdef: 'NULL::text',
  pg_get_statisticsobjdef_columns: 'NULL::text',
  pg_get_partkeydef: 'NULL::text',
  pg_get_partition_constraintdef: 'NULL::text',
  pg_relation_size: size('$1::oid::text', 0),
  'pg_relation_size(regclass text)': `CASE $2 WHEN 'main' THEN ${size('$1::oid::text', 0)} ELSE 0 END`,
  pg_table_size: size('$1::oid::text', 0),
  pg_indexes_size: size('$1::oid::text', 1),
  pg_total_relation_size: size('$1::oid::text', 2),
  'pg_database_size(name)': `CASE WHEN $1 = current_database() THEN ${DATABASE_SIZE} END`,
  'pg_database_size(oid)': `CASE WHEN $1 = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) THEN ${DATABASE_SIZE} END`,
  pg_tablespace_size: DATABASE_SIZE,
  pg_sequence_last_value: `CASE WHEN (tw_sequence_values() -> $1::oid::text ->> 1)::bool
    THEN (tw_sequence_values() -> $1::oid::text ->> 0)::int8 END`,
  // INSERT, UPDATE and DELETE are 8, 4 and 16.
  pg_relation_is_updatable: '(SELECT updatable FROM tw_internal.relations WHERE oid = $1::oid)',
  pg_column_is_updatable: `coalesce((SELECT c.is_updatable AND r.updatable & 20 = 20 FROM tw_internal.columns c
    JOIN tw_internal.relations r ON r.oid = c.relation_oid WHERE c.relation_oid = $1::oid AND c.number = $2), false)`,
  pg_tablespace_location: "''",
  pg_size_pretty: sizePrettyBody(),
  'jsonb_object(_text)': 'json_object($1)::jsonb',
  'jsonb_object(_text _text)': 'json_object($1, $2)::jsonb',
  pg_client_encoding: "'UTF8'::name",
  pg_encoding_max_length: 'CASE $1 WHEN 6 THEN 4 WHEN 0 THEN 1 END',
  // A domain over a domain is kept as one over the type beneath.
  pg_basetype: `(SELECT CASE WHEN kind = 'd' THEN base_oid ELSE oid END FROM tw_internal.types WHERE oid = $1::oid)::regtype`,
  oidvectortypes: `(SELECT coalesce(string_agg(format_type(each::oid, NULL), ', ' ORDER BY place), '')
    FROM unnest(string_to_array(array_to_string($1, ' '), ' ')) WITH ORDINALITY AS a (each, place))`,
  // Of the name so much is left that both have room, in whole characters.
  nameconcatoid: `(substr((repeat('_', length($2::text) + 1) || $1::text)::name::text, length($2::text) + 2) || '_' || $2::text)::name`,
  unicode_version: "'16.0'",
  getpgusername: 'current_user',
  inet_client_addr: '(SELECT client_addr FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid())',
  inet_client_port: '(SELECT client_port FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid())',
  pg_postmaster_start_time: `'${new Date(performance.timeOrigin).toISOString()}'::timestamptz`,
  pg_conf_load_time: `'${new Date(performance.timeOrigin).toISOString()}'::timestamptz`,
  // Who connects is not authenticated.
  system_user: 'NULL::text',
  pg_last_xact_replay_timestamp: 'NULL::timestamptz',
  pg_my_temp_schema: (catalog) => `${ownTemporarySchema(catalog)}::oid`,
  pg_is_other_temp_schema: (catalog) =>
    `$1 <> ${ownTemporarySchema(catalog)} AND $1 IN (SELECT oid FROM tw_internal.schemas WHERE starts_with(name::text, 'pg_temp_'))`,
  pg_is_wal_replay_paused: `tw_raise('55000', 'recovery is not in progress')::bool`,
  // Nobody waits for what another session has but for its advisory locks.
  pg_blocking_pids: `(SELECT coalesce(array_agg(DISTINCT h.pid), '{}') FROM pg_catalog.pg_locks w
    JOIN pg_catalog.pg_locks h ON h.granted AND (h.classid, h.objid, h.objsubid) = (w.classid, w.objid, w.objsubid)
    WHERE w.pid = $1 AND NOT w.granted)`,
  pg_get_function_arg_default: `(SELECT ${shownNames('argument_defaults[$2]')} FROM tw_internal.functions WHERE oid = $1)`,
  pg_stat_get_db_numbackends: '(SELECT count(*)::int4 FROM pg_catalog.pg_stat_activity WHERE datid = $1)',
  ...INDEX_PROPERTIES,
  // There are no triggers, policies, nor a compiler of machine code.
  pg_trigger_depth: '0',
  pg_jit_available: 'false',
  row_security_active: 'false',
};

function constraintDefinition(catalog: CatalogReader, pretty?: string): string {
  return `(SELECT CASE type WHEN 'f'
    THEN replace(definition, '${OTHER_TABLE}', ${registeredName('regclass', catalog).replaceAll('$1', 'parent_oid')})
    ELSE ${shownNames('definition', pretty)} END FROM tw_internal.constraints WHERE oid = $1)`;
}

/** The expression that stands for a call, or null if the function has none. */
export function catalogFunctionBody(entry: FunctionEntry, catalog: CatalogReader): string | null {
  const asked = privilegeBody(entry);
  if (asked !== null) return asked;
  const body = bodies[`${entry.name}(${entry.arguments.join(' ')})`] ?? bodies[entry.name];
  if (body === undefined) return entry.name.startsWith('pg_stat_get_') ? statisticsBody(entry) : null;
  return typeof body === 'string' ? body : body(catalog);
}

/** Nothing is counted: numbers are zero and times unknown. */
function statisticsBody({ result }: FunctionEntry): string {
  return result === 'timestamptz' ? 'NULL::timestamptz' : `CASE WHEN $1 IS NOT NULL THEN 0::${result} END`;
}

/** The oid of the session's temporary schema; 0: it has none. */
function ownTemporarySchema(catalog: CatalogReader): number {
  return catalog.temporarySchema === null ? 0 : (catalog.schemaId(catalog.temporarySchema) ?? 0);
}

/** The condition that a row of tw_internal.relations is the first of its name along the search path. */
function visibleRelation(catalog: CatalogReader, prefix: string): string {
  const { schemas, shadowed } = catalog.visibility();
  if (schemas.length === 0) return 'false';
  const first = shadowed.length === 0 ? '' : ` AND ${prefix}oid NOT IN (${shadowed.join(', ')})`;
  return `${prefix}schema_oid IN (${schemas.join(', ')})${first}`;
}

/** Whether the object of the oid $1 is in a schema that is searched. */
function visibleBySchema(catalog: CatalogReader, relation: 'types' | 'functions'): string {
  const { schemas } = catalog.visibility();
  const searched = schemas.length === 0 ? 'false' : `schema_oid IN (${schemas.join(', ')})`;
  return `$1 IN (SELECT oid FROM tw_internal.${relation} WHERE ${searched})`;
}

const quoted = (alias: string): string => `quote_ident(${alias}.name)`;

/** The name of a row of tw_internal.functions, with its schema where that is not searched. */
function functionName(catalog: CatalogReader): string {
  const own = ownTemporarySchema(catalog);
  const schemas = catalog.visibility().schemas.filter((id) => id !== own);
  const qualified = `(SELECT quote_ident(s.name) || '.' FROM tw_internal.schemas s WHERE s.oid = f.schema_oid)`;
  const prefix =
    schemas.length === 0
      ? qualified
      : `CASE WHEN f.schema_oid IN (${schemas.join(', ')}) THEN '' ELSE ${qualified} END`;
  return `${prefix} || quote_ident(f.name)`;
}

/** Without the arguments' names, which those of the user's functions may have. */
const ARGUMENT_TYPES =
  `coalesce(f.type_names, (SELECT coalesce(string_agg(t.display, ',' ORDER BY a.place), '')
    FROM unnest(string_to_array(array_to_string(f.argument_oids, ' '), ' ')) WITH ORDINALITY AS a (type, place)
    JOIN tw_internal.types t ON t.oid = a.type::oid))`
    .split(/\s*\n\s*/)
    .join(' ');

/** The name of the object that the oid $1 of a reg* type stands for. */
export function registeredName(type: TypeName, catalog: CatalogReader): string {
  const named = (query: string): string =>
    `CASE WHEN $1 = 0::oid THEN '-' ELSE coalesce((${query}), $1::text) END`;
  switch (type) {
    case 'regclass':
      return named(`SELECT CASE WHEN ${visibleRelation(catalog, 'r.')} THEN ${quoted('r')}
        ELSE ${quoted('s')} || '.' || ${quoted('r')} END
        FROM tw_internal.relations r JOIN tw_internal.schemas s ON s.oid = r.schema_oid WHERE r.oid = $1`);
    case 'regnamespace':
      return named('SELECT quote_ident(name) FROM tw_internal.schemas WHERE oid = $1');
    case 'regrole':
      return named('SELECT quote_ident(name) FROM tw_internal.roles WHERE oid = $1');
    case 'regproc':
      return named(`SELECT ${functionName(catalog)} FROM tw_internal.functions f WHERE f.oid = $1`);
    case 'regprocedure':
      return named(`SELECT ${functionName(catalog)} || '(' || ${ARGUMENT_TYPES} || ')'
        FROM tw_internal.functions f WHERE f.oid = $1`);
    case 'regoper':
      return named('SELECT name FROM tw_internal.operators WHERE oid = $1');
    case 'regoperator':
      return named(`SELECT o.name || '(' || coalesce(l.display, 'NONE') || ',' || coalesce(r.display, 'NONE') || ')'
        FROM tw_internal.operators o LEFT JOIN tw_internal.types l ON l.oid = o.left_oid
        LEFT JOIN tw_internal.types r ON r.oid = o.right_oid WHERE o.oid = $1`);
    case 'regcollation':
      return named(`SELECT quote_ident(collname) FROM pg_catalog.pg_collation WHERE oid = $1`);
    default:
      return '$1::text';
  }
}

/** Stands in a type's name where its modifier goes. */
const MODIFIER = '\u0001';
/** Types with a modifier, by how it is written. */
const LENGTHS = ['varchar', 'bpchar'];
const BITS = ['bit', 'varbit'];
/** By oid: types whose usual names mean a length of 1, where it is said that there is none. */
const ENDLESS = Object.fromEntries(
  allTypes
    .map(({ oid, name, display }) => [oid, formatType({ name: name as TypeName, typmod: -1 }), display])
    .flatMap(([oid, endless, display]) => (endless === display ? [] : [[oid, endless]])),
);
const PRECISIONS = ['time', 'timestamp', 'timestamptz'];
const LENGTH = `($2 - 4)::text`;
const SCALE = `((($2 - 4) >> 16) & 65535)::text || ',' || ((($2 - 4) & 2047 # 1024) - 1024)::text`;

/** The name of a type of one's own of the oid $1, or of a relation's rows, with its schema where that is not searched. */
export function typeDisplay(catalog: CatalogReader): string {
  const schemas = catalog.visibility().schemas.join(', ');
  const visible = schemas === '' ? 'false' : `t.schema_oid IN (${schemas})`;
  return `(SELECT CASE WHEN ${visible} THEN t.display ELSE quote_ident(s.name) || '.' || t.display END
    FROM tw_internal.types t JOIN tw_internal.schemas s ON s.oid = t.schema_oid WHERE t.oid = $1)`;
}

/** Built-in types by their oids: one value, for a branch for each would be planned with each call. */
const typeTemplates = quoteLiteral(
  JSON.stringify({
    0: '-',
    ...Object.fromEntries(allTypes.map(({ oid, name, display }) => [oid, typeTemplate(name, display)])),
  }),
);

/** A type's name, with a sign where its modifier goes. */
function typeTemplate(name: string, display: string): string {
  const element = elementType(name as TypeName);
  if (element !== null && !isVector(name)) return `${typeTemplate(element, displayType(element))}[]`;
  if ([...LENGTHS, ...BITS, 'numeric', 'interval'].includes(name)) return `${display}${MODIFIER}`;
  return PRECISIONS.includes(name) ? display.replace(' ', `${MODIFIER} `) : display;
}

/** The name of the type $1 with the modifier $2. */
function formatTypeBody(catalog: CatalogReader): string {
  const oids = (names: readonly string[]): string =>
    types
      .filter(({ name }) => names.includes(elementType(name as TypeName) ?? name))
      .map(({ oid }) => `${oid}::oid`)
      .join(', ');
  const modifier = `CASE WHEN $1 IN (${oids(LENGTHS)}) THEN '(' || ${LENGTH} || ')'
    WHEN $1 IN (${oids(['numeric'])}) THEN '(' || ${SCALE} || ')'
    WHEN $1 IN (${oids(['interval'])}) THEN coalesce(${intervalFieldsText('$2')}, '')
      || CASE WHEN $2 & 65535 <> 65535 THEN '(' || ($2 & 65535)::text || ')' ELSE '' END ELSE '(' || $2::text || ')' END`;
  return `CASE WHEN $1 IS NOT NULL THEN replace(coalesce(CASE WHEN $2 < 0 THEN ${quoteLiteral(JSON.stringify(ENDLESS))}::jsonb ->> $1::text END,
    ${typeTemplates}::jsonb ->> $1::text, ${typeDisplay(catalog)}, '???'),
    ${quoteLiteral(MODIFIER)}, CASE WHEN $2 >= 0 THEN ${modifier} ELSE '' END) END`;
}

/** Units above bytes begin where the one before would have five digits, and are rounded half away from zero. */
function sizePrettyBody(): string {
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  const branches = units.map((unit, i) => {
    const halves = `div($1::numeric, ${512n << BigInt(10 * i)})`;
    const rounded = `div(${halves} + CASE WHEN ${halves} < 0 THEN -1 ELSE 1 END, 2)::text || ' ${unit}'`;
    return i === units.length - 1 ? `ELSE ${rounded}` : `WHEN abs(${halves}) < 20479 THEN ${rounded}`;
  });
  return `CASE WHEN abs($1::numeric) < 10240 THEN $1::text || ' bytes' ${branches.join(' ')} END`;
}
