/** What a statement answers, for tests that look at one or the other. */
import type pg from 'pg';

/** Its rows, as the values of their columns. */
export async function rowsOf(client: pg.Client, text: string, values: unknown[] = []): Promise<unknown[][]> {
  return (await client.query<unknown[]>({ text, values, rowMode: 'array' })).rows;
}

/** Its error; one that has none is an error of the test. */
export async function errorRaisedBy(client: pg.Client, text: string): Promise<pg.DatabaseError> {
  const error: unknown = await client.query(text).catch((reason: unknown) => reason);
  if (error instanceof Error) return error as pg.DatabaseError;
  throw new Error(`no error from: ${text}`);
}
