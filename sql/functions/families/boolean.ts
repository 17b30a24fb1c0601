import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** bool. AND, OR, NOT are nodes of their own. */
export const booleanFunctions: FunctionFamily = {
  name: 'boolean',
  total: [
    ...comparisons('bool'),
    ...words('bool_int4 int4_bool booltext hashbool hashboolextended boolsend'),
  ],
  fallible: [],
};
