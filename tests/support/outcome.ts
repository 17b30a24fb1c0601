/** What a statement comes to, to be compared between servers. */
import type pg from 'pg';

/** Rows as texts, notices and the error of a statement. */
export async function outcome(connection: pg.Client, sql: string): Promise<unknown> {
  const notices: string[] = [];
  const hear = (notice: { message?: string; detail?: string }): void => {
    notices.push([notice.message, notice.detail].filter(Boolean).join('\n'));
  };
  connection.on('notice', hear);
  try {
    const text = {
      text: sql,
      rowMode: 'array' as const,
      types: { getTypeParser: () => (value: string) => value },
    };
    const { rows } = await connection.query(text as pg.QueryArrayConfig);
    return { rows, notices };
  } catch (error) {
    const { code, message, detail, hint } = error as pg.DatabaseError;
    return { code, message, detail, hint, notices };
  } finally {
    connection.off('notice', hear);
  }
}
