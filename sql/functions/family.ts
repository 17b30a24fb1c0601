/**
 * A family of functions: which of PostgreSQL's internal functions the engine has, by `pg_proc.prosrc`. Signatures,
 * oids, strictness and volatility come from PostgreSQL's own catalog (catalog.generated.ts); what PostgreSQL does not
 * record, whether a function can raise an error, stands here.
 */
export interface FunctionFamily {
  readonly name: string;
  /** Never raise an error, whatever their arguments: the optimizer may move them freely. */
  readonly total: readonly string[];
  /** May raise an error for some arguments. */
  readonly fallible: readonly string[];
  /** Strict functions that give NULL for some arguments none of which is NULL. */
  readonly nullable?: readonly string[];
}

/** Splits a list of names written as words. */
export function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** The comparison functions `prefixeq`, `prefixne`… of one type, or of several types. */
export function comparisons(...prefixes: string[]): string[] {
  return prefixes.flatMap((prefix) => ['eq', 'ne', 'lt', 'le', 'gt', 'ge'].map((suffix) => prefix + suffix));
}
