import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** numeric. */
export const numericFunctions: FunctionFamily = {
  name: 'numeric',
  total: [
    ...words('hash_numeric hash_numeric_extended numeric_send'),
    ...comparisons('numeric_'),
    ...words('numeric_uminus numeric_uplus numeric_abs numeric_sign numeric_ceil numeric_floor'),
    ...words('int2_numeric int4_numeric int8_numeric float4_numeric float8_numeric'),
    ...words('numeric_scale numeric_min_scale numeric_trim_scale'),
  ],
  fallible: [
    ...words('numeric_add numeric_sub numeric_mul numeric_div numeric_mod numeric_div_trunc numeric_inc'),
    ...words('numeric_round numeric_trunc numeric_sqrt numeric_exp numeric_ln numeric_log numeric_power'),
    ...words('numeric numeric_int2 numeric_int4 numeric_int8 numeric_float4 numeric_float8'),
    ...words('numeric_fac numeric_gcd numeric_lcm width_bucket_numeric numeric_random'),
  ],
  nullable: words('numeric_scale numeric_min_scale'),
};
