/**
 * Functions over the catalog whose signatures PostgreSQL writes with types that there are not (pg_node_tree, aclitem), or
 * that take defaults. Their bodies are in catalog-functions.ts.
 */
import type { TypeName } from '../types/type.ts';
import type { FunctionEntry } from './table.ts';

/** oid, name, argument types, result type. */
const ENTRIES: readonly (readonly [
  oid: number,
  name: string,
  arguments: string,
  result: TypeName,
  description: string,
])[] = [
  [1716, 'pg_get_expr', 'text oid', 'text', 'deparse an encoded expression'],
  [2509, 'pg_get_expr', 'text oid bool', 'text', 'deparse an encoded expression with pretty-print option'],
  [1665, 'pg_get_serial_sequence', 'text text', 'text', 'name of sequence for a serial column'],
  [2098, 'pg_get_functiondef', 'oid', 'text', 'definition of a function'],
  [6197, 'pg_get_function_sqlbody', 'oid', 'text', 'function SQL body'],
  [2232, 'pg_get_function_identity_arguments', 'oid', 'text', 'identity argument list of a function'],
  [1573, 'pg_get_ruledef', 'oid', 'text', 'source text of a rule'],
  [2504, 'pg_get_ruledef', 'oid bool', 'text', 'source text of a rule with pretty-print option'],
  [1662, 'pg_get_triggerdef', 'oid', 'text', 'trigger description'],
  [2730, 'pg_get_triggerdef', 'oid bool', 'text', 'trigger description with pretty-print option'],
  [3415, 'pg_get_statisticsobjdef', 'oid', 'text', 'extended statistics object description'],
  [6174, 'pg_get_statisticsobjdef_columns', 'oid', 'text', 'extended statistics columns'],
  [3352, 'pg_get_partkeydef', 'oid', 'text', 'partition key description'],
  [3408, 'pg_get_partition_constraintdef', 'oid', 'text', 'partition constraint description'],
  [3403, 'pg_statistics_obj_is_visible', 'oid', 'bool', 'is statistics object visible in search path?'],
  [3829, 'pg_opfamily_is_visible', 'oid', 'bool', 'is opfamily visible in search path?'],
  [2082, 'pg_conversion_is_visible', 'oid', 'bool', 'is conversion visible in search path?'],
  [3756, 'pg_ts_parser_is_visible', 'oid', 'bool', 'is text search parser visible in search path?'],
  [3757, 'pg_ts_dict_is_visible', 'oid', 'bool', 'is text search dictionary visible in search path?'],
  [3768, 'pg_ts_template_is_visible', 'oid', 'bool', 'is text search template visible in search path?'],
  [3758, 'pg_ts_config_is_visible', 'oid', 'bool', 'is text search configuration visible in search path?'],
  [
    2289,
    'pg_indexes_size',
    'regclass',
    'int8',
    'disk space usage for all indexes attached to the specified table',
  ],
  [2855, 'pg_is_other_temp_schema', 'oid', 'bool', "is schema another session's temp schema?"],
  [2323, 'pg_tablespace_size', 'oid', 'int8', 'total disk space usage for the specified tablespace'],
  [
    3036,
    'has_column_privilege',
    'oid int2 text',
    'bool',
    'current user privilege on column by rel oid, col attnum',
  ],
  [2260, 'has_function_privilege', 'oid text', 'bool', 'current user privilege on function by function oid'],
  [2186, 'has_sequence_privilege', 'oid text', 'bool', 'current user privilege on sequence by seq oid'],
  [
    3842,
    'pg_relation_is_updatable',
    'regclass bool',
    'int4',
    'is a relation insertable, updatable, deletable',
  ],
];

export const catalogEntries: readonly FunctionEntry[] = ENTRIES.map(
  ([oid, name, argumentTypes, result, description]): FunctionEntry => ({
    oid,
    name,
    arguments: argumentTypes.split(' '),
    result,
    opcode: '',
    strict: true,
    volatility: 'stable',
    kind: 'function',
    canError: false,
    canBeNull: true,
    native: false,
    body: null,
    description,
  }),
);
