import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** Arrays. ARRAY[…], casts of elements and ANY and ALL are nodes of their own. */
export const arrayFunctions: FunctionFamily = {
  name: 'array',
  total: [
    ...words('array_eq array_ne array_lt array_le array_gt array_ge btarraycmp array_larger array_smaller'),
    ...words('arraycontains arraycontained arrayoverlap'),
    ...words('array_ndims array_dims array_lower array_upper array_length array_cardinality'),
    ...words('array_reverse array_sort array_sort_order array_sort_order_nulls_first array_replace'),
    ...words('array_to_text array_to_text_null text_to_array text_to_array_null'),
  ],
  fallible: [
    ...words('array_append array_prepend array_cat array_fill array_fill_with_lower_bounds trim_array'),
    ...words('array_position array_position_start array_positions array_remove'),
    ...words('array_shuffle array_sample width_bucket_array hash_array hash_array_extended'),
  ],
  nullable: words('array_ndims array_dims array_lower array_upper array_length'),
};
