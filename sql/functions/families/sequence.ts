import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** Sequences. The native functions take the session as a last argument, which the binder adds. */
export const sequenceFunctions: FunctionFamily = {
  name: 'sequence',
  total: [],
  fallible: words('nextval_oid currval_oid lastval setval_oid setval3_oid'),
};

/** Functions that want to know the session. */
export const ofSession: ReadonlySet<string> = new Set(sequenceFunctions.fallible);
