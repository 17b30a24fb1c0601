import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** The four combinations of ranges and multiranges that a test takes. */
function pairs(...verbs: string[]): string[] {
  return verbs.flatMap((verb) => [
    ...[`range_${verb}`, `range_${verb}_multirange`],
    ...[`multirange_${verb}_range`, `multirange_${verb}_multirange`],
  ]);
}

/** Ranges and multiranges. */
export const rangeFunctions: FunctionFamily = {
  name: 'range',
  total: [
    ...comparisons('range_', 'multirange_'),
    ...words('range_cmp range_empty range_lower range_upper hash_range hash_range_extended'),
    ...words('range_lower_inc range_upper_inc range_lower_inf range_upper_inf'),
    ...words('multirange_cmp multirange_empty multirange_lower multirange_upper'),
    ...words('hash_multirange hash_multirange_extended'),
    ...words('multirange_lower_inc multirange_upper_inc multirange_lower_inf multirange_upper_inf'),
    ...pairs('overlaps', 'before', 'after', 'overleft', 'overright', 'adjacent', 'contained_by'),
    ...words('range_contains range_contains_multirange range_contains_elem elem_contained_by_range'),
    ...words('multirange_contains_range multirange_contains_multirange'),
    ...words('multirange_contains_elem elem_contained_by_multirange'),
    ...words('range_merge range_intersect range_merge_from_multirange'),
    ...words('multirange_union multirange_intersect multirange_minus'),
    ...words('multirange_constructor0 multirange_constructor1'),
    ...words('int4range_canonical int8range_canonical daterange_canonical'),
    ...words('int4range_subdiff int8range_subdiff daterange_subdiff tsrange_subdiff tstzrange_subdiff'),
  ],
  fallible: [
    ...words('range_constructor2 range_constructor3 range_union range_minus multirange_constructor2'),
    'numrange_subdiff',
  ],
  nullable: words('range_lower range_upper multirange_lower multirange_upper'),
};
