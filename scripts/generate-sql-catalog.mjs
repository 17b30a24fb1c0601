// Writes sql/functions/catalog.generated.ts: PostgreSQL 18's own rows of pg_type, pg_proc, pg_operator and pg_cast,
// restricted to the types that Tidewire has and to the internal functions that the families in sql/functions name.
//
// usage: npm run build && node scripts/generate-sql-catalog.mjs postgres://postgres@localhost/postgres
import { writeFileSync } from 'node:fs';
import { Client } from 'pg';
import { families } from '../build/sql/functions/families.js';

const baseTypes =
  words(`bool bytea char name int8 int2 int4 text oid json jsonb jsonpath float4 float8 bpchar varchar date time
  timestamp timestamptz interval numeric uuid inet cidr macaddr macaddr8 bit varbit int4range int8range numrange daterange tsrange tstzrange
  int4multirange int8multirange nummultirange datemultirange tsmultirange tstzmultirange`);
// Types that have a name and an oid in expressions but no column form of their own.
const registered = words(
  `regclass regtype regproc regnamespace regrole regprocedure regoper regoperator regcollation`,
);
const types = [...baseTypes, ...[...baseTypes, ...registered].map((name) => `_${name}`)];
const nominal = [
  ...registered,
  ...words(
    `int2vector oidvector unknown void any anyelement anyarray anynonarray anyenum anyrange anymultirange
    anycompatible anycompatiblearray anycompatiblenonarray anycompatiblerange anycompatiblemultirange`,
  ),
];
const aggregates =
  words(`count sum avg min max bool_and bool_or every any_value var_pop var_samp variance stddev_pop
  stddev_samp stddev corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope
  regr_sxx regr_sxy regr_syy bit_and bit_or bit_xor string_agg array_agg range_agg range_intersect_agg json_agg json_agg_strict json_object_agg
  json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg
  jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict percentile_cont percentile_disc mode`);
// SQL-language functions of PostgreSQL that are inlined; those behind operators are taken in any case.
const inlined = words(
  'lpad rpad log log10 round trunc date_part bit_length timestamptz age substring overlaps quote_literal quote_nullable',
);
// Functions over the catalog: their bodies are ours (sql/functions/catalog-functions.ts), their signatures are not.
const described =
  words(`pg_get_userbyid pg_table_is_visible pg_type_is_visible pg_function_is_visible format_type
  obj_description shobj_description col_description current_schema current_database version pg_encoding_to_char
  pg_char_to_encoding getdatabaseencoding has_schema_privilege has_table_privilege has_database_privilege pg_has_role
  pg_get_viewdef pg_get_indexdef pg_get_constraintdef pg_get_expr pg_table_size pg_relation_size
  pg_total_relation_size pg_database_size pg_size_pretty pg_backend_pid pg_is_in_recovery pg_relation_is_publishable
  pg_collation_is_visible pg_operator_is_visible pg_opclass_is_visible pg_tablespace_location
  now transaction_timestamp statement_timestamp clock_timestamp current_user session_user current_setting
  pg_postmaster_start_time txid_current random gen_random_uuid pg_get_function_result pg_get_function_arguments
  timeofday uuidv4 concat concat_ws jsonb_object pg_client_encoding unicode_version pg_trigger_depth pg_my_temp_schema
  pg_jit_available row_security_active getpgusername pg_sequence_last_value
  pg_get_serial_sequence pg_get_functiondef pg_get_function_sqlbody pg_get_function_identity_arguments pg_get_ruledef
  pg_get_triggerdef pg_get_statisticsobjdef pg_get_statisticsobjdef_columns pg_get_partkeydef pg_get_partition_constraintdef
  pg_statistics_obj_is_visible pg_opfamily_is_visible pg_conversion_is_visible pg_ts_parser_is_visible pg_ts_dict_is_visible
  pg_ts_template_is_visible pg_ts_config_is_visible pg_indexes_size pg_is_other_temp_schema pg_tablespace_size
  pg_relation_is_updatable has_column_privilege has_any_column_privilege has_function_privilege has_sequence_privilege
  has_type_privilege has_language_privilege has_tablespace_privilege has_server_privilege
  has_foreign_data_wrapper_privilege has_parameter_privilege pg_encoding_max_length pg_basetype oidvectortypes
  pg_last_xact_replay_timestamp system_user inet_client_addr inet_client_port pg_is_wal_replay_paused pg_blocking_pids
  pg_get_function_arg_default pg_indexam_has_property pg_index_has_property pg_index_column_has_property nameconcatoid
  pg_stat_get_numscans pg_stat_get_lastscan pg_stat_get_tuples_returned pg_stat_get_tuples_fetched pg_stat_get_tuples_inserted
  pg_stat_get_tuples_updated pg_stat_get_tuples_deleted pg_stat_get_tuples_hot_updated pg_stat_get_tuples_newpage_updated
  pg_stat_get_live_tuples pg_stat_get_dead_tuples pg_stat_get_mod_since_analyze pg_stat_get_ins_since_vacuum
  pg_stat_get_blocks_fetched pg_stat_get_blocks_hit pg_stat_get_last_vacuum_time pg_stat_get_last_autovacuum_time
  pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time pg_stat_get_vacuum_count pg_stat_get_autovacuum_count
  pg_stat_get_analyze_count pg_stat_get_autoanalyze_count pg_stat_get_db_numbackends pg_stat_get_db_xact_commit
  pg_stat_get_db_xact_rollback pg_stat_get_db_blocks_fetched pg_stat_get_db_blocks_hit pg_stat_get_db_tuples_returned
  pg_stat_get_db_tuples_fetched pg_stat_get_db_tuples_inserted pg_stat_get_db_tuples_updated pg_stat_get_db_tuples_deleted
  pg_stat_get_db_conflict_all pg_stat_get_db_deadlocks pg_stat_get_db_temp_files pg_stat_get_db_temp_bytes
  pg_stat_get_db_stat_reset_time`);
// What the binder makes of a call itself, or a relation in FROM: pg_proc has them, the overloads are not resolved by it.
const bound =
  words(`to_regclass to_regtype to_regtypemod to_regproc to_regprocedure to_regoper to_regoperator to_regcollation
  to_regnamespace to_regrole pg_typeof pg_input_is_valid pg_input_error_info num_nulls num_nonnulls format current_schemas
  to_json to_jsonb row_to_json array_to_json count
  json_build_array json_build_object jsonb_build_array jsonb_build_object json_extract_path json_extract_path_text
  jsonb_extract_path jsonb_extract_path_text json_object_agg json_object_agg_strict json_object_agg_unique
  json_object_agg_unique_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
  jsonb_object_agg_unique_strict percentile_cont percentile_disc mode concat concat_ws
  generate_series generate_subscripts unnest string_to_table regexp_matches regexp_split_to_table
  json_array_elements json_array_elements_text json_object_keys json_each json_each_text json_to_record json_to_recordset
  json_populate_record json_populate_recordset jsonb_array_elements jsonb_array_elements_text jsonb_object_keys jsonb_each
  jsonb_each_text jsonb_to_record jsonb_to_recordset jsonb_populate_record jsonb_populate_recordset jsonb_path_query
  jsonb_path_query_tz pg_partition_ancestors pg_options_to_table aclexplode
  row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value`);
// What stands in certain places alone: what the session does, as the whole of a statement. Elsewhere a call is refused by name.
const ofPlaces =
  words(`pg_get_keywords pg_available_extensions pg_show_all_settings set_config setseed pg_sleep pg_sleep_for pg_sleep_until pg_cancel_backend pg_terminate_backend pg_advisory_lock pg_advisory_lock_shared
  pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
  pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_advisory_unlock pg_advisory_unlock_shared
  pg_advisory_unlock_all`);

const client = new Client({
  connectionString: process.argv[2],
  types: { getTypeParser: () => (text) => text },
});
await client.connect();
const rows = async (sql, ...parameters) =>
  (await client.query({ text: sql, values: parameters, rowMode: 'array' })).rows;

// Functions of our own (sql/functions/own-functions.ts) are not PostgreSQL's.
const opcodes = families
  .flatMap((family) => [...family.total, ...family.fallible])
  .filter((opcode) => !opcode.startsWith('tw_'));
const repeated = opcodes.filter((opcode, i) => opcodes.indexOf(opcode) !== i);
if (repeated.length > 0) throw new Error(`named twice: ${repeated.join(' ')}`);
const known = new Set(
  (await rows(`select distinct prosrc from pg_proc where prosrc = any($1)`, opcodes)).map((r) => r[0]),
);
// What extensions are made of is the engine's own.
const unknown = opcodes.filter((opcode) => !known.has(opcode) && !opcode.startsWith('tw_'));
if (unknown.length > 0) throw new Error(`PostgreSQL has no function ${unknown.join(' ')}`);

const typeRows = await rows(
  `select oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typdelim, typelem, typarray,
     typalign, typstorage, typcollation, format_type(oid, null), typinput::oid, typoutput::oid, typreceive::oid, typsend::oid
   from pg_type where typname = any($1) and typnamespace = 11 order by oid`,
  [...types, ...nominal],
);
const named = `(select array_agg(typname order by n)
  from unnest(proargtypes) with ordinality a(t, n) join pg_type on oid = t)`;
const procRows = await rows(
  `select p.oid, proname, array_to_string(${named}, ' '), r.typname, case when prolang = 14 and proname <> all($4) then '' else prosrc end, proisstrict::int, provolatile, prokind,
     case when prolang = 14 and not proname = any($4)
       then coalesce(regexp_replace(pg_get_function_sqlbody(p.oid), '^RETURN ', ''), prosrc) else '' end,
     coalesce(d.description, '')
   from pg_proc p join pg_type r on r.oid = prorettype
   left join pg_description d on d.objoid = p.oid and d.classoid = 'pg_proc'::regclass and d.objsubid = 0
   where not proretset and pronamespace = 11 and r.typname = any($1::text[])
     and (pronargs = 0 or ${named}::text[] <@ $1::text[])
     and (prokind = 'f' and prosrc = any($2) and (provariadic = 0 or prosrc = 'multirange_constructor2' or p.oid in (select oprcode from pg_operator))
       or prokind = 'f' and prolang = 14 and (proname = any($5) or p.oid in (select oprcode from pg_operator))
       or prokind = 'f' and proname = any($4)
       or prokind = 'a' and proname = any($3))
   order by p.oid`,
  [...types, ...nominal],
  opcodes,
  aggregates,
  described,
  inlined,
);
const procs = procRows.map((r) => r[0]);
const argumentRows = await rows(
  `select p.oid, coalesce((select string_agg(name, ' ' order by n) from unnest(proargnames[1:pronargs]) with ordinality a(name, n)), ''),
     coalesce(pg_get_expr(proargdefaults, 0), ''),
     case when prosrc = 'multirange_constructor2' then (select typname from pg_type t where t.oid = provariadic) else '' end
   from pg_proc p where oid::text = any($1) and (proargnames is not null or pronargdefaults > 0 or prosrc = 'multirange_constructor2')
   order by 1`,
  procs,
);
// Pseudo-types that stand in signatures alone.
const inSignatures = [...types, ...nominal, 'record'];
const boundRows = await rows(
  `select p.oid, proname, prokind, r.typname, proretset::int, proisstrict::int, provolatile, pronargdefaults,
     coalesce((select typname from pg_type where oid = provariadic), ''), coalesce(array_to_string(${named}, ' '), ''),
     coalesce(array_to_string(proargnames[1:pronargs], ' '), ''), prosrc, coalesce(d.description, '')
   from pg_proc p join pg_type r on r.oid = prorettype
   left join pg_description d on d.objoid = p.oid and d.classoid = 'pg_proc'::regclass and d.objsubid = 0
   where pronamespace = 11 and proname = any($1) and not p.oid::text = any($2) and r.typname = any($3::text[])
     and (pronargs = 0 or ${named}::text[] <@ $3::text[])
   order by p.oid`,
  [...bound, ...ofPlaces],
  procs,
  inSignatures,
);
// What \\df shows of a function, where it is not the list of its types.
const signatureRows = await rows(
  `select p.oid, pg_get_function_arguments(p.oid), pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid)
   from pg_proc p where p.oid::text = any($1)
     and (pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)) is distinct from
       (coalesce((select string_agg(t::regtype::text, ', ' order by n) from unnest(proargtypes) with ordinality a(t, n)), ''),
        prorettype::regtype::text)
   order by p.oid`,
  [...procs, ...boundRows.map((r) => r[0])],
);
const operatorRows = await rows(
  `select o.oid, oprname, coalesce(l.typname, ''), r.typname, t.typname, oprcode::oid, oprcom, oprnegate,
     oprcanmerge::int, oprcanhash::int
   from pg_operator o left join pg_type l on l.oid = oprleft join pg_type r on r.oid = oprright
   join pg_type t on t.oid = oprresult
   where oprcode::oid::text = any($1) and oprnamespace = 11 order by o.oid`,
  procs,
);
const castRows = await rows(
  `select c.oid, s.typname, t.typname, castfunc, castcontext, castmethod
   from pg_cast c join pg_type s on s.oid = castsource join pg_type t on t.oid = casttarget
   where s.typname = any($1) and t.typname = any($1) and (castfunc = 0 or castfunc::text = any($2)) order by c.oid`,
  [...types, ...nominal],
  procs,
);
const rangeRows = await rows(
  `select r.typname, s.typname, m.typname, rngcollation, rngsubopc,
     rngcanonical::oid, rngsubdiff::oid
   from pg_range join pg_type r on r.oid = rngtypid join pg_type s on s.oid = rngsubtype join pg_type m on m.oid = rngmultitypid
   where r.typname = any($1) order by r.oid`,
  types,
);
const typeFunctionRows = await rows(
  `select p.oid, proname from pg_proc p where pronamespace = 11
     and (proname in ('enum_in', 'enum_out', 'enum_recv', 'enum_send', 'domain_in', 'domain_recv',
         'record_in', 'record_out', 'record_recv', 'record_send')
       or exists (select from pg_type t where p.oid in (typinput, typoutput, typreceive, typsend) and t.oid::text = any($1)))
   order by 1`,
  typeRows.map((r) => r[0]),
);
// Names of what PostgreSQL has and Tidewire does not: a call is then refused by name, not as unknown.
const nameRows = await rows(
  `select distinct proname from pg_proc where pronamespace = 11 and prokind in ('f', 'a', 'w')
     and not proname = any(select proname from pg_proc where oid::text = any($1))
     and not exists (select from unnest(proargtypes) t where t::regtype::text in ('internal', 'cstring'))
     and prorettype::regtype::text not in ('internal', 'cstring', 'trigger', 'event_trigger') order by 1`,
  [...procs, ...boundRows.filter(([, name]) => !ofPlaces.includes(name)).map(([oid]) => oid)],
);
const relationRows = await rows(
  `select n.nspname || '.' || c.relname || case when c.oid < 10000 then '@' || c.oid else '' end,
     string_agg(' ' || a.attname || ':' || case t.typtype when 'd' then b.typname || ':' || t.typname else t.typname end, '' order by attnum)
   from pg_class c join pg_namespace n on n.oid = c.relnamespace
   join pg_attribute a on a.attrelid = c.oid and attnum > 0 join pg_type t on t.oid = a.atttypid
   left join pg_type b on b.oid = t.typbasetype
   where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v') group by 1 order by 1`,
);
const keywordRows = await rows(`select word, catcode, barelabel::int from pg_get_keywords() order by 1`);
await client.end();

const quote = (text) =>
  text === null ? "''" : `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
const numeric = (positions) => (row) =>
  `[${row.map((value, i) => (positions.includes(i) ? value : quote(value))).join(',')}]`;
const typeFields =
  words(`oid name length byValue kind category preferred delimiter element array align storage
  collation display input output receive send`);
const typeText = (row) =>
  `{${row
    .map((value, i) => {
      const field = typeFields[i];
      if (['byValue', 'preferred'].includes(field)) return `${field}:${value === 't'}`;
      const number = !['name', 'kind', 'category', 'delimiter', 'align', 'storage', 'display'].includes(
        field,
      );
      return `${field}:${number ? value : quote(value)}`;
    })
    .join(',')}}`;
const list = (name, type, texts) =>
  `export const ${name}: readonly ${type}[] = [\n${texts.map((text) => `  ${text},\n`).join('')}];\n`;

writeFileSync(
  new URL('../sql/functions/catalog.generated.ts', import.meta.url),
  `// Generated from PostgreSQL 18 by scripts/generate-sql-catalog.mjs. Do not edit.
import type {
  ArgumentRow,
  BoundRow,
  CastRow,
  OperatorRow,
  ProcRow,
  RangeRow,
  SignatureRow,
  TypeRow,
} from './catalog-rows.ts';

${list('typeRows', 'TypeRow', typeRows.map(typeText))}
${list('typeFunctionRows', '(readonly [oid: number, name: string])', typeFunctionRows.map(numeric([0])))}
${list('procRows', 'ProcRow', procRows.map(numeric([0, 5])))}
${list('boundRows', 'BoundRow', boundRows.map(numeric([0, 4, 5, 7])))}
${list('signatureRows', 'SignatureRow', signatureRows.map(numeric([0])))}
${list('argumentRows', 'ArgumentRow', argumentRows.map(numeric([0])))}
${list('operatorRows', 'OperatorRow', operatorRows.map(numeric([0, 5, 6, 7, 8, 9])))}
${list('castRows', 'CastRow', castRows.map(numeric([0, 3])))}
${list('rangeRows', 'RangeRow', rangeRows.map(numeric([3, 4, 5, 6])))}`,
);
writeFileSync(
  new URL('../sql/functions/postgres-names.generated.ts', import.meta.url),
  `// Generated from PostgreSQL 18 by scripts/generate-sql-catalog.mjs. Do not edit.
export const postgresNames = \`
${nameRows.map(([name]) => name).join('\n')}
\`;
/** Its keywords: word, category, and whether it can be a label without AS. */
export const postgresKeywords = \`
${keywordRows.map((row) => row.join(' ')).join('\n')}
\`;
`,
);
writeFileSync(
  new URL('../sql/functions/postgres-relations.generated.ts', import.meta.url),
  `// Generated from PostgreSQL 18 by scripts/generate-sql-catalog.mjs. Do not edit.
/** The relations of PostgreSQL's catalog, one a line, with their oids where those never change, columns and types. */
export const postgresRelations = \`
${relationRows.map(([name, columns]) => `${name}${columns}`).join('\n')}
\`;
`,
);
console.log(
  `${typeRows.length} types, ${procRows.length} functions, ${operatorRows.length} operators, ${castRows.length} casts`,
);

function words(text) {
  return text.trim().split(/\s+/);
}
