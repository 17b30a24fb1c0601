/** Materialized views whose rows are another relation's, hardly changed, and are not kept a second time. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { freshSchema } from '../support/fresh-schema.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({ workers: 2 }, async () => {
  client = await server.connect();
});

const schema = freshSchema(
  () => client,
  'CREATE TABLE t (id int PRIMARY KEY, price int NOT NULL, name text, note text)',
  "INSERT INTO t VALUES (1, 10, 'a', null), (2, 20, 'b', 'x')",
);
const { run } = schema;

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

async function isComputed(view: string): Promise<boolean> {
  const [[text]] = (await rows(`EXPLAIN MEMORY PLAN FOR MATERIALIZED VIEW ${view}`)) as [[string]];
  return text.includes('computed when they are read');
}

test('which views are kept', async () => {
  const made = async (query: string, options = ''): Promise<boolean> => {
    await run(`CREATE OR REPLACE MATERIALIZED VIEW v ${options} AS ${query}`);
    return await isComputed('v');
  };
  expect(await made('SELECT * FROM t')).toBe(true);
  expect(await made('SELECT id, name, 0.908 * price AS price FROM t'), 'arithmetic').toBe(true);
  expect(await made('SELECT * FROM t', 'WITH (stored)'), 'as asked').toBe(false);
  await run('DROP MATERIALIZED VIEW v');
  expect(await made('SELECT * FROM t', 'WITH (on_error = skip)'), 'errors are skipped').toBe(false);
  await run('DROP MATERIALIZED VIEW v');
  expect(await made('SELECT * FROM t WHERE price > 10'), 'a filter').toBe(false);
  expect(await made('SELECT name FROM t'), 'few columns').toBe(false);
  expect(await made('SELECT id, name, 100 / price AS n FROM t'), 'it can fail').toBe(false);
  expect(await made('SELECT id, price, md5(name) AS n FROM t'), 'dear').toBe(false);
  expect(await made('SELECT id, name, price FROM t UNION ALL SELECT id, name, price FROM t'), 'two').toBe(
    false,
  );
});

test('it reads as a view does, follows every change, and sees the writes of its own transaction', async () => {
  await run(
    'CREATE MATERIALIZED VIEW v (id, name, net) AS SELECT id, name, 0.5 * price FROM t',
    'CREATE MATERIALIZED VIEW total AS SELECT sum(net) AS net FROM v',
  );
  expect(await isComputed('v')).toBe(true);
  await run("INSERT INTO t VALUES (3, 5, 'c', null)", 'UPDATE t SET price = 40 WHERE id = 1');
  expect(await rows('SELECT * FROM v ORDER BY id')).toEqual([
    [1, 'a', '20.0'],
    [2, 'b', '10.0'],
    [3, 'c', '2.5'],
  ]);
  expect(await rows('SELECT net FROM total')).toEqual([['32.5']]);
  expect(await rows('SELECT name FROM v WHERE id = 2')).toEqual([['b']]);
  await run('BEGIN', 'DELETE FROM t WHERE id = 1');
  expect(await rows('SELECT count(*) FROM v')).toEqual([['2']]);
  await run('ROLLBACK');
  expect(await rows('SELECT count(*) FROM v')).toEqual([['3']]);
  await expect(client.query('INSERT INTO v VALUES (1)')).rejects.toMatchObject({
    code: '42809',
    message: 'cannot change materialized view "v"',
  });
});

test('an index, and errors that are skipped, have its rows kept', async () => {
  await run('CREATE MATERIALIZED VIEW v AS SELECT id, name, price + 0.5 AS price FROM t');
  await expect(client.query('CREATE INDEX ON v (nothing)')).rejects.toMatchObject({ code: '42703' });
  expect(await isComputed('v'), 'no index was made').toBe(true);
  await run('CREATE INDEX by_name ON v (name)');
  expect(await isComputed('v')).toBe(false);
  const plan = (await rows("EXPLAIN SELECT * FROM v WHERE name = 'b'")).flat().join('\n');
  expect(plan).toContain('by_name');
  expect(await rows("SELECT price FROM v WHERE name = 'b'")).toEqual([['20.5']]);
  await run('CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT id, name, price + 1.5 AS price FROM t');
  expect(await isComputed('v'), 'the index is still there').toBe(false);
  expect(await rows("SELECT price FROM v WHERE name = 'b'")).toEqual([['21.5']]);

  await run('CREATE MATERIALIZED VIEW w AS SELECT id, name, note FROM t');
  await run('ALTER MATERIALIZED VIEW w SET (on_error = skip)');
  expect(await isComputed('w')).toBe(false);
  await run("UPDATE t SET note = 'y' WHERE id = 1");
  expect(await rows('SELECT note FROM w WHERE id = 1')).toEqual([['y']]);
});

test('it goes, and what it reads changes beneath it', async () => {
  await run('CREATE MATERIALIZED VIEW v AS SELECT id, name, note FROM t');
  await expect(client.query('DROP TABLE t')).rejects.toMatchObject({ code: '2BP01' });
  await run('ALTER TABLE t ADD COLUMN more int DEFAULT 7', "INSERT INTO t VALUES (3, 1, 'c', 'z', 8)");
  expect(await rows('SELECT * FROM v WHERE id = 3')).toEqual([[3, 'c', 'z']]);
  await run('CREATE MATERIALIZED VIEW b AS SELECT id, name, note FROM v');
  expect(await isComputed('b')).toBe(true);
  await run('CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT id, name, upper(note) AS note FROM t');
  expect(await isComputed('v')).toBe(false);
  expect(await rows('SELECT note FROM b WHERE id = 3')).toEqual([['Z']]);
  const subscriber = await server.connect();
  const first = new Promise((resolve) => {
    const { connection } = subscriber as unknown as { connection: NodeJS.EventEmitter };
    connection.once('dataRow', resolve);
  });
  const ended = subscriber.query(`SUBSCRIBE ${schema.name}.b`).catch((error: unknown) => error);
  await first;
  await run('DROP MATERIALIZED VIEW b');
  expect(await ended).toMatchObject({
    code: '55000',
    message: 'materialized view "b" was dropped while the subscription ran',
  });
  await subscriber.end();
  await run('DROP TABLE t CASCADE');
  await expect(client.query('SELECT * FROM v')).rejects.toMatchObject({ code: '42P01' });
});
