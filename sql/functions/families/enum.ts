import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** Enum types. */
export const enumFunctions: FunctionFamily = {
  name: 'enum',
  total: [
    ...comparisons('enum_'),
    ...words('enum_cmp enum_smaller enum_larger enum_range_all enum_range_bounds'),
  ],
  // A type can be without labels.
  fallible: words('enum_first enum_last'),
};
