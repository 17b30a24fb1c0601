/** ALTER … RENAME TO, SET SCHEMA and RENAME COLUMN: what names the object follows it, and means the same afterwards. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { errorRaisedBy, rowsOf } from '../support/answers.ts';
import { freshSchema } from '../support/fresh-schema.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
});

const schema = freshSchema(() => client);
const { run } = schema;

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

async function columns(sql: string): Promise<string[]> {
  return (await client.query(sql)).fields.map(({ name }) => name);
}

const errorOf = (sql: string): Promise<pg.DatabaseError> => errorRaisedBy(client, sql);

async function showCreate(kind: string, name: string): Promise<unknown> {
  return (await rows(`SHOW CREATE ${kind} ${name}`))[0]![1];
}

async function definition(view: string): Promise<unknown> {
  const [[text]] = (await rows(`SELECT pg_get_viewdef('${view}'::regclass)`)) as [[string]];
  return text.replace(/;$/, '');
}

test('views, materialized views, indexes and the table itself follow a renamed table', async () => {
  await run(
    'CREATE TABLE orders (id int PRIMARY KEY, city text)',
    'CREATE INDEX by_city ON orders (city)',
    'CREATE VIEW large AS SELECT orders.id, o2.city FROM orders JOIN orders o2 ON o2.id = orders.id',
    'CREATE MATERIALIZED VIEW counts AS SELECT city, count(*) AS n FROM orders GROUP BY city',
    "INSERT INTO orders VALUES (1, 'Oslo')",
    'ALTER TABLE orders RENAME TO purchases',
  );
  expect(await showCreate('TABLE', 'purchases')).toBe(
    'CREATE TABLE purchases (id int CONSTRAINT orders_pkey PRIMARY KEY, city text)',
  );
  expect(await showCreate('INDEX', 'by_city')).toBe('CREATE INDEX by_city ON purchases (city)');
  expect(await showCreate('VIEW', 'large')).toBe(
    'CREATE VIEW large AS SELECT purchases.id, o2.city FROM purchases JOIN purchases o2 ON o2.id = purchases.id',
  );
  expect(await definition('counts')).toBe('SELECT city, count(*) AS n FROM purchases GROUP BY city');
  await run("INSERT INTO purchases VALUES (2, 'Oslo')");
  expect(await rows('SELECT * FROM large ORDER BY id')).toEqual([
    [1, 'Oslo'],
    [2, 'Oslo'],
  ]);
  expect(await rows('SELECT * FROM counts')).toEqual([['Oslo', '2']]);
  expect(await errorOf('SELECT * FROM orders')).toMatchObject({ code: '42P01' });
  expect(await errorOf("INSERT INTO purchases VALUES (1, 'x')")).toMatchObject({
    code: '23505',
    message: 'duplicate key value violates unique constraint "orders_pkey"',
  });
  // In a transaction that has written, materialized views are read through their definitions.
  await run('BEGIN', "INSERT INTO purchases VALUES (3, 'Oslo')");
  expect(await rows('SELECT * FROM counts')).toEqual([['Oslo', '3']]);
  await run('ROLLBACK');
});

test('the old name is free for another table, which changes no view', async () => {
  await run(
    'CREATE TABLE a (x int)',
    'CREATE VIEW v AS SELECT a.x FROM a',
    'INSERT INTO a VALUES (1)',
    'ALTER TABLE a RENAME TO b',
    'CREATE TABLE a (x int)',
    'INSERT INTO a VALUES (2)',
  );
  expect(await rows('SELECT * FROM v')).toEqual([[1]]);
  await run('ALTER TABLE b RENAME TO c', 'ALTER TABLE a RENAME TO b');
  expect(await rows('SELECT * FROM v')).toEqual([[1]]);
  expect(await definition('v')).toBe('SELECT c.x FROM c');
});

test('a table that is made earlier on the search path takes no name of a view', async () => {
  await run(
    `SET search_path = ${schema.name}, public`,
    'CREATE TABLE public.shadowed (x int)',
    'INSERT INTO public.shadowed VALUES (1)',
    'CREATE VIEW v AS SELECT x FROM shadowed',
    'CREATE TABLE shadowed (x int)',
  );
  expect(await rows('SELECT * FROM v')).toEqual([[1]]);
  await run('ALTER TABLE public.shadowed RENAME TO seen');
  expect(await definition('v')).toBe('SELECT x FROM seen');
  // The unqualified name would mean the other table: the text says which.
  await run('DROP TABLE shadowed', 'CREATE TABLE seen2 (x int)', 'ALTER TABLE public.seen RENAME TO seen2');
  expect(await definition('v')).toBe('SELECT x FROM public.seen2');
  expect(await rows('SELECT * FROM v')).toEqual([[1]]);
  await run('DROP TABLE public.seen2 CASCADE');
});

test('where the new name means something else inside the query, it is written so that it does not', async () => {
  await run(
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (1)',
    'CREATE VIEW cte AS WITH u AS (SELECT 5 AS x) SELECT t.x, u.x AS y FROM t, u',
    'CREATE VIEW alias AS SELECT t.x, u.x AS y FROM t JOIN t u ON u.x = t.x',
    'CREATE VIEW inner_alias AS SELECT t.x, (SELECT max(t.z) FROM (SELECT 7 AS z) t) AS z FROM t',
    'ALTER TABLE t RENAME TO u',
  );
  expect(await definition('cte')).toBe(
    `WITH u AS (SELECT 5 AS x) SELECT t.x, u.x AS y FROM ${schema.name}.u AS t, u`,
  );
  expect(await definition('alias')).toBe('SELECT t.x, u.x AS y FROM u AS t JOIN u u ON u.x = t.x');
  expect(await rows('SELECT * FROM cte')).toEqual([[1, 5]]);
  expect(await rows('SELECT * FROM alias')).toEqual([[1, 1]]);
  expect(await rows('SELECT * FROM inner_alias')).toEqual([[1, 7]]);
});

test('quoted, qualified and non-ASCII names', async () => {
  await run(
    'CREATE TABLE "Größe" (x int)',
    'INSERT INTO "Größe" VALUES (1)',
    `CREATE VIEW v AS SELECT 'ÄÖ' AS é, "Größe".x, ${schema.name}."Größe".x AS y /* ✓ */ FROM ${schema.name}."Größe"`,
    'ALTER TABLE "Größe" RENAME TO "order"',
  );
  expect(await definition('v')).toBe(
    `SELECT 'ÄÖ' AS é, "order".x, ${schema.name}."order".x AS y /* ✓ */ FROM ${schema.name}."order"`,
  );
  expect(await rows('SELECT * FROM v')).toEqual([['ÄÖ', 1, 1]]);
  expect(await showCreate('TABLE', '"order"')).toBe('CREATE TABLE "order" (x int)');
});

test('sinks follow, and go on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tidewire-sink-'));
  await run(
    'CREATE TABLE t (x int)',
    'CREATE TABLE u (x int)',
    `CREATE SINK whole FROM t INTO FILE (PATH '${directory}/whole') FORMAT CSV`,
    `CREATE SINK joined AS SELECT t.x, u.x AS y FROM t JOIN u ON t.x = u.x INTO FILE (PATH '${directory}/joined') FORMAT CSV`,
    'ALTER TABLE t RENAME TO v',
    `CREATE SCHEMA ${schema.name}_b`,
    `ALTER TABLE v SET SCHEMA ${schema.name}_b`,
    'ALTER TABLE u RENAME COLUMN x TO z',
    'ALTER SINK whole RENAME TO entire',
  );
  expect(await showCreate('SINK', 'entire')).toBe(
    `CREATE SINK entire FROM ${schema.name}_b.v INTO FILE (PATH '${directory}/whole') FORMAT CSV`,
  );
  expect(await showCreate('SINK', 'joined')).toBe(
    `CREATE SINK joined AS SELECT v.x, u.x AS y FROM ${schema.name}_b.v JOIN u AS u(x) ON v.x = u.x INTO FILE (PATH '${directory}/joined') FORMAT CSV`,
  );
  await run(`INSERT INTO ${schema.name}_b.v VALUES (41)`);
  await expect
    .poll(() => readFileSync(join(directory, 'whole'), 'utf8'), { timeout: 20_000 })
    .toMatch(/^41,/m);
  expect(await errorOf(`ALTER TABLE ${schema.name}_b.v RENAME COLUMN x TO y`)).toMatchObject({
    code: '0A000',
  });
  await run('DROP SINK entire', 'DROP SINK joined');
  rmSync(directory, { recursive: true });
});

test('a view is renamed under other views', async () => {
  await run(
    'CREATE TABLE t (x int)',
    'CREATE VIEW v AS SELECT x FROM t',
    'CREATE VIEW w AS SELECT v.x FROM v',
    'ALTER VIEW v RENAME TO v2',
  );
  expect(await definition('w')).toBe('SELECT v2.x FROM v2');
  expect(await showCreate('VIEW', 'v2')).toBe('CREATE VIEW v2 AS SELECT x FROM t');
  expect(await errorOf('ALTER VIEW t RENAME TO u')).toMatchObject({ code: '42809' });
  expect(await errorOf('ALTER TABLE t RENAME TO v2')).toMatchObject({ code: '42P07' });
});

test('an index, also one without a written name, and the index of a primary key', async () => {
  await run(
    'CREATE TABLE t (x int PRIMARY KEY, y int)',
    'CREATE INDEX ON t (y)',
    'CREATE DEFAULT INDEX ON t',
    'ALTER INDEX t_y_idx RENAME TO by_y',
    'ALTER INDEX t_x_idx RENAME TO by_x',
    'ALTER INDEX t_pkey RENAME TO the_key',
  );
  expect(await showCreate('INDEX', 'by_y')).toBe('CREATE INDEX by_y ON t (y)');
  expect(await showCreate('INDEX', 'by_x')).toBe('CREATE INDEX by_x ON t (x)');
  expect(await showCreate('TABLE', 't')).toBe('CREATE TABLE t (x int CONSTRAINT the_key PRIMARY KEY, y int)');
  await run('INSERT INTO t VALUES (1, 1)');
  expect(await errorOf('INSERT INTO t VALUES (1, 1)')).toMatchObject({
    message: 'duplicate key value violates unique constraint "the_key"',
  });
});

test('SET SCHEMA takes the indexes along, and texts find the table there', async () => {
  await run(
    `CREATE SCHEMA ${schema.name}_b`,
    'CREATE TABLE t (x int PRIMARY KEY)',
    'INSERT INTO t VALUES (1)',
    `CREATE VIEW v AS SELECT t.x, ${schema.name}.t.x AS y FROM t`,
    `ALTER TABLE t SET SCHEMA ${schema.name}_b`,
  );
  expect(await definition('v')).toBe(`SELECT t.x, ${schema.name}_b.t.x AS y FROM ${schema.name}_b.t`);
  expect(await rows('SELECT * FROM v')).toEqual([[1, 1]]);
  expect(await showCreate('TABLE', `${schema.name}_b.t`)).toBe(
    `CREATE TABLE ${schema.name}_b.t (x int PRIMARY KEY)`,
  );
  expect(
    await rows(
      `SELECT schema_name FROM tw_catalog.relations WHERE name = 't_pkey' AND schema_name = '${schema.name}_b'`,
    ),
  ).toHaveLength(1);
  await run('CREATE TABLE t (x int)');
  expect(await errorOf(`ALTER TABLE t SET SCHEMA ${schema.name}_b`)).toMatchObject({ code: '42P07' });
  expect(await errorOf('ALTER TABLE t SET SCHEMA nowhere')).toMatchObject({ code: '3F000' });
  expect(await errorOf(`ALTER INDEX ${schema.name}_b.t_pkey SET SCHEMA public`)).toMatchObject({
    code: '42809',
  });
});

test('a renamed schema: qualified names follow, unqualified ones stay', async () => {
  await run(
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (1)',
    'CREATE VIEW v AS SELECT x FROM t',
    `CREATE MATERIALIZED VIEW m AS SELECT ${schema.name}.t.x FROM ${schema.name}.t`,
    `ALTER SCHEMA ${schema.name} RENAME TO "${schema.name} new"`,
    `SET search_path = "${schema.name} new"`,
  );
  expect(await definition('v')).toBe('SELECT x FROM t');
  expect(await definition('m')).toBe(`SELECT "${schema.name} new".t.x FROM "${schema.name} new".t`);
  expect(await rows('SELECT * FROM v, m')).toEqual([[1, 1]]);
  await run('BEGIN', 'INSERT INTO t VALUES (2)');
  expect(await rows('SELECT count(*) FROM m')).toEqual([['2']]);
  await run('ROLLBACK');
});

test('a column: what does not name it stays as it is, what names it reads it under its old name', async () => {
  await run(
    'CREATE TABLE t (id int, "Old" text, n int, PRIMARY KEY (id, "Old"))',
    "INSERT INTO t VALUES (1, 'a', 5)",
    'CREATE INDEX i ON t (n, lower(n::text), "Old")',
    'CREATE VIEW no_use AS SELECT n FROM t',
    'CREATE VIEW star AS SELECT * FROM t',
    'CREATE VIEW alias AS SELECT x."Old" AS a, x.n FROM t x',
    `CREATE VIEW qualified AS SELECT ${schema.name}.t."Old" FROM ${schema.name}.t WHERE t.n = 5`,
    'CREATE MATERIALIZED VIEW counts AS SELECT "Old", count(*) FROM t GROUP BY 1',
    'CREATE VIEW natural_join AS SELECT * FROM t NATURAL JOIN (SELECT \'a\' AS "Old", 1 AS fresh) u',
    'ALTER TABLE t RENAME COLUMN "Old" TO fresh',
  );
  expect(await columns('SELECT * FROM t')).toEqual(['id', 'fresh', 'n']);
  expect(await showCreate('TABLE', 't')).toBe(
    'CREATE TABLE t (id int, fresh text, n int, PRIMARY KEY (id, fresh))',
  );
  expect(await showCreate('INDEX', 'i')).toBe('CREATE INDEX i ON t (n, lower(n::text), fresh)');
  expect(await definition('no_use')).toBe('SELECT n FROM t');
  expect(await definition('star')).toBe('SELECT * FROM t AS t(id, "Old")');
  expect(await definition('alias')).toBe('SELECT x."Old" AS a, x.n FROM t x(id, "Old")');
  expect(await definition('qualified')).toBe(
    `SELECT t."Old" FROM ${schema.name}.t AS t(id, "Old") WHERE t.n = 5`,
  );
  expect(await columns('SELECT * FROM star')).toEqual(['id', 'Old', 'n']);
  expect(await rows('SELECT * FROM alias')).toEqual([['a', 5]]);
  expect(await rows('SELECT * FROM qualified')).toEqual([['a']]);
  await run("INSERT INTO t (id, fresh, n) VALUES (2, 'a', 6)");
  expect(await rows('SELECT * FROM counts')).toEqual([['a', '2']]);
  expect(await columns('SELECT * FROM natural_join')).toEqual(['Old', 'id', 'n', 'fresh']);
  expect(await errorOf("INSERT INTO t VALUES (2, 'a', 6)")).toMatchObject({
    detail: 'Key (id, fresh)=(2, a) already exists.',
  });
  await run('ALTER TABLE t RENAME fresh TO fresher', 'ALTER TABLE t RENAME id TO key');
  expect(await definition('alias')).toBe('SELECT x."Old" AS a, x.n FROM t x(id, "Old")');
  await run('BEGIN', "INSERT INTO t VALUES (3, 'b', 6)");
  expect(await rows('SELECT * FROM counts ORDER BY 1')).toEqual([
    ['a', '2'],
    ['b', '1'],
  ]);
  await run('ROLLBACK');
  expect(await errorOf('ALTER TABLE t RENAME nothing TO x')).toMatchObject({ code: '42703' });
  expect(await errorOf('ALTER TABLE t RENAME n TO key')).toMatchObject({ code: '42701' });
});

test('a column of a view or a materialized view', async () => {
  await run(
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (1)',
    'CREATE VIEW v AS SELECT x, x + 1 AS y FROM t',
    'CREATE MATERIALIZED VIEW m (p, q) AS SELECT x, y FROM v',
    'CREATE VIEW w AS SELECT v.x, v.y FROM v',
    'ALTER VIEW v RENAME COLUMN y TO z',
    'ALTER MATERIALIZED VIEW m RENAME COLUMN q TO r',
  );
  expect(await showCreate('VIEW', 'v')).toBe('CREATE VIEW v (x, z) AS SELECT x, x + 1 AS y FROM t');
  expect(await definition('v')).toBe('SELECT * FROM (SELECT x, x + 1 AS y FROM t) AS v(x, z)');
  expect(await showCreate('MATERIALIZED VIEW', 'm')).toBe(
    'CREATE MATERIALIZED VIEW m (p, r) AS SELECT x, y FROM v AS v(x, y)',
  );
  expect(await columns('SELECT * FROM v')).toEqual(['x', 'z']);
  expect(await columns('SELECT * FROM m')).toEqual(['p', 'r']);
  expect(await rows('SELECT * FROM w, m')).toEqual([[1, 2, 1, 2]]);
  expect(await errorOf('SELECT y FROM v')).toMatchObject({ code: '42703' });
});

test('what cannot follow a column is named', async () => {
  await run('CREATE TABLE t (x int, y int)', 'CREATE INDEX i ON t ((x + 1))', 'CREATE VIEW v AS TABLE t');
  expect(await errorOf('ALTER TABLE t RENAME x TO z')).toMatchObject({
    code: '0A000',
    message: 'cannot rename column x of table t because the text of index i cannot be changed to follow it',
  });
  await run('DROP INDEX i');
  expect(await errorOf('ALTER TABLE t RENAME x TO z')).toMatchObject({
    code: '0A000',
    message: 'cannot rename column x of table t because the text of view v cannot be changed to follow it',
  });
  expect(await columns('SELECT * FROM v')).toEqual(['x', 'y']);
});
