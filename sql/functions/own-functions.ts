/** Functions of the engine that PostgreSQL has not: what extensions are made of. No user calls them by these names. */
import type { TypeName } from '../types/type.ts';
import type { FunctionEntry } from './table.ts';

/** name, argument types, result type. */
const ENTRIES: readonly (readonly [
  name: string,
  arguments: string,
  result: TypeName,
  description: string,
])[] = [
  ['tw_digest', 'bytea text', 'bytea', 'digest by the name of its algorithm'],
  ['tw_hmac', 'bytea bytea text', 'bytea', 'message authentication code by the name of its algorithm'],
  ['tw_random_bytes', 'int4', 'bytea', 'random bytes'],
];

const VOLATILE = ['tw_random_bytes'];

export const ownFunctions: readonly FunctionEntry[] = ENTRIES.map(
  ([name, argumentTypes, result, description]): FunctionEntry => ({
    oid: 0,
    name,
    arguments: argumentTypes.split(' '),
    result,
    opcode: name,
    strict: true,
    volatility: VOLATILE.includes(name) ? 'volatile' : 'immutable',
    kind: 'function',
    canError: true,
    canBeNull: false,
    native: true,
    body: null,
    description,
  }),
);
