import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/**
 * LIKE, ILIKE, SIMILAR TO and regular expressions. All can fail: on a pattern that ends with the escape character, or on
 * a malformed regular expression.
 */
export const patternFunctions: FunctionFamily = {
  name: 'pattern',
  total: [],
  fallible: [
    ...words('textlike textnlike texticlike texticnlike namelike namenlike nameiclike nameicnlike'),
    ...words('like_escape like_escape_bytea'),
    ...words(
      'textregexeq textregexne texticregexeq texticregexne nameregexeq nameregexne nameicregexeq nameicregexne',
    ),
    ...words(
      'similar_to_escape_1 similar_to_escape_2 textregexsubstr textregexreplace textregexreplace_noopt',
    ),
    ...words('textregexreplace_extended textregexreplace_extended_no_flags textregexreplace_extended_no_n'),
    ...words('regexp_like regexp_like_no_flags regexp_count regexp_count_no_flags regexp_count_no_start'),
    ...words('regexp_instr regexp_instr_no_flags regexp_instr_no_n regexp_instr_no_start'),
    ...words('regexp_instr_no_endoption regexp_instr_no_subexpr'),
    ...words('regexp_substr regexp_substr_no_flags regexp_substr_no_n regexp_substr_no_start'),
    'regexp_substr_no_subexpr',
    ...words('regexp_match regexp_match_no_flags regexp_split_to_array regexp_split_to_array_no_flags'),
  ],
  nullable: words(
    'textregexsubstr regexp_substr regexp_substr_no_flags regexp_substr_no_n regexp_substr_no_start regexp_substr_no_subexpr regexp_match regexp_match_no_flags',
  ),
};
