import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

const changing = words('nextval_oid setval_oid setval3_oid');

/**
 * Sequences. The native functions take the session behind their arguments, and those that change one whether the transaction is READ
 * ONLY, which the binder adds.
 */
export const sequenceFunctions: FunctionFamily = {
  name: 'sequence',
  total: [],
  fallible: [...changing, ...words('currval_oid lastval')],
};

/** Functions that change a sequence. */
export const changesSequence: ReadonlySet<string> = new Set(changing);

/** Random numbers, which setseed decides for a session. */
const randomFunctions = words('drandom drandom_normal int4random int8random numeric_random');

/** Functions that want to know the session. */
export const ofSession: ReadonlySet<string> = new Set([...sequenceFunctions.fallible, ...randomFunctions]);
