import { comparisons, words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** jsonb. */
export const jsonbFunctions: FunctionFamily = {
  name: 'jsonb',
  total: [
    ...comparisons('jsonb_'),
    ...words('jsonb_hash jsonb_hash_extended'),
    ...words('jsonb_object_field jsonb_object_field_text jsonb_array_element jsonb_array_element_text'),
    'to_jsonb',
    ...words('jsonb_extract_path jsonb_exists_any jsonb_exists_all'),
    ...words('jsonb_contains jsonb_contained jsonb_exists jsonb_typeof jsonb_pretty jsonb_strip_nulls'),
  ],
  fallible: [
    ...words(
      'jsonb_extract_path_text jsonb_delete_array jsonb_delete_path jsonb_set jsonb_set_lax jsonb_insert',
    ),
    ...words('jsonb_concat jsonb_delete jsonb_delete_idx jsonb_array_length'),
    ...words('jsonb_bool jsonb_int2 jsonb_int4 jsonb_int8 jsonb_float4 jsonb_float8 jsonb_numeric'),
  ],
  nullable: words(
    'jsonb_extract_path jsonb_extract_path_text jsonb_object_field jsonb_object_field_text jsonb_array_element jsonb_array_element_text jsonb_bool jsonb_int2 jsonb_int4 jsonb_int8 jsonb_float4 jsonb_float8 jsonb_numeric',
  ),
};
