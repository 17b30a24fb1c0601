import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** to_char and to_number for numbers. */
export const formattingFunctions: FunctionFamily = {
  name: 'formatting',
  total: [],
  fallible: words(
    'int4_to_char int8_to_char float4_to_char float8_to_char numeric_to_char numeric_to_number pg_size_bytes',
  ),
};
