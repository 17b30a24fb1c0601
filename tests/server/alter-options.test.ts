/** Options and forms of CREATE and ALTER that have no effect here: none is taken silently. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  await client.query('CREATE TABLE t (x int)');
  await client.query('CREATE VIEW v AS SELECT x FROM t');
  await client.query('CREATE MATERIALIZED VIEW m AS SELECT x FROM t');
  await client.query('CREATE INDEX i ON t (x)');
});

test.each([
  ['TABLE t', 'fillfactor = 70'],
  ['VIEW v', 'security_barrier = true'],
  ['MATERIALIZED VIEW m', 'fillfactor = 70'],
  ['INDEX i', 'fillfactor = 70'],
])('ALTER %s', async (object, setting) => {
  const position = String(`ALTER ${object} SET (`.length + 1);
  await expect(client.query(`ALTER ${object} SET (nothing = 1)`)).rejects.toMatchObject({
    code: '22023',
    message: 'unrecognized parameter "nothing"',
    position,
  });
  await expect(client.query(`ALTER ${object} RESET (nothing)`)).rejects.toMatchObject({ code: '22023' });
  const [name] = setting.split(' ');
  const ignored = `storage parameter "${name}" has no effect here`;
  expect(await noticesOf(`ALTER ${object} SET (${setting})`)).toEqual([ignored]);
  expect(await noticesOf(`ALTER ${object} RESET (${name})`)).toEqual([ignored]);
});

const lossless: [sql: string, notices: string[]][] = [
  ['CREATE UNLOGGED TABLE a (x int)', ['UNLOGGED has no effect here']],
  ['CREATE UNLOGGED TABLE b AS SELECT 1 AS x', ['UNLOGGED has no effect here']],
  [
    'CREATE TABLE c (x int) WITH (fillfactor = 70, toast.autovacuum_enabled = off)',
    [
      'storage parameter "fillfactor" has no effect here',
      'storage parameter "toast.autovacuum_enabled" has no effect here',
    ],
  ],
  ['CREATE INDEX d ON t (x) WITH (fillfactor = 70)', ['storage parameter "fillfactor" has no effect here']],
  [
    'CREATE VIEW e WITH (security_barrier = true) AS SELECT x FROM t WITH LOCAL CHECK OPTION',
    ['storage parameter "security_barrier" has no effect here'],
  ],
  ['CREATE MATERIALIZED VIEW f AS SELECT x FROM t WITH NO DATA', ['WITH NO DATA has no effect here']],
  ['REFRESH MATERIALIZED VIEW CONCURRENTLY f', ['REFRESH MATERIALIZED VIEW has no effect here']],
  ['DROP EXTENSION IF EXISTS hstore CASCADE', ['extension "hstore" does not exist, skipping']],
  ['DROP TRIGGER IF EXISTS stamp ON t', ['trigger "stamp" for relation "t" does not exist, skipping']],
  ['ALTER TABLE t OWNER TO tidewire', []],
  ['ALTER VIEW v OWNER TO CURRENT_USER', []],
  ['ALTER SCHEMA public OWNER TO tidewire', []],
  ['GRANT SELECT, INSERT ON t, v TO PUBLIC, tidewire WITH GRANT OPTION', []],
  ['GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC', []],
  ['REVOKE ALL ON SCHEMA public FROM PUBLIC', ['REVOKE has no effect here']],
  ['ALTER DEFAULT PRIVILEGES FOR ROLE tidewire IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC', []],
];

test.each(lossless)('%s is accepted, and what has no effect is said', async (sql, notices) => {
  expect(await noticesOf(sql)).toEqual(notices);
});

test.each([
  ['ALTER TABLE t OWNER TO nobody', '42704', 'role "nobody" does not exist'],
  ['ALTER TABLE nowhere OWNER TO tidewire', '42P01', 'relation "nowhere" does not exist'],
  ['ALTER FUNCTION nowhere(int) OWNER TO tidewire', '42883', 'function nowhere(integer) does not exist'],
  ['ALTER TYPE nowhere OWNER TO tidewire', '42704', 'type "nowhere" does not exist'],
  ['GRANT SELECT ON t TO nobody', '42704', 'role "nobody" does not exist'],
  ['GRANT SELECT ON nowhere TO PUBLIC', '42P01', 'relation "nowhere" does not exist'],
  ['GRANT nobody TO tidewire', '42704', 'role "nobody" does not exist'],
  [
    'REVOKE EXECUTE ON FUNCTION nowhere(int) FROM PUBLIC',
    '42883',
    'function nowhere(integer) does not exist',
  ],
  [
    'ALTER DEFAULT PRIVILEGES FOR ROLE nobody GRANT SELECT ON TABLES TO PUBLIC',
    '42704',
    'role "nobody" does not exist',
  ],
  ['REFRESH MATERIALIZED VIEW t', '0A000', '"t" is not a materialized view'],
  ['REFRESH MATERIALIZED VIEW nowhere', '42P01', 'relation "nowhere" does not exist'],
  [
    'REFRESH MATERIALIZED VIEW m WITH NO DATA',
    '0A000',
    'REFRESH MATERIALIZED VIEW … WITH NO DATA is not supported',
  ],
  ['CREATE EXTENSION IF NOT EXISTS citext', '0A000', 'extension "citext" is not available'],
  [
    'CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()',
    '0A000',
    'CREATE TRIGGER is not supported',
  ],
  ['CREATE AGGREGATE sums (int) (SFUNC = int4pl, STYPE = int)', '0A000', 'CREATE AGGREGATE is not supported'],
  ['CREATE USER someone', '0A000', 'CREATE USER is not supported'],
])('%s', async (sql, code, message) => {
  await expect(client.query(sql)).rejects.toMatchObject({ code, message });
});

async function noticesOf(sql: string): Promise<string[]> {
  const notices: string[] = [];
  const keep = (notice: { message?: string }): void => void notices.push(notice.message ?? '');
  client.on('notice', keep);
  try {
    await client.query(sql);
  } finally {
    client.off('notice', keep);
  }
  return notices;
}

test('a missing object is told first', async () => {
  await expect(client.query('ALTER TABLE nowhere SET (x = 1)')).rejects.toMatchObject({ code: '42P01' });
  await client.query('ALTER TABLE IF EXISTS nowhere SET (x = 1)');
});

test.each([
  ['CREATE TABLE n (x int) PARTITION BY RANGE (x)', 'CREATE TABLE with partitions is not supported'],
  ['CREATE TABLE n (y int) INHERITS (t)', 'CREATE TABLE … INHERITS is not supported'],
  ['CREATE TABLE n (x int) TABLESPACE fast', 'CREATE TABLE … TABLESPACE is not supported'],
  ['CREATE INDEX n ON t (x) TABLESPACE fast', 'CREATE INDEX … TABLESPACE is not supported'],
])('%s', async (sql, message) => {
  await expect(client.query(sql)).rejects.toMatchObject({ code: '0A000', message });
});

test.each([
  ['CREATE INDEX t_gin ON t USING gin (x)', 'access method "gin" has no effect here'],
  ['ALTER TABLE t DISABLE TRIGGER ALL', 'DISABLE TRIGGER ALL has no effect here'],
  ['ALTER TABLE t ENABLE TRIGGER USER', 'ENABLE TRIGGER USER has no effect here'],
  ["SET work_mem = '65536kB'", 'parameter "work_mem" has no effect here'],
  ['SET enable_seqscan = off', 'parameter "enable_seqscan" has no effect here'],
  ['CREATE EXTENSION IF NOT EXISTS plpgsql', 'extension "plpgsql" has no effect here'],
  ["COMMENT ON EXTENSION plpgsql IS 'x'", 'COMMENT ON EXTENSION plpgsql has no effect here'],
])('%s', async (sql, notice) => {
  expect(await noticesOf(sql)).toEqual([notice]);
});

test.each([
  ['CREATE INDEX ON t USING gin (nosuch)', '42703', 'column "nosuch" does not exist'],
  ['CREATE INDEX ON nowhere USING gist (x)', '42P01', 'relation "nowhere" does not exist'],
  [
    'CREATE UNIQUE INDEX ON t USING brin (x)',
    '0A000',
    'access method "brin" does not support unique indexes',
  ],
  ['CREATE INDEX ON t USING nosuch (x)', '42704', 'access method "nosuch" does not exist'],
  [
    'SET session_replication_role = replica',
    '0A000',
    'parameter "session_replication_role" cannot be set to "replica"',
  ],
  ['CREATE MATERIALIZED VIEW n (a, b) AS SELECT 1', '42601', 'too many column names were specified'],
  ["SET work_mem = 'much'", '22023', 'invalid value for parameter "work_mem": "much"'],
  [
    'SET work_mem = 0',
    '22023',
    '0 kB is outside the valid range for parameter "work_mem" (64 kB .. 2147483647 kB)',
  ],
  [
    'SET parallel_setup_cost = -1',
    '22023',
    '-1 is outside the valid range for parameter "parallel_setup_cost" (0 .. 1.79769e+308)',
  ],
])('%s is refused', async (sql, code, message) => {
  await expect(client.query(sql)).rejects.toMatchObject({ code, message });
});

test('settings that tune nothing are shown as they were set', async () => {
  await client.query("SET work_mem = '65536kB'; SET random_page_cost = 1.10; SET transaction_timeout = 0");
  const { rows } = await client.query(
    "SELECT current_setting('work_mem') AS m, current_setting('random_page_cost') AS c",
  );
  expect(rows).toEqual([{ m: '64MB', c: '1.1' }]);
  await client.query('SET min_parallel_table_scan_size = 0; SET min_parallel_index_scan_size = 32');
  const parallel = await client.query(
    "SELECT current_setting('min_parallel_table_scan_size') AS t, current_setting('min_parallel_index_scan_size') AS i",
  );
  expect(parallel.rows).toEqual([{ t: '0', i: '256kB' }]);
});
