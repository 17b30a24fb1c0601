/** Which column of which relation a column of a result shows: drivers learn from it what they may update, and what is NOT NULL. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { testServer } from '../support/test-server.ts';

const SETUP = `CREATE TABLE people (id serial PRIMARY KEY, name text NOT NULL, boss int);
  CREATE VIEW named AS SELECT name AS who, id FROM people WHERE name <> '';
  CREATE MATERIALIZED VIEW teams AS SELECT boss, count(*) AS size FROM people GROUP BY boss;
  CREATE FUNCTION everybody() RETURNS SETOF people LANGUAGE sql STABLE AS 'SELECT * FROM people'`;

let postgres: Postgres;
let theirs: pg.Client;
let ours: pg.Client;
const server = testServer();
beforeAll(async () => {
  postgres = await startPostgres();
  theirs = await postgres.connect();
  ours = await server.connect();
  for (const client of [theirs, ours]) await client.query(SETUP);
});
afterAll(async () => {
  await theirs?.end();
  await postgres?.stop();
});

type Field = pg.FieldDef;

/** Parse, Describe of the statement and Sync. */
function described(client: pg.Client, text: string): Promise<Field[]> {
  return new Promise((resolve, reject) => {
    let fields: Field[] = [];
    const query = {
      submit: (connection: pg.Connection & { describe(of: object): void; sync(): void }) => {
        connection.parse({ name: '', text, types: [] }, true);
        connection.describe({ type: 'S', name: '' });
        connection.sync();
      },
      handleRowDescription: (message: { fields: Field[] }) => void (fields = message.fields),
      handleError: reject,
      handleReadyForQuery: () => {
        resolve(fields);
      },
    };
    client.query(query as unknown as pg.Submittable);
  });
}

async function origins(client: pg.Client, text: string): Promise<string[]> {
  const fields = await described(client, text);
  const { rows } = await client.query<{ oid: string; relname: string }>('SELECT oid, relname FROM pg_class');
  const names = new Map(rows.map(({ oid, relname }) => [Number(oid), relname]));
  return fields.map(({ name, tableID, columnID }) => `${name}: ${names.get(tableID) ?? '-'}.${columnID}`);
}

const statements = [
  'SELECT id, name AS n, id + 1 FROM people WHERE id = $1',
  'SELECT * FROM named',
  'SELECT * FROM teams',
  'SELECT x.*, upper(x.name) FROM (SELECT name, id FROM people) x',
  'WITH w AS (SELECT * FROM people) SELECT * FROM w',
  'SELECT a.name, b.name FROM people a LEFT JOIN people b ON b.id = a.boss',
  'SELECT id FROM people a JOIN people b USING (id)',
  'SELECT id FROM people a FULL JOIN people b USING (id)',
  'SELECT name, count(*) FROM people GROUP BY name',
  'SELECT DISTINCT boss FROM people ORDER BY boss LIMIT 1',
  'SELECT id, row_number() OVER (ORDER BY name) FROM people',
  'SELECT id FROM people UNION SELECT id FROM people',
  'SELECT (SELECT name FROM people LIMIT 1), name::varchar FROM people',
  'SELECT * FROM everybody()',
  'SELECT nspname FROM pg_namespace',
  "INSERT INTO people (name) VALUES ('Ada') RETURNING id, upper(name), name",
  'UPDATE people SET name = $1 RETURNING *, old.name',
  "INSERT INTO named (who) VALUES ('Bob') RETURNING id, who",
];

test.each(statements)('%s', async (text) => {
  expect(await origins(ours, text)).toEqual(await origins(theirs, text));
});

// Small reads are described by what answers them.
test.each(['a text', 'a named statement'])('a read by key: %s', async (kind) => {
  const text = 'SELECT name, boss + 1 AS next, id FROM people WHERE id = ';
  const query = kind === 'a text' ? `${text}7` : { name: 'by key', text: `${text}$1`, values: [7] };
  const [our, their] = await Promise.all([ours, theirs].map((client) => client.query(query)));
  expect(our!.fields.map(({ columnID }) => columnID)).toEqual(their!.fields.map(({ columnID }) => columnID));
  expect(our!.fields.map(({ tableID }) => tableID > 0)).toEqual([true, false, true]);
});
