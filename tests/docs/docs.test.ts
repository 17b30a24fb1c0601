/** The documentation's SQL, page by page over a fresh server: it runs, fails as announced, and gives what is shown. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import { type Block, pages } from './pages.ts';

/** Sources read on their own time: how long a shown result may take to come. */
const PATIENCE = 20_000;
/** Values as the server wrote them. */
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

describe.each(pages())('$path', ({ blocks }) => {
  let server: Tidewire | undefined;
  let client: pg.Client | undefined;

  beforeAll(async () => {
    server = await startTidewire();
    client = await server.connect();
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  test.each(blocks)('line $line', async (block) => {
    if (block.mode === 'live') await startsToFlow(server!, block);
    else if (block.mode === 'error') {
      await expect(client!.query(block.sql)).rejects.toMatchObject({ code: block.sqlstate });
    } else if (block.expected === null) await client!.query(block.sql);
    else await gives(client!, block);
  });
});

/** The shown table, once the sources that it comes from have been read. */
async function gives(client: pg.Client, { sql, expected }: Block): Promise<void> {
  if (!/^(\s|--[^\n]*)*(select|values|table|with)\b/i.test(sql)) {
    expect(await run(client, sql)).toEqual(expected);
    return;
  }
  await expect.poll(() => run(client, sql), { timeout: PATIENCE }).toEqual(expected);
}

async function run(client: pg.Client, sql: string): Promise<string[][]> {
  const results = await client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: asText });
  const all = [results].flat() as unknown as pg.QueryArrayResult<(string | null)[]>[];
  const { fields, rows } = all.at(-1)!;
  return [fields.map(({ name }) => name), ...rows.map((row) => row.map((cell) => cell ?? ''))];
}

/** A subscription has begun when its first row or its first line of COPY is there. */
async function startsToFlow(server: Tidewire, { sql }: Block): Promise<void> {
  const client = await server.connect();
  const connection = (client as unknown as { connection: NodeJS.EventEmitter }).connection;
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('copyData', () => resolve());
      connection.once('dataRow', () => resolve());
      client.query(sql).then(() => reject(new Error('it ended before a row came')), reject);
    });
  } finally {
    await client.end().catch(() => {});
  }
}
