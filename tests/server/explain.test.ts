/** EXPLAIN over the wire: which arrangements a plan reuses and makes, whose they are, and what to index. */
import type pg from 'pg';
import { expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
  await client.query('CREATE TABLE customers (id int PRIMARY KEY, name text)');
  await client.query('CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total int)');
});

async function explain(sql: string): Promise<string> {
  const result = await client.query<{ 'QUERY PLAN': string }>(sql);
  return result.rows.map((row) => row['QUERY PLAN']).join('\n');
}

const JOIN = `SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer_id = c.id`;

test('a new view makes a shared arrangement, the next reuses it, and both are named', async () => {
  const before = await explain(`EXPLAIN WITH (ARRANGEMENTS) CREATE MATERIALIZED VIEW a AS ${JOIN}`);
  expect(before).toContain('makes public.orders by [customer_id]: to be shared with other dataflows');
  expect(before).toContain("reuses public.customers by [id]: the relation's own");
  await client.query(`CREATE MATERIALIZED VIEW a AS ${JOIN}`);
  await client.query(`CREATE MATERIALIZED VIEW b AS ${JOIN} WHERE total > 5`);
  const after = await explain('EXPLAIN (ARRANGEMENTS) MATERIALIZED VIEW b');
  expect(after).toContain('arrangement public.orders[customer_id] (shared by 2)');
  expect(after).toContain('reuses public.orders by [customer_id]: shared by public.a, public.b');
  await client.query('DROP MATERIALIZED VIEW a');
  expect(await explain('EXPLAIN PHYSICAL PLAN WITH (ARRANGEMENTS) FOR MATERIALIZED VIEW b')).toContain(
    'reuses public.orders by [customer_id]: shared by public.b',
  );
});

test('a scan that an index would turn into a look-up is told, until the index is there', async () => {
  const sql = 'EXPLAIN SELECT id FROM orders WHERE total = 3';
  const index = 'CREATE INDEX ON public.orders (total)';
  expect(await explain(sql)).toContain(`hint: ${index} would make a look-up of the scan`);
  await client.query(index);
  const after = await explain(`${sql} AND customer_id = 1`);
  expect(after).not.toContain('hint');
  expect(after).toContain('lookup in arrangement public.orders[total] (index');
});

test('the arrangements in JSON', async () => {
  const text = await explain(
    'EXPLAIN WITH (ARRANGEMENTS, FORMAT JSON) SELECT max(total) FROM customers, orders',
  );
  const { plan, arrangements } = JSON.parse(text) as {
    plan: { nodes: unknown[] };
    arrangements: { node: number | null; reuses?: { kind?: string } }[];
  };
  expect(new Set(arrangements.map(({ node }) => node))).toEqual(new Set(plan.nodes.keys()));
  expect(arrangements[0]!.reuses!.kind).toBe('own');
  expect(JSON.parse(await explain('EXPLAIN OPTIMIZED PLAN AS JSON FOR SELECT 1'))).toHaveProperty('columns');
});

test('what a materialized view holds, alone and with others', async () => {
  await client.query('INSERT INTO customers SELECT g, $$c$$ || g FROM generate_series(1, 100) AS g');
  await client.query('INSERT INTO orders SELECT g, g % 100 + 1, g FROM generate_series(1, 2000) AS g');
  await client.query(
    `CREATE MATERIALIZED VIEW held AS SELECT name, sum(total) AS total FROM (${JOIN}) AS j GROUP BY name`,
  );
  const memory = async (): Promise<{
    rows: number;
    bytes: number;
    total: number;
    shared: { rows: number; bytes: number }[];
  }> => JSON.parse(await explain('EXPLAIN MEMORY PLAN AS JSON FOR MATERIALIZED VIEW held')) as never;
  const before = await memory();
  expect(before.rows).toBe(100);
  expect(before.shared).toMatchObject([
    { relation: 'public.orders', key: ['customer_id'], rows: 2000, users: ['public.b', 'public.held'] },
  ]);
  expect(before.bytes).toBeGreaterThan(1000);
  expect(before.total).toBe(before.bytes + before.shared[0]!.bytes);
  await client.query('INSERT INTO customers SELECT g, $$c$$ || g FROM generate_series(101, 1000) AS g');
  await client.query('INSERT INTO orders SELECT g, g % 1000 + 1, g FROM generate_series(2001, 4000) AS g');
  const after = await memory();
  expect(after.rows).toBeGreaterThan(900);
  expect(after.bytes).toBeGreaterThan(3 * before.bytes);
  expect(after.shared[0]!.bytes).toBeGreaterThan(1.5 * before.shared[0]!.bytes);
  expect(await explain('EXPLAIN MEMORY PLAN FOR MATERIALIZED VIEW held')).toMatch(
    /^public\.held: \d+ rows; .*\n.*\ntogether: /,
  );
  await expect(explain('EXPLAIN MEMORY PLAN FOR SELECT 1')).rejects.toMatchObject({ code: '0A000' });
});

test('window functions say that they recompute partitions', async () => {
  expect(await explain('EXPLAIN SELECT sum(total) OVER (PARTITION BY customer_id) FROM orders')).toContain(
    'window (recomputes partitions)',
  );
});

test('options and stages that do not go together are refused', async () => {
  await expect(explain('EXPLAIN OPTIMIZED PLAN WITH (ARRANGEMENTS) FOR SELECT 1')).rejects.toMatchObject({
    code: '22023',
    message: 'EXPLAIN option ARRANGEMENTS requires the physical plan',
  });
  await expect(explain('EXPLAIN WITH (BUFFERS) SELECT 1')).rejects.toMatchObject({ code: '0A000' });
  await expect(explain('EXPLAIN OPTIMIZED PLAN SELECT 1')).rejects.toMatchObject({ code: '42601' });
});

test('SUMMARY says how long planning took', async () => {
  const lines = (await explain('EXPLAIN (SUMMARY) SELECT sum(total) FROM orders')).split('\n');
  expect(lines.at(-1)).toMatch(/^Planning Time: \d+\.\d{3} ms$/);
  expect(await explain('EXPLAIN (SUMMARY off) SELECT 1')).not.toContain('Planning Time');
  await expect(explain('EXPLAIN (SUMMARY, FORMAT JSON) SELECT 1')).rejects.toMatchObject({ code: '0A000' });
});

test('plans of statements with parameters: values are bound or given, and read', async () => {
  const sql = 'EXPLAIN SELECT name FROM customers WHERE id = $1';
  const plan = 'lookup in arrangement public.customers[id]: ($1)';
  const bound = await client.query<{ 'QUERY PLAN': string }>(sql, ['1']);
  expect(bound.rows[0]!['QUERY PLAN']).toContain(plan);
  expect(bound.command).toBe('EXPLAIN');
  await expect(client.query(sql, ['one'])).rejects.toMatchObject({ code: '22P02' });
  await expect(client.query(sql)).rejects.toMatchObject({ code: '42P02', position: '47' });
  expect(await explain(sql.replace('EXPLAIN', 'EXPLAIN (GENERIC_PLAN)'))).toContain(plan);

  await client.query('PREPARE named AS SELECT name FROM customers WHERE id = $1');
  expect(await explain('EXPLAIN EXECUTE named(1)')).toContain(plan);
  expect(await explain('EXPLAIN (GENERIC_PLAN) EXECUTE named(1)')).toContain(plan);
  expect(await explain('EXPLAIN OPTIMIZED PLAN FOR EXECUTE named(1 + 1)')).toContain('$1');
  await expect(explain("EXPLAIN EXECUTE named('x')")).rejects.toMatchObject({
    code: '22P02',
    position: '23',
  });
  await expect(explain('EXPLAIN EXECUTE named(1, 2)')).rejects.toMatchObject({ code: '42601' });
  await expect(explain('EXPLAIN EXECUTE nothing(1)')).rejects.toMatchObject({ code: '26000' });
});

test('EXECUTE takes no values from Bind', async () => {
  const wrong = client.query({ text: 'EXECUTE named($1)', values: ['1'] });
  await expect(wrong).rejects.toMatchObject({ code: '08P01' });
});

test('a write that is explained writes nothing', async () => {
  await client.query('PREPARE adds AS INSERT INTO customers VALUES ($1, $2)');
  expect(await explain("EXPLAIN EXECUTE adds(-1, 'nobody')")).toContain('write insert');
  expect((await client.query('SELECT * FROM customers WHERE id = -1')).rows).toEqual([]);
});

test('trees in JSON have what the stage is, not what was noted of them', async () => {
  for (const stage of ['RAW', 'DECORRELATED', 'OPTIMIZED', 'PHYSICAL']) {
    const text = await explain(`EXPLAIN ${stage} PLAN AS JSON FOR SELECT name FROM customers WHERE id > 1`);
    expect(JSON.parse(text)).toBeTypeOf('object');
    expect(text).not.toContain('"notes"');
  }
});

test('a function whose opcode ends as an operator does is shown as a call', async () => {
  await client.query('CREATE TABLE visits (at timestamptz, address inet, page text)');
  const text = await explain(
    `EXPLAIN SELECT at AT TIME ZONE 'UTC', address << '10.0.0.0/8', page ~ 'x', page <> 'y' FROM visits`,
  );
  for (const part of ["timestamptz_zone('UTC', #0)", 'network_sub(', "textregexeq(#2, 'x')", "(#2 <> 'y')"])
    expect(text).toContain(part);
});
