/** Enum types where rows of a table are not all: drivers, sources, sinks, transactions, what is maintained. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { beforeEach, describe, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
});

beforeEach(async () => {
  // One by one: a source is not dropped in a transaction.
  for (const each of ['DROP SCHEMA IF EXISTS e CASCADE', 'CREATE SCHEMA e', 'SET search_path = e'])
    await client.query(each);
  await client.query("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')");
});

const rows = async (query: string, values: unknown[] = []): Promise<unknown[]> =>
  (await client.query({ text: query, values, rowMode: 'array' })).rows;

/** The SQLSTATE, message and detail of the error that a statement is to raise. */
const refusal = async (query: string, values: unknown[] = []): Promise<string> => {
  const error = await rows(query, values).then(
    () => null,
    (raised: pg.DatabaseError) => raised,
  );
  return error === null ? 'no error' : [error.code, error.message, error.detail ?? ''].join(' ');
};

test('binary results and declared parameters', async () => {
  const [[oid]] = (await rows("SELECT 'mood'::regtype::oid")) as [[number]];
  const result = await client.query({
    text: "SELECT 'ok'::mood, ARRAY['sad', $1]::mood[]",
    values: ['ok'],
    rowMode: 'array',
    binary: true,
    types: { getTypeParser: () => (value: Buffer) => value.toString('latin1') },
  } as pg.QueryArrayConfig);
  expect(result.fields.map(({ dataTypeID, dataTypeSize }) => [dataTypeID, dataTypeSize])).toEqual([
    [Number(oid), 4],
    [Number(oid) + 1, -1],
  ]);
  const [[plain, array]] = result.rows as [[string, string]];
  expect(plain).toBe('ok');
  const bytes = Buffer.from(array, 'latin1');
  expect(bytes.readUInt32BE(8), 'the element type').toBe(Number(oid));
  expect(bytes.toString('latin1', 24, 27), 'an element').toBe('sad');
  expect(await rows('SELECT $1::mood, $1 > $2', ['happy', 'ok'])).toEqual([['happy', true]]);
  expect(await refusal('SELECT $1::mood', ['glad'])).toContain('invalid input value for enum mood');
});

test('sources read labels, and refuse what is none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-enums-'));
  writeFileSync(
    join(folder, 'a.jsonl'),
    '{"id":1,"m":"ok","l":["sad","ok"]}\n{"id":2,"m":"glad"}\n{"id":3}\n',
  );
  await client.query(
    `CREATE SOURCE f (id int, m mood, l mood[]) FROM FILE (path '${folder}/*.jsonl', FOLLOW) FORMAT JSON ON ERROR SKIP`,
  );
  await expect
    .poll(() => rows('SELECT id, m, l FROM f ORDER BY id'), { timeout: 20_000 })
    .toEqual([
      [1, 'ok', '{sad,ok}'],
      [3, null, null],
    ]);
  await client.query("ALTER TYPE mood ADD VALUE 'glad'");
  writeFileSync(join(folder, 'b.jsonl'), '{"id":4,"m":"glad"}\n');
  await expect.poll(() => rows('SELECT m FROM f WHERE id = 4'), { timeout: 20_000 }).toEqual([['glad']]);
});

describe('labels that change', () => {
  beforeEach(async () => {
    await client.query(
      "CREATE TABLE t (id int PRIMARY KEY, m mood); INSERT INTO t VALUES (1, 'sad'), (2, 'happy')",
    );
  });

  test('views by label go on, and show the new one', async () => {
    await client.query('CREATE MATERIALIZED VIEW v AS SELECT m, count(*) AS n FROM t GROUP BY m');
    await client.query("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'");
    await client.query("ALTER TYPE mood ADD VALUE 'fine' BEFORE 'happy'");
    await client.query("INSERT INTO t VALUES (3, 'fine'), (4, 'blue')");
    expect(await rows('SELECT m, n::int FROM v ORDER BY m')).toEqual([
      ['blue', 2],
      ['fine', 1],
      ['happy', 1],
    ]);
  });

  test.each([
    ["CREATE VIEW r AS SELECT id FROM t WHERE m = 'sad'", 'view r'],
    ["CREATE VIEW r AS SELECT id FROM t WHERE m = ANY ('{ok,sad}')", 'view r'],
    ['CREATE MATERIALIZED VIEW r AS SELECT m::text AS label FROM t', 'materialized view r'],
    ["CREATE MATERIALIZED VIEW r AS SELECT jsonb_build_object('m', m) AS o FROM t", 'materialized view r'],
    ['CREATE MATERIALIZED VIEW r AS SELECT to_jsonb(t) AS o FROM t', 'materialized view r'],
    [
      'CREATE MATERIALIZED VIEW r AS SELECT array_to_string(array_agg(m ORDER BY m), $$,$$) AS o FROM t',
      'materialized view r',
    ],
    ["CREATE TABLE d (m mood DEFAULT 'sad')", 'table d'],
    ["CREATE TABLE d (m mood CHECK (m <> 'sad'))", 'table d'],
    ["CREATE FUNCTION r(m mood) RETURNS bool LANGUAGE sql AS $$ SELECT m = 'sad' $$", 'function r(mood)'],
    ["CREATE INDEX r ON t ((m = 'sad'))", 'index r'],
    ['CREATE INDEX r ON t ((m::text))', 'index r'],
    ["CREATE UNIQUE INDEX r ON t (id) WHERE m = 'sad'", 'index r'],
  ])('RENAME VALUE is refused beside %s', async (create, reader) => {
    await client.query(create);
    const refused = await refusal("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'");
    expect(refused).toContain('0A000');
    expect(refused).toContain(`that ${reader} uses`);
  });

  test.each([
    'CREATE MATERIALIZED VIEW r AS SELECT enum_range(m) AS all_of FROM t',
    "CREATE MATERIALIZED VIEW r AS SELECT (CASE id WHEN 1 THEN 'o' ELSE 'k' END || 'k')::mood AS o FROM t",
  ])('ADD VALUE is refused beside %s', async (create) => {
    await client.query(create);
    expect(await refusal("ALTER TYPE mood ADD VALUE 'fine'")).toContain('0A000');
  });

  test('indexes by what does not change go on', async () => {
    await client.query('CREATE INDEX by_m ON t (m)');
    await client.query('CREATE INDEX by_remainder ON t ((id % 2))');
    await client.query("CREATE INDEX by_truth ON t ((m = 'happy'))");
    await client.query("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'");
    await client.query('CREATE INDEX by_label ON t ((m::text))');
    await client.query("ALTER TYPE mood ADD VALUE 'fine' BEFORE 'happy'");
    await client.query("INSERT INTO t VALUES (3, 'fine'), (4, 'blue')");
    const ids = async (condition: string): Promise<unknown[]> =>
      (await rows(`SELECT id FROM t WHERE ${condition} ORDER BY id`)).flat();
    expect(await ids("m = 'blue'")).toEqual([1, 4]);
    expect(await ids("m::text = 'fine'")).toEqual([3]);
    expect(await ids('id % 2 = 1')).toEqual([1, 3]);
    expect(await ids("m = 'happy'")).toEqual([2]);
  });

  test('a transaction that is rolled back adds none', async () => {
    await client.query(
      "BEGIN; ALTER TYPE mood ADD VALUE 'fine'; ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'; ROLLBACK",
    );
    expect(await rows('SELECT enum_range(NULL::mood)')).toEqual([['{sad,ok,happy}']]);
    await client.query("BEGIN; ALTER TYPE mood ADD VALUE 'fine'; COMMIT");
    expect(await rows('SELECT enum_range(NULL::mood)')).toEqual([['{sad,ok,happy,fine}']]);
  });

  test('as many labels as fit between two', async () => {
    for (let i = 0; i < 40; i += 1) await client.query(`ALTER TYPE mood ADD VALUE 'x${i}' AFTER 'sad'`);
    expect(await refusal("ALTER TYPE mood ADD VALUE 'more' AFTER 'sad'")).toContain('54000');
    const [[labels]] = (await rows('SELECT enum_range(NULL::mood)')) as [[string]];
    expect(labels.split(',').slice(0, 3)).toEqual(['{sad', 'x39', 'x38']);
    const orders = await rows(
      "SELECT enumsortorder FROM pg_enum WHERE enumtypid = 'mood'::regtype ORDER BY enumsortorder",
    );
    expect(new Set(orders.map(String)).size).toBe(43);
  });
});

test('a type that goes by another name', async () => {
  await client.query(
    "CREATE TABLE t (m mood); INSERT INTO t VALUES ('ok'); CREATE VIEW v AS SELECT 'sad'::mood AS s, m FROM t",
  );
  await client.query('ALTER TYPE mood RENAME TO feeling');
  expect(await rows('SELECT pg_typeof(s), s < m FROM v')).toEqual([['feeling', true]]);
  expect(await rows("SELECT pg_get_viewdef('v'::regclass)")).toEqual([
    ["SELECT 'sad'::feeling AS s, m FROM t;"],
  ]);
  expect(await refusal('DROP TYPE feeling')).toContain('view v depends on type feeling');
  await client.query('DROP VIEW v');
  expect(await refusal('DROP TYPE feeling')).toContain('column m of table t depends on type feeling');
  await client.query('DROP SCHEMA e CASCADE');
  expect(await rows('SELECT count(*)::int FROM pg_enum')).toEqual([[0]]);
});
