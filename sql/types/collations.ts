/** PostgreSQL's collations that compare by code point, which are all that there are here. */
export const COLLATIONS: readonly (readonly [oid: number, name: string, provider: string, locale: string])[] =
  [
    [100, 'default', 'd', 'NULL'],
    [811, 'pg_c_utf8', 'b', 'NULL'],
    [950, 'C', 'c', "'C'"],
    [951, 'POSIX', 'c', "'POSIX'"],
    [962, 'ucs_basic', 'b', 'NULL'],
  ];

/** Names of the operating system for what `pg_c_utf8` is, under which it is kept. */
const SYNONYMS: Readonly<Record<string, string>> = { 'C.UTF-8': 'pg_c_utf8', 'C.utf8': 'pg_c_utf8' };

/** The name of a collation that compares by code point; undefined for all others. */
export function knownCollation(written: string): string | undefined {
  const name = SYNONYMS[written] ?? written;
  return COLLATIONS.find(([, known]) => known === name)?.[1];
}

/** The oid of a collation that was written; null: none was. */
export function collationOid(name: string | null): number | null {
  return COLLATIONS.find(([, known]) => known === name)?.[0] ?? null;
}

/** The name of a collation that has an oid; null for none. */
export function collationName(oid: number): string | null {
  return COLLATIONS.find(([known]) => known === oid)?.[1] ?? null;
}
