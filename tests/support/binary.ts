/** Values in their binary forms, as clients ask for them. */
import type pg from 'pg';

/** The first row in binary form as hexadecimal digits, with the columns' types; or the error. */
export async function binary(client: pg.Client, text: string, values: Buffer[] = []): Promise<unknown> {
  const raw = { getTypeParser: () => (value: Buffer | string) => Buffer.from(value as string) };
  const query = { text, values, rowMode: 'array', binary: true, types: raw } as pg.QueryArrayConfig;
  try {
    const { fields, rows } = await client.query(query);
    return {
      types: fields.map(({ dataTypeID, dataTypeSize }) => [dataTypeID, dataTypeSize]),
      values: rows[0]!.map((value: Buffer | null) => value?.toString('hex') ?? null),
    };
  } catch (error) {
    const { code, message } = error as pg.DatabaseError;
    return { code, message };
  }
}
