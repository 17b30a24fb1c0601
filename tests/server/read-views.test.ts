/** Views that are read by queries which do not name them: the answers are those without, whatever becomes of the view. */
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
  'CREATE TABLE t (id int PRIMARY KEY, g int, v int, at timestamptz)',
  'CREATE TABLE u (g int, name text)',
  "INSERT INTO t SELECT i, i % 5, i, '2024-01-01 20:00+00' FROM generate_series(1, 30) AS i",
  "INSERT INTO u VALUES (1, 'a'), (2, 'b'), (7, 'c'), (NULL, 'd')",
);
const { run } = schema;

const rows = (sql: string, on = client): Promise<unknown[][]> => rowsOf(on, sql);

async function plan(sql: string, on = client): Promise<string> {
  return (await rows(`EXPLAIN ${sql}`, on)).flat().join('\n');
}

/** The views that a query reads without naming them. */
async function inPlace(sql: string, on = client): Promise<string[]> {
  const found = (await plan(sql, on)).matchAll(/\.(\w+)\[[^\]]*\][^\n]* \(in place of its query\)/g);
  return [...new Set([...found].map(([, name]) => name!))];
}

const GROUPS = 'SELECT g, count(*) AS n, sum(v) AS s FROM t GROUP BY g';
const BY_G = `CREATE MATERIALIZED VIEW by_g AS ${GROUPS}`;
const TOP = `SELECT x.g, n FROM (${GROUPS}) x JOIN u ON u.g = x.g WHERE n > 3`;
const CHANGES = [
  'INSERT INTO t SELECT i, i % 3, i FROM generate_series(100, 120) AS i',
  'DELETE FROM t WHERE g = 2 AND id < 100',
  'UPDATE t SET g = 7 WHERE v % 4 = 0',
];

/** That these answer as they do without views, after each change too. */
async function sameAsWithout(
  queries: readonly string[],
  changes: readonly string[] = CHANGES,
): Promise<void> {
  for (const change of ['SELECT 1', ...changes]) {
    await run(change);
    for (const query of queries) {
      const read = await rows(query);
      await run("SET disabled_rules = 'read-views'");
      const computed = await rows(query);
      await run('RESET disabled_rules');
      expect(read, `${query} after ${change}`).toEqual(computed);
    }
  }
}

test('what a view keeps is read there, in other orders of columns and fewer of them', async () => {
  await run(BY_G);
  const queries = [
    `${GROUPS} ORDER BY g`,
    'SELECT sum(v), g FROM t GROUP BY g ORDER BY g',
    'SELECT DISTINCT count(*) FROM t GROUP BY g ORDER BY 1',
    `${TOP} ORDER BY 1`,
    `SELECT u.name, x.n FROM u LEFT JOIN (SELECT count(*) AS n, g FROM t GROUP BY g) x USING (g) ORDER BY 1`,
    'SELECT name, (SELECT count(*) FROM t WHERE t.g = u.g) FROM u ORDER BY 1',
    'SELECT g, 10 * sum(v) AS ten FROM t GROUP BY g HAVING count(*) > 4 ORDER BY 2 DESC LIMIT 2 OFFSET 1',
    'WITH x AS (SELECT g, sum(v) AS s FROM t GROUP BY g) SELECT a.g, b.s FROM x a JOIN x b ON a.s > b.s ORDER BY 1, 2',
  ];
  for (const query of queries) expect(await inPlace(query), query).toEqual(['by_g']);
  await sameAsWithout(queries);
});

test('what is not its query is not', async () => {
  await run(BY_G);
  for (const query of [
    'SELECT g, count(*), max(v) FROM t GROUP BY g',
    'SELECT g, count(*) FROM t WHERE v > 1 GROUP BY g',
    'SELECT g + 1, count(*) FROM t GROUP BY g + 1',
    'SELECT g, id, count(*) FROM t GROUP BY g, id',
    'SELECT count(*) FROM t',
    'SELECT g, count(*) FROM (SELECT * FROM t UNION ALL SELECT * FROM t) x GROUP BY g',
    'SELECT g, count(v) FROM t GROUP BY g',
    'SELECT g, sum(v) FILTER (WHERE v > 2) FROM t GROUP BY g',
    'SELECT g, sum(DISTINCT v) FROM t GROUP BY g',
    'SELECT * FROM by_g',
  ]) {
    expect(await inPlace(query), query).toEqual([]);
  }
  // A condition on groups is looked for before they are counted.
  expect(await inPlace(`SELECT * FROM (${GROUPS}) x WHERE g > 3`)).toEqual([]);
});

test('groups that are wanted by their whole key are looked up', async () => {
  const pairs = 'SELECT g, v % 2 AS odd, max(v) AS m FROM t GROUP BY g, v % 2';
  await run(BY_G, `CREATE MATERIALIZED VIEW pairs AS ${pairs}`);
  const one = `SELECT s, n FROM (${GROUPS}) x WHERE g = 3`;
  const some = `SELECT g, n FROM t AS o JOIN (${GROUPS}) x USING (g) WHERE g IN (1, 4) AND n > 1`;
  const maintained = `SELECT u.name, x.s FROM u JOIN (${GROUPS}) x ON x.g = u.g + 1 WHERE x.g = 2`;
  for (const query of [one, some, maintained]) expect(await inPlace(query), query).toEqual(['by_g']);
  expect(await plan(one)).toContain('lookup in arrangement');
  expect(await inPlace(`SELECT * FROM (${pairs}) x WHERE g = 3`)).toEqual([]);
  const pair = `SELECT m FROM (${pairs}) x WHERE odd = 1 AND 3 = g`;
  await run(`CREATE MATERIALIZED VIEW reads AS ${maintained}`);
  await sameAsWithout([one, some, maintained, pair, 'SELECT * FROM reads']);
});

test('views of each kind', async () => {
  const queries: Readonly<Record<string, readonly [view: string, query: string]>> = {
    joined: [
      'SELECT t.id, u.name, t.g FROM t JOIN u ON u.g = t.g',
      'SELECT count(*), name FROM u, t WHERE t.g = u.g GROUP BY name ORDER BY name',
    ],
    outer_joined: [
      'SELECT t.id, u.name FROM t LEFT JOIN u ON u.g = t.g',
      'SELECT count(*), name FROM t LEFT JOIN u ON u.g = t.g GROUP BY name ORDER BY name',
    ],
    matched: [
      'SELECT v FROM t WHERE EXISTS (SELECT FROM u WHERE u.g = t.g)',
      'SELECT v FROM t WHERE g IN (SELECT g FROM u) ORDER BY v',
    ],
    unmatched: [
      'SELECT v FROM t WHERE NOT EXISTS (SELECT FROM u WHERE u.g = t.g)',
      'SELECT sum(v) FROM t WHERE NOT EXISTS (SELECT FROM u WHERE u.g = t.g)',
    ],
    different: ['SELECT DISTINCT v, g FROM t', 'SELECT count(*) FROM (SELECT DISTINCT g, v FROM t) x'],
    both: [
      'SELECT g FROM t INTERSECT SELECT g FROM u',
      'SELECT g FROM t INTERSECT SELECT g FROM u ORDER BY g',
    ],
    either: ['SELECT g FROM t UNION SELECT g FROM u', 'SELECT g FROM u UNION SELECT g FROM t ORDER BY g'],
    ranked: [
      'SELECT id, rank() OVER (PARTITION BY g ORDER BY v) AS r FROM t',
      'SELECT r, count(*) FROM (SELECT rank() OVER (PARTITION BY g ORDER BY v) AS r, id FROM t) x GROUP BY r ORDER BY r',
    ],
    last: ['SELECT id, v FROM t ORDER BY v DESC LIMIT 3', 'SELECT id, v FROM t ORDER BY v DESC LIMIT 3'],
    latest: [
      'SELECT DISTINCT ON (g) g, id FROM t ORDER BY g, v DESC',
      'SELECT sum(id) FROM (SELECT DISTINCT ON (g) g, id FROM t ORDER BY g, v DESC) x',
    ],
    whole: ['SELECT count(*) AS n, max(v) FROM t', 'SELECT max(v) - count(*) FROM t'],
    filtered: [
      'SELECT g, sum(v) AS s FROM t WHERE v > 3 AND v <> 7 GROUP BY g',
      'SELECT sum(v) AS s FROM t WHERE v <> 7 AND v > 3 GROUP BY g ORDER BY 1',
    ],
    sets: [
      'SELECT g, id, count(*) FROM t GROUP BY GROUPING SETS ((g), (id), ())',
      'SELECT g, id, count(*) FROM t GROUP BY GROUPING SETS ((g), (id), ()) ORDER BY g, id',
    ],
  };
  for (const [name, [view, query]] of Object.entries(queries)) {
    await run(`CREATE MATERIALIZED VIEW "${name}" AS ${view}`);
    expect(await inPlace(query), query).toEqual([name]);
  }
  await sameAsWithout(Object.values(queries).map(([, query]) => query));
});

test('a view goes on that reads another without naming it, when that is dropped or is another', async () => {
  await run(BY_G, `CREATE MATERIALIZED VIEW top AS ${TOP}`);
  expect(await inPlace('MATERIALIZED VIEW top')).toEqual(['by_g']);
  const same = async (): Promise<void> => {
    const computed = await rows(`SELECT g, n FROM (${TOP}) x ORDER BY 1`);
    expect(await rows('SELECT * FROM top ORDER BY 1')).toEqual(computed);
  };
  const memory = async (): Promise<string> =>
    (await rows('EXPLAIN MEMORY PLAN FOR MATERIALIZED VIEW top')).flat().join('\n');
  expect(await memory()).toMatch(/by_g by \[g\]: .* shared by s\d+\.top/);
  await run(
    'CREATE OR REPLACE MATERIALIZED VIEW by_g AS SELECT g, count(*) AS n, min(v) AS s FROM t GROUP BY g',
  );
  await run(CHANGES[0]!);
  await same();
  // Nothing depends on it that its user would know of.
  await run('DROP MATERIALIZED VIEW by_g');
  await run(CHANGES[1]!);
  await same();
  expect(await memory()).toMatch(/a view that was dropped or replaced: .* shared by s\d+\.top/);
  await run(CHANGES[2]!, 'ALTER TABLE t ALTER COLUMN at TYPE timestamp', 'INSERT INTO t VALUES (500, 1, 1)');
  await same();
  expect(await memory()).not.toMatch(/dropped or replaced/);
  await run('DROP MATERIALIZED VIEW top');
});

test('dropped with what it reads', async () => {
  await run(
    BY_G,
    `CREATE MATERIALIZED VIEW top AS ${TOP}`,
    `CREATE MATERIALIZED VIEW again AS SELECT n FROM (${TOP}) x`,
  );
  expect(await inPlace('MATERIALIZED VIEW again')).toEqual(['top']);
  await run('DROP MATERIALIZED VIEW by_g', 'DROP MATERIALIZED VIEW top', ...CHANGES);
  const computed = await rows(`SELECT n FROM (${TOP}) x ORDER BY 1`);
  expect(await rows('SELECT * FROM again ORDER BY 1')).toEqual(computed);
  await run('DROP TABLE t CASCADE');
  await expect(client.query('SELECT * FROM again')).rejects.toMatchObject({ code: '42P01' });
});

test('what is altered under both is read again in the view as it is then', async () => {
  await run(BY_G, `CREATE MATERIALIZED VIEW top AS ${TOP}`);
  await run('ALTER TABLE t ALTER COLUMN at TYPE timestamp', 'ALTER TABLE t ADD COLUMN more int DEFAULT 1');
  await run(...CHANGES.slice(1));
  const computed = await rows(`SELECT * FROM (${TOP}) x ORDER BY 1`);
  expect(await rows('SELECT * FROM top ORDER BY 1')).toEqual(computed);
  // Rebuilt behind by_g, it reads that again.
  expect((await rows('EXPLAIN MEMORY PLAN FOR MATERIALIZED VIEW top')).flat().join()).toMatch(
    /by_g by \[g\]/,
  );
  await run('CREATE OR REPLACE MATERIALIZED VIEW top AS ' + TOP);
  expect(await rows('SELECT * FROM top ORDER BY 1')).toEqual(computed);
});

test('the same view twice is two views', async () => {
  await run(BY_G, `CREATE MATERIALIZED VIEW other AS ${GROUPS}`);
  await run(`CREATE OR REPLACE MATERIALIZED VIEW other AS ${GROUPS}`);
  await run('DROP MATERIALIZED VIEW by_g', ...CHANGES);
  expect(await inPlace(GROUPS)).toEqual(['other']);
  await sameAsWithout([`${GROUPS} ORDER BY g`], []);
  await run(`CREATE OR REPLACE MATERIALIZED VIEW other AS ${GROUPS}`);
  expect(await plan('MATERIALIZED VIEW other')).not.toMatch(/in place/);
});

test("a reader gets the view's errors if it would raise them, and else does not read it", async () => {
  await run(
    'CREATE MATERIALIZED VIEW shares AS SELECT g, sum(100 / (v - 3)) AS s, count(*) AS n FROM t GROUP BY g',
  );
  const raises = 'SELECT sum(100 / (v - 3)) AS s, g FROM t GROUP BY g ORDER BY g';
  const does = 'SELECT g, count(*) AS n FROM t GROUP BY g ORDER BY g';
  const unread =
    'SELECT g, n FROM (SELECT g, sum(100 / (v - 3)) AS s, count(*) AS n FROM t GROUP BY g) x ORDER BY g';
  expect(await inPlace(raises)).toEqual(['shares']);
  expect(await inPlace(does)).toEqual([]);
  expect(await inPlace(unread)).toEqual([]);
  await run(`CREATE MATERIALIZED VIEW worst AS SELECT max(s) FROM (${raises}) x`);
  const error = { code: '22012', message: 'division by zero' };
  for (const query of [raises, 'SELECT * FROM worst']) {
    await expect(client.query(query)).rejects.toMatchObject(error);
  }
  expect((await rows(does)).length).toBe(5);
  await run('DROP MATERIALIZED VIEW shares', 'DELETE FROM t WHERE v = 3');
  expect(await rows('SELECT * FROM worst')).toEqual(await rows(`SELECT max(s) FROM (${raises}) x`));
  await sameAsWithout([raises], []);
  await run('INSERT INTO t VALUES (3, 3, 3)');
  await expect(client.query('SELECT * FROM worst')).rejects.toMatchObject(error);
  // Of rows that a condition rules out nothing is computed: the order is part of what the query says.
  await run(
    'CREATE MATERIALIZED VIEW guarded AS SELECT g, count(*) FROM t WHERE v <> 3 AND 100 / (v - 3) > 1 GROUP BY g',
  );
  expect(await inPlace('SELECT g, count(*) FROM t WHERE v <> 3 AND 100 / (v - 3) > 1 GROUP BY g')).toEqual([
    'guarded',
  ]);
  expect(await inPlace('SELECT g, count(*) FROM t WHERE 100 / (v - 3) > 1 AND v <> 3 GROUP BY g')).toEqual(
    [],
  );
});

test('errors that a view skips are not skipped for others', async () => {
  const query = 'SELECT g, sum(100 / (v - 3)) AS s FROM t GROUP BY g';
  await run(
    `CREATE MATERIALIZED VIEW v AS ${query}`,
    `CREATE MATERIALIZED VIEW reader AS SELECT max(s) FROM (${query}) x`,
  );
  await run('ALTER MATERIALIZED VIEW v SET (on_error = skip)');
  expect(await inPlace(query)).toEqual([]);
  for (const sql of [query, 'SELECT * FROM reader']) {
    await expect(client.query(sql)).rejects.toMatchObject({ code: '22012' });
  }
  await run('ALTER MATERIALIZED VIEW v RESET (on_error)');
  expect(await inPlace(query)).toEqual(['v']);
});

test('what depends on settings is read under the same', async () => {
  const days = 'SELECT at::date AS day, count(*) FROM t GROUP BY 1';
  const hours = "SELECT (at - '2024-01-01 00:00+00')::text AS past, count(*) FROM t GROUP BY 1";
  await run(`CREATE MATERIALIZED VIEW days AS ${days}`, `CREATE MATERIALIZED VIEW hours AS ${hours}`);
  await run(`CREATE MATERIALIZED VIEW times AS SELECT at, count(*) FROM t GROUP BY 1`);
  expect(await inPlace(days)).toEqual(['days']);
  expect(await inPlace(hours)).toEqual(['hours']);
  await run("SET TimeZone = 'Asia/Tokyo'");
  expect(await inPlace(days)).toEqual([]);
  expect(await rows(`SELECT day::text FROM (${days}) x`)).toEqual([['2024-01-02']]);
  expect(await inPlace('SELECT at, count(*) FROM t GROUP BY 1')).toEqual(['times']);
  await run("SET TimeZone = 'UTC'", 'SET IntervalStyle = iso_8601');
  expect(await inPlace(hours)).toEqual([]);
  expect(await rows(`SELECT past FROM (${hours}) x`)).toEqual([['PT20H']]);
  await run('RESET IntervalStyle');
});

test('its own writes, snapshots and AS OF from before the view', async () => {
  const other = await server.connect();
  await other.query(`SET search_path = ${schema.name}`);
  const [[before]] = (await rows(
    'SELECT (extract(epoch FROM now()) * 1000000)::int8 FROM (SELECT count(*) FROM t) x',
  )) as [[string]];
  await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  const [[old]] = (await rows('SELECT sum(n) FROM (SELECT count(*) AS n FROM t GROUP BY g) x', other)) as [
    [string],
  ];
  await run('INSERT INTO t VALUES (200, 1, 1)', BY_G);
  expect(await rows('SELECT sum(n) FROM (SELECT count(*) AS n FROM t GROUP BY g) x', other)).toEqual([[old]]);
  await other.query('COMMIT');
  expect(await rows('SELECT sum(n) FROM (SELECT count(*) AS n FROM t GROUP BY g) x', other)).toEqual([
    [String(Number(old) + 1)],
  ]);
  await other.end();
  const past = `SELECT sum(n) FROM (SELECT count(*) AS n FROM t GROUP BY g) x AS OF ${before}`;
  expect(await inPlace(past)).toEqual([]);
  expect(await rows(past)).toEqual([[old]]);
  await run('BEGIN', 'INSERT INTO t VALUES (201, 1, 1)');
  expect(await inPlace(GROUPS)).toEqual(['by_g']);
  expect(await rows('SELECT sum(n) FROM (SELECT count(*) AS n FROM t GROUP BY g) x')).toEqual([
    [String(Number(old) + 2)],
  ]);
  await run('ROLLBACK');
});

test('a kept plan is another when a view comes, changes and goes', async () => {
  const query = {
    name: `groups ${schema.name}`,
    text: 'SELECT g, count(*) FROM t GROUP BY g ORDER BY g',
    rowMode: 'array' as const,
  };
  const ask = async (): Promise<unknown[][]> => (await client.query<unknown[]>(query)).rows as unknown[][];
  const first = await ask();
  await run(BY_G);
  expect(await ask()).toEqual(first);
  await run(
    'CREATE OR REPLACE MATERIALIZED VIEW by_g AS SELECT g, count(*) + 1 AS n, sum(v) AS s FROM t GROUP BY g',
  );
  expect(await ask()).toEqual(first);
  await run('DROP MATERIALIZED VIEW by_g');
  expect(await ask()).toEqual(first);
  await run(
    BY_G,
    'ALTER MATERIALIZED VIEW by_g RENAME TO groups',
    'ALTER TABLE t RENAME COLUMN g TO "group"',
  );
  expect(await inPlace('SELECT "group", count(*) FROM t GROUP BY 1')).toEqual(['groups']);
});

test('in a transaction of DDL', async () => {
  await run(
    'BEGIN',
    BY_G,
    `CREATE MATERIALIZED VIEW top AS ${TOP}`,
    'DROP MATERIALIZED VIEW by_g',
    'COMMIT',
    ...CHANGES,
  );
  const computed = await rows(`SELECT * FROM (${TOP}) x ORDER BY 1`);
  expect(await rows('SELECT * FROM top ORDER BY 1')).toEqual(computed);
  await run(
    BY_G,
    'BEGIN',
    `CREATE MATERIALIZED VIEW more AS ${TOP}`,
    'ROLLBACK',
    'DROP MATERIALIZED VIEW by_g',
  );
  await run('BEGIN', 'DROP MATERIALIZED VIEW top', 'ROLLBACK', 'INSERT INTO t VALUES (900, 1, 1)');
  expect(await rows('SELECT * FROM top ORDER BY 1')).toEqual(
    await rows(`SELECT * FROM (${TOP}) x ORDER BY 1`),
  );
});
