import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** json: a text that is read by each function, and whose escapes can be wrong. */
export const jsonFunctions: FunctionFamily = {
  name: 'json',
  total: words('to_json array_to_json'),
  fallible: [
    ...words('json_object_field json_object_field_text json_array_element json_array_element_text'),
    ...words('json_extract_path json_extract_path_text json_typeof json_array_length json_strip_nulls'),
    ...words('json_object json_object_two_arg array_to_json_pretty'),
  ],
  nullable: words(
    `json_object_field json_object_field_text json_array_element json_array_element_text json_extract_path
     json_extract_path_text`,
  ),
};
