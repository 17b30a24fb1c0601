/**
 * ALTER TABLE beside PostgreSQL: the same statements give the same rows, notices and errors. What PostgreSQL has no word
 * for (materialized views that stay up to date, transactions that write meanwhile) has tests of its own.
 */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rowsOf } from '../support/answers.ts';
import { outcome } from '../support/outcome.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

let server: Tidewire;
let postgres: Postgres;
let client: pg.Client;
let theirs: pg.Client;

beforeAll(async () => {
  [server, postgres] = await Promise.all([startTidewire(), startPostgres()]);
  [client, theirs] = await Promise.all([server.connect(), postgres.connect()]);
});
afterAll(async () => {
  await Promise.all([client?.end(), theirs?.end()]);
  await Promise.all([server?.stop(), postgres?.stop()]);
});

const SCRIPTS: Record<string, string[]> = {
  columns: [
    'CREATE TABLE t (id int PRIMARY KEY, a text, b int)',
    "INSERT INTO t SELECT g, 'x' || g, g * 10 FROM generate_series(1, 5) g",
    'CREATE INDEX t_b ON t (b)',
    'CREATE VIEW star AS SELECT * FROM t',
    'CREATE VIEW few AS SELECT id, a FROM t',
    "ALTER TABLE t ADD COLUMN c int DEFAULT 7, ADD d text NOT NULL DEFAULT 'q', ADD e date",
    'SELECT * FROM t ORDER BY id',
    'SELECT * FROM star ORDER BY id',
    'ALTER TABLE t ADD COLUMN c int',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS c int',
    'ALTER TABLE t ADD COLUMN n int NOT NULL',
    'ALTER TABLE t ADD COLUMN n int CHECK (n > 0) DEFAULT 0',
    "ALTER TABLE t ADD COLUMN n int DEFAULT 'x'",
    'ALTER TABLE t ADD COLUMN n int UNIQUE DEFAULT 1',
    'ALTER TABLE t DROP COLUMN a',
    'ALTER TABLE t DROP COLUMN zz',
    'ALTER TABLE t DROP COLUMN IF EXISTS zz',
    'ALTER TABLE t DROP COLUMN e, ADD COLUMN f numeric(5,1) DEFAULT 1.25',
    'SELECT * FROM t ORDER BY id',
    'ALTER TABLE t DROP COLUMN b CASCADE',
    'SELECT * FROM few ORDER BY id',
    'ALTER TABLE t DROP COLUMN id CASCADE',
    'INSERT INTO t (a) VALUES (NULL), (NULL)',
    'SELECT * FROM t ORDER BY a, c',
    "SELECT relname FROM pg_class WHERE relname IN ('t_b', 't_pkey', 'few', 'star') ORDER BY 1",
    'ALTER TABLE nothing ADD COLUMN x int',
    'ALTER TABLE IF EXISTS nothing ADD COLUMN x int',
  ],
  types: [
    'CREATE TABLE u (id int PRIMARY KEY, a text, b int DEFAULT 5, c numeric)',
    "INSERT INTO u VALUES (1, '11', 1, 1.5), (2, '22', 2, 2.5), (3, NULL, NULL, NULL)",
    'CREATE VIEW sums AS SELECT sum(c) AS c FROM u',
    'ALTER TABLE u ALTER a TYPE int',
    'ALTER TABLE u ALTER a TYPE int USING a::int',
    'ALTER TABLE u ALTER COLUMN b SET DATA TYPE numeric(6,2)',
    'ALTER TABLE u ALTER b TYPE boolean',
    'ALTER TABLE u ALTER b TYPE text USING id = 1',
    'ALTER TABLE u ALTER a TYPE date USING id',
    'ALTER TABLE u ALTER c TYPE bigint',
    'ALTER TABLE u ALTER a TYPE varchar(1)',
    'ALTER TABLE u ALTER a TYPE varchar(3), ALTER id TYPE bigint',
    'SELECT * FROM u ORDER BY id',
    'SELECT * FROM sums',
    'ALTER TABLE u ALTER zz TYPE int',
    'INSERT INTO u (id) VALUES (4) RETURNING *',
  ],
  constraints: [
    'CREATE TABLE c (id int, a int, b text)',
    "INSERT INTO c VALUES (1, 1, 'x'), (2, 1, 'y'), (3, NULL, NULL)",
    'ALTER TABLE c ADD CONSTRAINT pos CHECK (a > 1)',
    'ALTER TABLE c ADD CONSTRAINT pos CHECK (a > 0)',
    'ALTER TABLE c ADD CONSTRAINT pos CHECK (a > 0)',
    'INSERT INTO c VALUES (4, 0)',
    'ALTER TABLE c ADD UNIQUE (a)',
    'ALTER TABLE c ADD UNIQUE (a, b)',
    "INSERT INTO c VALUES (4, 1, 'x')",
    'ALTER TABLE c ADD PRIMARY KEY (b)',
    'ALTER TABLE c ADD PRIMARY KEY (a)',
    'ALTER TABLE c ADD CONSTRAINT c_key PRIMARY KEY (id)',
    'ALTER TABLE c ADD PRIMARY KEY (id)',
    "INSERT INTO c VALUES (1, 7, 'z')",
    'ALTER TABLE c ALTER id DROP NOT NULL',
    'ALTER TABLE c ALTER a SET NOT NULL',
    'DELETE FROM c WHERE a IS NULL',
    'ALTER TABLE c ALTER a SET NOT NULL',
    "INSERT INTO c VALUES (5, NULL, 'z')",
    'ALTER TABLE c ALTER a DROP NOT NULL',
    "INSERT INTO c VALUES (5, NULL, 'z')",
    'ALTER TABLE c RENAME CONSTRAINT pos TO positive',
    'ALTER TABLE c RENAME CONSTRAINT nothing TO positive',
    'ALTER TABLE c DROP CONSTRAINT pos',
    'ALTER TABLE c DROP CONSTRAINT IF EXISTS pos',
    'ALTER TABLE c DROP CONSTRAINT positive, DROP CONSTRAINT c_a_b_key',
    "INSERT INTO c VALUES (6, -1, 'x'), (7, -1, 'x')",
    'ALTER TABLE c DROP CONSTRAINT c_key',
    "INSERT INTO c VALUES (7, -1, 'x')",
    'ALTER TABLE c ALTER b SET DEFAULT 1 + 2, ALTER b SET NOT NULL',
    'ALTER TABLE c ALTER a SET DEFAULT now()',
    'INSERT INTO c (id) VALUES (8) RETURNING *',
    'ALTER TABLE c ALTER b DROP DEFAULT, ALTER b DROP DEFAULT',
    'ALTER TABLE c ALTER zz SET DEFAULT 1',
    'SELECT * FROM c ORDER BY id, a, b',
  ],
  'sequences and transactions': [
    'CREATE TABLE s (x text, id serial, y text)',
    "INSERT INTO s (x) VALUES ('a'), ('b')",
    'ALTER TABLE s DROP COLUMN x, ADD COLUMN number int GENERATED BY DEFAULT AS IDENTITY',
    'SELECT id, y, number FROM s ORDER BY id',
    "INSERT INTO s (y) VALUES ('c') RETURNING id, number",
    'BEGIN',
    'ALTER TABLE s ADD COLUMN z int DEFAULT 3',
    "INSERT INTO s (y) VALUES ('d')",
    'SELECT id, y, z FROM s ORDER BY id',
    'ROLLBACK',
    'SELECT id, y FROM s ORDER BY id',
    'BEGIN',
    "INSERT INTO s (y) VALUES ('before')",
    'ALTER TABLE s ADD COLUMN z int DEFAULT 3',
    'SAVEPOINT a',
    'ALTER TABLE s DROP COLUMN y',
    'ROLLBACK TO a',
    "UPDATE s SET z = 4 WHERE y = 'before'",
    'COMMIT',
    'SELECT y, z FROM s ORDER BY id',
    "SELECT pg_get_serial_sequence('s', 'id')",
    'ALTER TABLE s DROP COLUMN id',
    "SELECT relname FROM pg_class WHERE relname LIKE 's\\_%' ORDER BY 1",
  ],
};

describe.each(Object.entries(SCRIPTS))('%s', (_name, statements) => {
  test('as PostgreSQL', async () => {
    for (const sql of statements) {
      const ours = await outcome(client, sql);
      expect(ours, sql).toEqual(await outcome(theirs, sql));
    }
  });
});

const rows = (sql: string): Promise<unknown[][]> => rowsOf(client, sql);

test('materialized views, indexes and SHOW CREATE follow', async () => {
  await client.query('CREATE TABLE m (id int PRIMARY KEY, g int, x int)');
  await client.query('INSERT INTO m SELECT i, i % 3, i FROM generate_series(1, 9) i');
  await client.query('CREATE MATERIALIZED VIEW by_group AS SELECT g, sum(x) AS x FROM m GROUP BY g');
  await client.query('CREATE MATERIALIZED VIEW total AS SELECT sum(x)::int AS x FROM by_group');
  await client.query('CREATE INDEX m_g ON m (g, lower(x::text))');
  await client.query('ALTER TABLE m ADD COLUMN y int DEFAULT 1, ADD CONSTRAINT small CHECK (x < 100)');
  expect(await rows('SELECT x FROM total')).toEqual([[45]]);
  await client.query('INSERT INTO m VALUES (10, 0, 5, 2)');
  expect(await rows('SELECT x FROM total')).toEqual([[50]]);
  expect(await rows('SELECT id, y FROM m WHERE g = 0 ORDER BY id')).toEqual([
    [3, 1],
    [6, 1],
    [9, 1],
    [10, 2],
  ]);
  expect(await rows('SHOW CREATE TABLE m')).toEqual([
    [
      'public.m',
      `CREATE TABLE public.m (
  id integer NOT NULL,
  g integer,
  x integer,
  y integer DEFAULT 1,
  CONSTRAINT m_pkey PRIMARY KEY (id),
  CONSTRAINT small CHECK (x < 100)
)`,
    ],
  ]);
});

test('who writes meanwhile waits, and nothing is lost', async () => {
  await client.query('CREATE TABLE busy (id int PRIMARY KEY, x int)');
  await client.query('CREATE MATERIALIZED VIEW counted AS SELECT count(*)::int AS n FROM busy');
  const writers = await Promise.all(Array.from({ length: 4 }, () => server.connect()));
  let stop = false;
  let next = 0;
  const write = async (writer: pg.Client): Promise<void> => {
    // oxlint-disable-next-line no-unmodified-loop-condition
    while (!stop) await writer.query(`INSERT INTO busy (id, x) VALUES (${next++}, 1)`);
  };
  const writing = Promise.all(writers.map(write));
  try {
    for (let step = 0; step < 8; step++) {
      const started = next;
      await client.query(`ALTER TABLE busy ADD COLUMN c${step} int DEFAULT ${step}`);
      await expect.poll(() => next, { timeout: 10_000 }).toBeGreaterThan(started + 8);
    }
  } finally {
    stop = true;
  }
  await writing;
  expect(await rows('SELECT count(*)::int, sum(c7)::int / 7 FROM busy')).toEqual([[next, next]]);
  expect(await rows('SELECT n FROM counted')).toEqual([[next]]);
  for (const writer of writers) await writer.end();
});

test('a transaction that wrote before has to begin again', async () => {
  await client.query('CREATE TABLE held (id int PRIMARY KEY)');
  const other = await server.connect();
  await other.query('BEGIN; INSERT INTO held VALUES (1)');
  await client.query('ALTER TABLE held ADD COLUMN x int');
  await expect(other.query('COMMIT')).rejects.toMatchObject({
    code: expect.stringMatching(/^(40001|55000|XX000)$/),
  });
  await other.end();
  expect(await rows('SELECT * FROM held')).toEqual([]);
});

test('what is not there is refused by name', async () => {
  await client.query('CREATE TABLE refused (id int PRIMARY KEY)');
  for (const action of ['ENABLE ROW LEVEL SECURITY']) {
    await expect(client.query(`ALTER TABLE refused ${action}`), action).rejects.toMatchObject({
      code: '0A000',
    });
  }
});
