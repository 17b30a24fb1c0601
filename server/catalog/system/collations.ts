/** PostgreSQL's collations that compare by code point, which are all that there are here. */
export const COLLATIONS: readonly (readonly [oid: number, name: string, provider: string, locale: string])[] =
  [
    [100, 'default', 'd', 'NULL'],
    [950, 'C', 'c', "'C'"],
    [951, 'POSIX', 'c', "'POSIX'"],
    [962, 'ucs_basic', 'b', 'NULL'],
  ];

/** The oid of a collation that was written; null: none was. */
export function collationOid(name: string | null): number | null {
  return COLLATIONS.find(([, known]) => known === name)?.[0] ?? null;
}
