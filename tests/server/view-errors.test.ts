/** What an error of a view says of where it was raised: the function, the input row by its key, and the view. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { freshSchema } from '../support/fresh-schema.ts';
import { live } from '../support/live.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
const server = testServer({ workers: 2 }, async () => {
  client = await server.connect();
});

const schema = freshSchema(
  () => client,
  'CREATE TABLE pairs (id numeric PRIMARY KEY, a int, b int, s text)',
  "INSERT INTO pairs VALUES (1, 6, 2, '1')",
);
const { run } = schema;

async function contextOf(sql: string): Promise<readonly string[] | undefined> {
  try {
    await client.query(sql);
  } catch (error) {
    return (error as pg.DatabaseError).where?.split('\n') ?? [];
  }
  return undefined;
}

const ofRow = (id: string): string => `row of ${schema.name}.pairs with (id)=(${id})`;

test('the function, the row and the view, until the row has gone', async () => {
  await run(
    'CREATE MATERIALIZED VIEW ratios AS SELECT id, a / b AS ratio FROM pairs',
    'CREATE MATERIALIZED VIEW total AS SELECT sum(abs(a % b)) AS total FROM pairs WHERE a > 0',
    'CREATE MATERIALIZED VIEW numbers AS SELECT id, s::int AS number FROM pairs',
    "INSERT INTO pairs VALUES (2.50, 7, 0, 'x'), (2, 1, 0, 'x')",
  );
  expect(await contextOf('SELECT * FROM ratios')).toEqual([
    'function int4div',
    ofRow('2'),
    `materialized view ${schema.name}.ratios`,
  ]);
  expect(await contextOf('SELECT * FROM total')).toEqual([
    'function int4mod',
    ofRow('2'),
    `materialized view ${schema.name}.total`,
  ]);
  expect(await contextOf('SELECT * FROM numbers')).toEqual([
    ofRow('2'),
    `materialized view ${schema.name}.numbers`,
  ]);
  await run('DELETE FROM pairs WHERE id = 2');
  expect(await contextOf('SELECT * FROM ratios')).toContain(ofRow('2.5'));
  await run("UPDATE pairs SET b = 1, s = '2' WHERE id = 2.5");
  expect(await contextOf('SELECT * FROM ratios, total, numbers')).toBeUndefined();
});

test('each row that raises an error is one', async () => {
  await run(
    'CREATE MATERIALIZED VIEW ratios WITH (on_error = skip) AS SELECT id, a / b AS ratio FROM pairs',
    'INSERT INTO pairs SELECT i, 1, i % 3 FROM generate_series(3, 11) AS i',
  );
  const errors = async (): Promise<unknown> => (await rowsOf(client, 'SHOW MATERIALIZED VIEWS'))[0];
  expect(await errors()).toEqual(['ratios', 'skip', '3']);
  await run('DELETE FROM pairs WHERE id = 6');
  expect(await errors()).toEqual(['ratios', 'skip', '2']);
});

test('the view that computed it, also where another reads it', async () => {
  await run(
    'CREATE MATERIALIZED VIEW ratios AS SELECT id, a / b AS ratio FROM pairs',
    'CREATE INDEX ON ratios (ratio)',
    'CREATE MATERIALIZED VIEW large AS SELECT max(1 / ratio) AS m FROM ratios WHERE ratio > 100',
    'INSERT INTO pairs VALUES (2, 1, 0)',
  );
  const ratios = [`function int4div`, ofRow('2'), `materialized view ${schema.name}.ratios`];
  expect(await contextOf('SELECT * FROM large')).toEqual(ratios);
  expect(await contextOf('SELECT id FROM ratios WHERE ratio = 3')).toEqual(ratios);
});

test('rows of tables without a key, and of shared arrangements; joins and groups name the view alone', async () => {
  await run(
    'CREATE TABLE "No Key" (a int, s text)',
    'CREATE MATERIALIZED VIEW plain AS SELECT 1 / a AS q FROM "No Key"',
    'CREATE MATERIALIZED VIEW joined AS SELECT p.id, p.a / n.a AS q FROM pairs p JOIN "No Key" n ON n.s = p.s',
    'CREATE MATERIALIZED VIEW groups AS SELECT s, 1 / sum(a) AS q FROM "No Key" GROUP BY s',
    `INSERT INTO "No Key" VALUES (0, repeat('1', 100))`,
  );
  expect(await contextOf('SELECT * FROM plain')).toEqual([
    'function int4div',
    `row of ${schema.name}."No Key" with (a, s)=(0, ${'1'.repeat(64)}...)`,
    `materialized view ${schema.name}.plain`,
  ]);
  expect(await contextOf('SELECT * FROM groups')).toEqual([
    'function int48div',
    `materialized view ${schema.name}.groups`,
  ]);
  await run(`UPDATE "No Key" SET s = '1'`);
  expect(await contextOf('SELECT * FROM joined')).toEqual([
    'function int4div',
    `materialized view ${schema.name}.joined`,
  ]);
  await run(`DELETE FROM pairs`);
  expect(await contextOf('SELECT * FROM joined')).toBeUndefined();
});

test('names are those of now; what has none is left out', async () => {
  await run(
    'CREATE MATERIALIZED VIEW ratios AS SELECT id, sum(a / b) AS ratio FROM pairs GROUP BY id, s',
    'CREATE MATERIALIZED VIEW reader AS SELECT x.ratio FROM (SELECT id, sum(a / b) AS ratio FROM pairs GROUP BY id, s) x WHERE ratio > 0',
    'INSERT INTO pairs VALUES (2, 1, 0)',
    'ALTER MATERIALIZED VIEW ratios RENAME TO quotients',
    'ALTER TABLE pairs RENAME COLUMN id TO "Key"',
  );
  const row = `row of ${schema.name}.pairs with ("Key")=(2)`;
  expect(await contextOf('SELECT * FROM quotients')).toEqual([
    'function int4div',
    row,
    `materialized view ${schema.name}.quotients`,
  ]);
  await run('DROP MATERIALIZED VIEW quotients');
  const context = await contextOf('SELECT * FROM reader');
  expect(context!.slice(0, 2)).toEqual(['function int4div', row]);
});

test('a subscription ends with it; a query that runs once says what PostgreSQL says', async () => {
  await run('CREATE MATERIALIZED VIEW ratios AS SELECT id, a / b AS ratio FROM pairs');
  const subscription = await live(server, `SUBSCRIBE ${schema.name}.ratios`);
  await subscription.take(1);
  await run('INSERT INTO pairs VALUES (2, 1, 0)');
  await expect
    .poll(() => subscription.ended?.where?.split('\n'))
    .toEqual(['function int4div', ofRow('2'), `materialized view ${schema.name}.ratios`]);
  await subscription.close();
  await run(`SET disabled_rules = 'read-views'`);
  expect(await contextOf('SELECT id, a / b AS ratio FROM pairs')).toEqual([]);
  expect(await contextOf('SELECT s, sum(a / b) FROM pairs GROUP BY s')).toEqual([]);
  await run('RESET disabled_rules');
});
