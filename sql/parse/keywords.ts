// PostgreSQL 18's keywords that cannot name things (kwlist.h). The other 300 or so are ordinary identifiers
// to our own statements.

/** RESERVED_KEYWORD: never a name unless quoted. */
export const RESERVED: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
  current_catalog current_date current_role current_time current_timestamp current_user default deferrable
  desc distinct do else end except false fetch for foreign from grant group having in initially intersect into
  lateral leading limit localtime localtimestamp not null offset on only or order placing primary references
  returning select session_user some symmetric system_user table then to trailing true union unique user using
  variadic when where window with`
    .trim()
    .split(/\s+/),
);

/** TYPE_FUNC_NAME_KEYWORD: may name a function or type, but no relation or column. */
export const FUNCTION_NAMES_ONLY: ReadonlySet<string> = new Set(
  `authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left
  like natural notnull outer overlaps right similar tablesample verbose`
    .trim()
    .split(/\s+/),
);
