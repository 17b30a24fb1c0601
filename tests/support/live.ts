/** A SUBSCRIBE whose rows are looked at while it runs: on a connection of its own, values as the server wrote them. */
import pg from 'pg';
import { expect } from 'vitest';
import type { Tidewire } from './tidewire.ts';

/** pg's type parsers, none of them: values stay text. */
export const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

export interface Live {
  readonly rows: (string | null)[][];
  readonly columns: { readonly name: string; readonly typeOid: number }[];
  /** The error that ended it, or null when it ended well; undefined while it runs. */
  readonly ended: pg.DatabaseError | null | undefined;
  /** The first rows for which `enough` holds. */
  until(enough: (rows: readonly (readonly (string | null)[])[]) => boolean): Promise<(string | null)[][]>;
  /** This many rows, without tw_timestamp. */
  take(count: number): Promise<(string | null)[][]>;
  close(): Promise<void>;
}

/** Resolves when the subscription has begun: it sees what is committed from now on. Or when it failed. */
export async function live(server: Tidewire, text: string): Promise<Live> {
  const client = await server.connect();
  const rows: (string | null)[][] = [];
  const columns: { name: string; typeOid: number }[] = [];
  let ended: pg.DatabaseError | null | undefined;
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  const query = new pg.Query({ text, rowMode: 'array', types: asText } as pg.QueryArrayConfig);
  await new Promise<void>((begun) => {
    connection.once('rowDescription', ({ fields }: { fields: pg.FieldDef[] }) => {
      columns.push(...fields.map(({ name, dataTypeID }) => ({ name, typeOid: dataTypeID })));
      begun();
    });
    query.on('row', (row: unknown) => void rows.push(row as (string | null)[]));
    query.on('end', () => {
      ended = null;
      begun();
    });
    query.on('error', (error) => {
      ended = error as pg.DatabaseError;
      begun();
    });
    client.query(query);
  });
  const until: Live['until'] = async (enough) => {
    await expect
      .poll(() => enough(rows) || (ended ? ended.message : false), { timeout: 20_000, interval: 10 })
      .toBe(true);
    return rows;
  };
  return {
    rows,
    columns,
    get ended() {
      return ended;
    },
    until,
    async take(count) {
      await until((seen) => seen.length >= count);
      return rows.splice(0, count).map((row) => row.slice(1));
    },
    close: () => client.end().catch(() => {}),
  };
}
