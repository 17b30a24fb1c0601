/** CREATE OR REPLACE VIEW, CREATE OR REPLACE MATERIALIZED VIEW and ALTER … AS, with what is maintained from the view. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { errorRaisedBy, rowsOf } from '../support/answers.ts';
import { freshSchema } from '../support/fresh-schema.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({ workers: 2 }, async () => {
  client = await server.connect();
});

const schema = freshSchema(
  () => client,
  'CREATE TABLE t (id int PRIMARY KEY, city text, n int)',
  "INSERT INTO t VALUES (1, 'Oslo', 10), (2, 'Oslo', 20), (3, 'Rome', 30)",
);
const { run } = schema;

const rows = (sql: string, by = client): Promise<unknown[][]> => rowsOf(by, sql);

const errorOf = (sql: string): Promise<pg.DatabaseError> => errorRaisedBy(client, sql);

test('a materialized view that nothing reads may become anything', async () => {
  await run('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT city, sum(n) AS s FROM t GROUP BY city');
  expect(await rows('SELECT * FROM m ORDER BY 1')).toEqual([
    ['Oslo', '30'],
    ['Rome', '30'],
  ]);
  const oid = await rows("SELECT 'm'::regclass::oid");
  await run('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT max(n) AS most FROM t');
  expect(await rows('SELECT * FROM m')).toEqual([[30]]);
  expect(await rows("SELECT 'm'::regclass::oid")).toEqual(oid);
  await run("INSERT INTO t VALUES (4, 'Rome', 40)");
  expect(await rows('SELECT * FROM m')).toEqual([[40]]);
  expect(await errorOf('CREATE OR REPLACE MATERIALIZED VIEW t AS SELECT 1')).toMatchObject({ code: '42809' });
  expect(await errorOf('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT nothing FROM t')).toMatchObject({
    code: '42703',
  });
  expect(await rows('SELECT * FROM m')).toEqual([[40]]);
});

test('what is computed from it is computed anew: views, materialized views, indexes, shared arrangements', async () => {
  await run(
    'CREATE MATERIALIZED VIEW m AS SELECT city, n FROM t WHERE n < 25',
    'CREATE INDEX by_city ON m (city)',
    'CREATE VIEW v AS SELECT city, sum(n) AS s FROM m GROUP BY city',
    'CREATE MATERIALIZED VIEW total AS SELECT sum(s) AS total FROM v',
    'CREATE MATERIALIZED VIEW paired AS SELECT m.n, t.id FROM m JOIN t ON t.city = m.city',
  );
  expect(await rows('SELECT * FROM total')).toEqual([['30']]);
  await run('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT city, n * 100 AS n FROM t');
  expect(await rows('SELECT * FROM v ORDER BY 1')).toEqual([
    ['Oslo', '3000'],
    ['Rome', '3000'],
  ]);
  expect(await rows('SELECT * FROM total')).toEqual([['6000']]);
  expect(await rows("SELECT n FROM m WHERE city = 'Rome'")).toEqual([[3000]]);
  expect(await rows('SELECT count(*) FROM paired')).toEqual([['5']]);
  await run("INSERT INTO t VALUES (4, 'Rome', 40)", 'DELETE FROM t WHERE id = 1');
  expect(await rows('SELECT * FROM total')).toEqual([['9000']]);
  expect(await rows("SELECT n FROM m WHERE city = 'Rome' ORDER BY 1")).toEqual([[3000], [4000]]);
  expect(await rows('SELECT n, id FROM paired ORDER BY 1, 2')).toEqual([
    [2000, 2],
    [3000, 3],
    [3000, 4],
    [4000, 3],
    [4000, 4],
  ]);
  await run('DROP MATERIALIZED VIEW m CASCADE', 'DROP TABLE t');
});

test('a plain view is replaced under what is maintained from it', async () => {
  await run(
    'CREATE VIEW v AS SELECT city, n FROM t WHERE n < 25',
    'CREATE MATERIALIZED VIEW m AS SELECT city, sum(n) AS s FROM v GROUP BY city',
    'CREATE OR REPLACE VIEW v AS SELECT city, n FROM t WHERE n > 15',
  );
  expect(await rows('SELECT * FROM m ORDER BY 1')).toEqual([
    ['Oslo', '20'],
    ['Rome', '30'],
  ]);
  // In a transaction that has written, the definitions are read.
  await run('BEGIN', "INSERT INTO t VALUES (4, 'Rome', 40)");
  expect(await rows('SELECT * FROM m ORDER BY 1')).toEqual([
    ['Oslo', '20'],
    ['Rome', '70'],
  ]);
  await run('ROLLBACK');
});

test('columns that others know stay: PostgreSQL’s refusals', async () => {
  await run('CREATE MATERIALIZED VIEW m AS SELECT city, n FROM t', 'CREATE VIEW v AS SELECT n FROM m');
  const replace = 'CREATE OR REPLACE MATERIALIZED VIEW m AS';
  expect(await errorOf(`${replace} SELECT city FROM t`)).toMatchObject({
    code: '42P16',
    message: 'cannot drop columns from view',
  });
  expect(await errorOf(`${replace} SELECT city, n AS k FROM t`)).toMatchObject({
    code: '42P16',
    message: 'cannot change name of view column "n" to "k"',
  });
  expect(await errorOf(`${replace} SELECT city, n::text FROM t`)).toMatchObject({
    code: '42P16',
    message: 'cannot change data type of view column "n" from integer to text',
  });
  await run(`${replace} SELECT city, -n AS n, id FROM t`);
  expect(await rows('SELECT * FROM v ORDER BY 1')).toEqual([[-30], [-20], [-10]]);
  expect(await rows('SELECT * FROM m WHERE id = 3')).toEqual([['Rome', -30, 3]]);
  await run('CREATE VIEW star AS SELECT * FROM m');
  expect(await errorOf(`${replace} SELECT city, n, id, 1 AS more FROM t`)).toMatchObject({
    code: '0A000',
    message: 'cannot add column "more" to materialized view "m" because view star would change with it',
  });
  expect(await errorOf(`${replace} SELECT city, n, id FROM star`)).toMatchObject({ code: '42P17' });
  expect(await rows('SELECT count(*) FROM star')).toEqual([['3']]);
});

test('sinks have delivered the old definition: refused by name', async () => {
  await run(
    'CREATE VIEW v AS SELECT n FROM t',
    'CREATE MATERIALIZED VIEW m AS SELECT n FROM v',
    `CREATE SINK out FROM m INTO FILE (PATH '${join(tmpdir(), `tidewire-${process.pid}-${schema.name}`)}') FORMAT CSV`,
  );
  expect(await errorOf('CREATE OR REPLACE VIEW v AS SELECT -n AS n FROM t')).toMatchObject({
    code: '0A000',
    message: 'cannot replace view "v" because sink out is fed from it',
  });
  await run('DROP SINK out', 'CREATE OR REPLACE VIEW v AS SELECT -n AS n FROM t');
  expect(await rows('SELECT min(n) FROM m')).toEqual([[-30]]);
});

test('ALTER … AS', async () => {
  await run(
    'CREATE MATERIALIZED VIEW m (c) AS SELECT city FROM t',
    'ALTER MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t',
  );
  expect(await rows('SELECT n FROM m')).toEqual([['3']]);
  expect(await rows('SHOW CREATE MATERIALIZED VIEW m')).toEqual([
    [`${schema.name}.m`, 'CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t'],
  ]);
  await run(
    'CREATE VIEW v AS SELECT 1 AS x',
    `ALTER VIEW ${schema.name}.v AS SELECT id AS x FROM t WHERE id = 2`,
  );
  expect(await rows('SELECT x FROM v')).toEqual([[2]]);
  expect(await rows("SELECT pg_get_viewdef('v'::regclass)")).toEqual([
    ['SELECT id AS x FROM t WHERE id = 2;'],
  ]);
  expect(await errorOf('ALTER MATERIALIZED VIEW nothing AS SELECT 1')).toMatchObject({ code: '42P01' });
  await run('ALTER MATERIALIZED VIEW IF EXISTS nothing AS SELECT 1');
});

test('readers see all of the old or all of the new, and none fails', async () => {
  await run('INSERT INTO t SELECT g, chr(65 + g % 26), g FROM generate_series(10, 20000) AS g').catch(
    () => undefined,
  );
  await run(
    'CREATE MATERIALIZED VIEW a AS SELECT 1 AS version, count(*) AS n FROM t',
    'CREATE MATERIALIZED VIEW b AS SELECT version, n FROM a',
  );
  const reader = await server.connect();
  await reader.query(`SET search_path = ${schema.name}`);
  const seen = new Set<unknown>();
  const stop = new AbortController();
  const reading = (async () => {
    while (!stop.signal.aborted) {
      const [row] = await rows('SELECT a.version, b.version, a.n = b.n FROM a, b', reader);
      expect(row![0]).toBe(row![1]);
      expect(row![2]).toBe(true);
      seen.add(row![0]);
    }
  })();
  const writer = await server.connect();
  const writing = (async () => {
    for (let id = 100_000; !stop.signal.aborted; id++)
      await writer.query(`INSERT INTO ${schema.name}.t VALUES (${id}, 'x', 1)`);
  })();
  for (const version of [2, 3, 4, 5]) {
    await run(`CREATE OR REPLACE MATERIALIZED VIEW a AS SELECT ${version} AS version, count(*) AS n FROM t`);
    expect(await rows('SELECT version FROM b')).toEqual([[version]]);
  }
  await expect.poll(() => seen.has(5), { timeout: 20_000 }).toBe(true);
  stop.abort();
  await Promise.all([reading, writing]);
  await reader.end();
  await writer.end();
});

test('a subscription ends when what it reads is replaced or dropped', async () => {
  await run('CREATE MATERIALIZED VIEW m AS SELECT n FROM t', 'CREATE MATERIALIZED VIEW b AS SELECT n FROM m');
  const subscriber = await server.connect();
  const subscribe = async (relation: string): Promise<{ ended: Promise<unknown> }> => {
    const first = new Promise((resolve) => {
      const { connection } = subscriber as unknown as { connection: NodeJS.EventEmitter };
      connection.once('dataRow', resolve);
    });
    const ended = subscriber.query(`SUBSCRIBE ${schema.name}.${relation}`).catch((error: unknown) => error);
    await first;
    return { ended };
  };
  const replaced = await subscribe('b');
  await run('CREATE OR REPLACE MATERIALIZED VIEW m AS SELECT -n AS n FROM t');
  expect(await replaced.ended).toMatchObject({
    code: '55000',
    message: 'materialized view "b" was replaced while the subscription ran',
  });
  const dropped = await subscribe('t');
  await run('DROP TABLE t CASCADE');
  expect(await dropped.ended).toMatchObject({ code: '55000' });
  await subscriber.end();
});
