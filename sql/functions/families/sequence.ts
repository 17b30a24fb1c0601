import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** Sequences. The native functions take the session as a last argument, which the binder adds. */
export const sequenceFunctions: FunctionFamily = {
  name: 'sequence',
  total: [],
  fallible: words('nextval_oid currval_oid lastval setval_oid setval3_oid'),
};

/** Random numbers, which setseed decides for a session. */
const randomFunctions = words('drandom drandom_normal int4random int8random numeric_random');

/** Functions that want to know the session. */
export const ofSession: ReadonlySet<string> = new Set([...sequenceFunctions.fallible, ...randomFunctions]);
