/** Conditions that bound an index's key: the same rows as without the index, for every type, end and kind of reader. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { Random } from '../oracle/random.ts';
import { testServer } from '../support/test-server.ts';

/** Columns with an index each, and values from below to above what the rows have. */
const COLUMNS: Readonly<Record<string, { readonly type: string; readonly values: readonly string[] }>> = {
  i: { type: 'int4', values: ['-5', '-1', '0', '1', '7', '2147483647'] },
  b: { type: 'int8', values: ['-9223372036854775808', '-2', '0', '3', '9223372036854775807'] },
  n: { type: 'numeric', values: ['-1.50', '0', '0.00', '1', '1.0', '10', '9.99', "'NaN'::numeric"] },
  f: { type: 'float8', values: ["'-infinity'::float8", '-0.0', '0', '1.5', "'NaN'::float8"] },
  t: { type: 'text', values: ["''", "'A'", "'a'", "'ab'", "'b'", "'é'"] },
  d: {
    type: 'date',
    values: ["date '1999-12-31'", "date '2000-01-01'", "date '2024-02-29'", "'infinity'::date"],
  },
  s: { type: 'timestamp', values: ["timestamp '1999-12-31 23:59:59.999999'", "timestamp '2024-01-01'"] },
};
const NAMES = Object.keys(COLUMNS);

let client: pg.Client;
const random = new Random(11);

const value = (name: string): string => (random.chance(0.1) ? 'NULL' : random.pick(COLUMNS[name]!.values));

const server = testServer({ workers: 2 }, async () => {
  client = await server.connect();
  const columns = NAMES.map((name) => `${name} ${COLUMNS[name]!.type}`).join(', ');
  for (const table of ['plain', 'indexed']) {
    await client.query(`CREATE TABLE ${table} (id int PRIMARY KEY, ${columns})`);
  }
  for (const name of NAMES) await client.query(`CREATE INDEX by_${name} ON indexed (${name})`);
  await client.query('CREATE INDEX by_both ON indexed (t, i)');
  const rows = Array.from({ length: 300 }, (_, id) => `(${id}, ${NAMES.map(value).join(', ')})`).join(', ');
  for (const table of ['plain', 'indexed']) await client.query(`INSERT INTO ${table} VALUES ${rows}`);
});

async function ids(sql: string, parameters: unknown[] = []): Promise<number[]> {
  const result = await client.query<{ id: number }>(sql, parameters);
  return result.rows.map(({ id }) => id).sort((a, b) => a - b);
}

async function plan(sql: string): Promise<string> {
  const result = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`);
  return result.rows.map((row) => row['QUERY PLAN']).join('\n');
}

function condition(): string {
  const name = random.pick(NAMES);
  const one = (): string => `${name} ${random.pick(['<', '<=', '>', '>='])} ${value(name)}`;
  const kinds = [
    one,
    () => `${value(name)} ${random.pick(['<', '<=', '>', '>='])} ${name}`,
    () => `${one()} AND ${one()}`,
    () => `${name} BETWEEN ${value(name)} AND ${value(name)}`,
    () => `t = ${value('t')} AND i ${random.pick(['<', '>='])} ${value('i')}`,
    () => `t IN (${value('t')}, ${value('t')}) AND i > ${value('i')}`,
    () => `id ${random.pick(['<', '>'])} ${random.below(300)} AND ${one()}`,
    () => `id >= ${random.below(300)}::int8`,
  ];
  return random.pick(kinds)();
}

test('random conditions find what a scan finds', async () => {
  let found = 0;
  for (let at = 0; at < 250; at += 1) {
    const where = condition();
    const sql = `SELECT id FROM indexed WHERE ${where}`;
    if (/scan of|lookup in|no rows/.test(await plan(sql))) found += 1;
    expect(await ids(sql), where).toEqual(await ids(`SELECT id FROM plain WHERE ${where}`));
    const grouped = `SELECT max(id) AS id FROM indexed WHERE ${where} GROUP BY i % 3`;
    if (at % 10 === 0) expect(await ids(grouped)).toEqual(await ids(grouped.replace('indexed', 'plain')));
  }
  expect(found, 'conditions for which an index was used').toBeGreaterThan(200);
});

test('parameters, and a transaction that sees its own writes', async () => {
  const sql = 'SELECT id FROM indexed WHERE d >= $1 AND d < $2';
  const found = await ids(sql, ['2000-01-01', '2024-02-29']);
  expect(found).toEqual(await ids("SELECT id FROM plain WHERE d = date '2000-01-01'"));
  expect(await ids(sql, ['2000-01-01', null])).toEqual([]);
  await client.query('BEGIN');
  await client.query("INSERT INTO indexed (id, d) VALUES (1000, '2010-10-10')");
  await client.query('DELETE FROM indexed WHERE id < 100');
  const seen = await ids(sql, ['2000-01-01', '2024-02-29']);
  expect(seen).toEqual([...found.filter((id) => id >= 100), 1000]);
  await client.query('ROLLBACK');
  expect(await ids(sql, ['2000-01-01', '2024-02-29'])).toEqual(found);
});

test('the plan says which part is read, and a whole key goes first', async () => {
  expect(await plan('SELECT id FROM indexed WHERE i > 3 AND i <= 9')).toContain(
    'scan of arrangement public.indexed[i] (index by_i): from 3 to 9',
  );
  expect(await plan("SELECT id FROM indexed WHERE t = 'a' AND i > 3")).toContain(
    "scan of arrangement public.indexed[t, i] (index by_both): ('a') from 3",
  );
  expect(await plan('SELECT id FROM indexed WHERE id = 4 AND i > 3')).toContain(
    'lookup in arrangement public.indexed[id]',
  );
  expect(await plan('SELECT id FROM indexed WHERE i + 1 > 3')).not.toContain('scan of');
});
