/** Statements whose command tag has no row count although they return rows. */
const UNCOUNTED = new Set(['SHOW', 'EXPLAIN']);

/** The command tag of a statement that returned rows. */
export function completionTag(tag: string, rows: number): string {
  return UNCOUNTED.has(tag) ? tag : `${tag} ${rows}`;
}
