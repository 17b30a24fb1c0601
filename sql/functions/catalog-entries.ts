/**
 * Functions over the catalog whose signatures PostgreSQL writes with a type that there is not (pg_node_tree, aclitem), and others that
 * the generated list leaves out. Their bodies are in catalog-functions.ts.
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
  [3843, 'pg_column_is_updatable', 'regclass int2 bool', 'bool', 'is a column updatable'],
  [817, 'current_query', '', 'text', 'get the currently executing query'],
  [
    3943,
    'acldefault',
    'char oid',
    '_text',
    'show hardwired default privileges, primarily for use by the information schema',
  ],
];

/** `name` is an array of its 64 bytes, counted from 0. No function of PostgreSQL: the subscript is. */
export const elementOfName: FunctionEntry = {
  ...entryOf([0, 'subscript', 'name int4', 'char', 'a byte of a name']),
  volatility: 'immutable',
  body: `CASE WHEN $2 BETWEEN 0 AND 63 THEN substr($1::text, $2 + 1, 1)::"char" END`,
};

export const catalogEntries: readonly FunctionEntry[] = ENTRIES.map(entryOf);

function entryOf([oid, name, argumentTypes, result, description]: (typeof ENTRIES)[number]): FunctionEntry {
  return {
    oid,
    name,
    arguments: argumentTypes === '' ? [] : argumentTypes.split(' '),
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
  };
}
