import { words } from '../family.ts';
import type { FunctionFamily } from '../family.ts';

/** jsonpath over jsonb. All can raise an error: of a variable that there is not, of what needs the time zone. */
export const jsonpathFunctions: FunctionFamily = {
  name: 'jsonpath',
  total: [],
  fallible: words(
    `jsonb_path_exists jsonb_path_exists_opr jsonb_path_exists_tz jsonb_path_match jsonb_path_match_opr
     jsonb_path_match_tz jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
     jsonb_path_query_first_tz`,
  ),
  nullable: words(
    `jsonb_path_exists jsonb_path_exists_opr jsonb_path_exists_tz jsonb_path_match jsonb_path_match_opr
     jsonb_path_match_tz jsonb_path_query_first jsonb_path_query_first_tz`,
  ),
};
