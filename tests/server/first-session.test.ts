/** A user's first hour, over the real wire: every statement kind once, against the built server. */
import { spawnSync } from 'node:child_process';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { errorRaisedBy, rowsOf } from '../support/answers.ts';
import { describeWith, psqlMissing } from '../support/left-out.ts';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
});

const rows = (sql: string, values: unknown[] = []): Promise<unknown[][]> => rowsOf(client, sql, values);

const errorOf = (sql: string): Promise<pg.DatabaseError> => errorRaisedBy(client, sql);

function psql(...args: string[]): string {
  const result = spawnSync(
    'psql',
    ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'tidewire', 'tidewire', '-X', ...args],
    {
      encoding: 'utf8',
      env: { ...process.env, PAGER: '' },
      timeout: 30_000,
    },
  );
  return result.stdout + result.stderr;
}

test('a constant needs no table', async () => {
  expect(await rows("SELECT 1 + 1, 'a' || 'b', NULL::int, 1.50 * 2, date '2024-02-28' + 2")).toEqual([
    [2, 'ab', null, '3.00', expect.any(Date)],
  ]);
});

test('a table, a view and a materialized view stay up to date', async () => {
  await client.query(
    'CREATE TABLE orders (id int PRIMARY KEY, city text NOT NULL, amount numeric NOT NULL DEFAULT 1.5)',
  );
  await client.query('CREATE VIEW large AS SELECT * FROM orders WHERE amount > 10');
  await client.query(
    'CREATE MATERIALIZED VIEW sales AS SELECT city, count(*) AS n, sum(amount) AS total FROM orders GROUP BY city',
  );
  await client.query("INSERT INTO orders VALUES (1, 'Lisbon', 12.50), (2, 'Oslo', 7), (3, 'Lisbon', 30)");
  await client.query("INSERT INTO orders (id, city) VALUES (4, 'Oslo')");
  expect(await rows('SELECT * FROM sales ORDER BY city')).toEqual([
    ['Lisbon', '2', '42.50'],
    ['Oslo', '2', '8.5'],
  ]);
  expect(await rows('SELECT id FROM large ORDER BY id')).toEqual([[1], [3]]);
  await client.query('UPDATE orders SET amount = 100 WHERE id = 2');
  await client.query('DELETE FROM orders WHERE id = 1');
  expect(await rows('SELECT * FROM sales ORDER BY city')).toEqual([
    ['Lisbon', '1', '30'],
    ['Oslo', '2', '101.5'],
  ]);
  expect(await rows('SELECT amount FROM orders WHERE id = $1', [2])).toEqual([['100']]);
});

test('constraints and mistakes are PostgreSQL errors', async () => {
  expect(await errorOf("INSERT INTO orders VALUES (2, 'Rome', 1)")).toMatchObject({ code: '23505' });
  expect(await errorOf('INSERT INTO orders (id) VALUES (9)')).toMatchObject({ code: '23502' });
  expect(await errorOf('SELECT nothing FROM orders')).toMatchObject({ code: '42703', position: '8' });
  expect(await errorOf('SELECT * FROM ordres')).toMatchObject({ code: '42P01' });
  expect(await errorOf('SELEC 1')).toMatchObject({ code: '42601', position: '1' });
  expect(await errorOf('SELECT 1/0')).toMatchObject({ code: '22012' });
  expect(await rows('SELECT count(*) FROM orders')).toEqual([['3']]);
});

test('an error in a view is data: it goes when the row goes', async () => {
  await client.query('CREATE TABLE ratios (a int, b int)');
  await client.query('CREATE MATERIALIZED VIEW quotients AS SELECT a / b AS q FROM ratios');
  await client.query('INSERT INTO ratios VALUES (6, 3), (1, 0)');
  expect(await errorOf('SELECT * FROM quotients')).toMatchObject({ code: '22012' });
  await client.query('DELETE FROM ratios WHERE b = 0');
  expect(await rows('SELECT * FROM quotients')).toEqual([[2]]);
});

test('joins, set operations and subqueries, in views and one-shot alike', async () => {
  await client.query(
    "CREATE TABLE cities (name text, country text); INSERT INTO cities VALUES ('Lisbon', 'PT'), ('Rome', 'IT')",
  );
  const query = `SELECT o.id, c.country FROM orders o FULL JOIN cities c ON c.name = o.city`;
  await client.query(`CREATE MATERIALIZED VIEW joined AS ${query}`);
  const expected = [
    [2, null],
    [3, 'PT'],
    [4, null],
    [null, 'IT'],
  ];
  expect(await rows(`${query} ORDER BY 1, 2`)).toEqual(expected);
  expect(await rows('SELECT * FROM joined ORDER BY 1, 2')).toEqual(expected);
  expect(await rows('SELECT city FROM orders EXCEPT SELECT name FROM cities')).toEqual([['Oslo']]);
  expect(await rows('SELECT name FROM cities WHERE name NOT IN (SELECT city FROM orders)')).toEqual([
    ['Rome'],
  ]);
  expect(await rows('SELECT (SELECT max(id) FROM orders) + 1')).toEqual([[5]]);
});

test('transactions see their own writes and others do not', async () => {
  const other = await server.connect();
  await client.query('BEGIN');
  await client.query("INSERT INTO orders VALUES (50, 'Bonn', 5)");
  expect(await rows("SELECT total FROM sales WHERE city = 'Bonn'")).toEqual([['5']]);
  expect((await other.query("SELECT * FROM orders WHERE city = 'Bonn'")).rows).toEqual([]);
  await client.query('ROLLBACK');
  expect(await rows("SELECT * FROM orders WHERE city = 'Bonn'")).toEqual([]);
  await other.end();
});

test('of two transactions that change one row the second gets 40001', async () => {
  const other = await server.connect();
  await client.query('BEGIN');
  await client.query('UPDATE orders SET amount = 1 WHERE id = 3');
  await other.query('UPDATE orders SET amount = 2 WHERE id = 3');
  expect(await errorOf('COMMIT')).toMatchObject({ code: '40001' });
  expect(await rows('SELECT amount FROM orders WHERE id = 3')).toEqual([['2']]);
  await other.end();
});

test('a subscription through a cursor: snapshot, then changes', async () => {
  await client.query('BEGIN');
  await client.query('DECLARE c CURSOR FOR SUBSCRIBE sales');
  const snapshot = await client.query("FETCH ALL FROM c WITH (TIMEOUT = '1s')");
  expect(snapshot.rows.map((row) => [row.tw_diff, row.city])).toEqual(
    expect.arrayContaining([
      ['1', 'Lisbon'],
      ['1', 'Oslo'],
    ]),
  );
  const writer = await server.connect();
  await writer.query("INSERT INTO orders VALUES (60, 'Lima', 1)");
  await writer.end();
  const change = await client.query("FETCH 1 FROM c WITH (TIMEOUT = '10s')");
  expect(change.rows).toMatchObject([{ tw_diff: '1', city: 'Lima', n: '1', total: '1' }]);
  await client.query('COMMIT');
});

describeWith(psqlMissing(), 'psql: COPY', () => {
  test('COPY in and out', async () => {
    expect(psql('-c', 'COPY (SELECT id, city FROM orders ORDER BY id LIMIT 2) TO STDOUT')).toBe(
      '2\tOslo\n3\tLisbon\n',
    );
    const csv = spawnSync(
      'psql',
      [
        '-h',
        '127.0.0.1',
        '-p',
        String(server.port),
        '-U',
        'tidewire',
        'tidewire',
        '-X',
        '-c',
        'COPY cities FROM STDIN WITH (FORMAT csv)',
      ],
      {
        encoding: 'utf8',
        input: 'Quito,EC\n"Saint, Denis",\n',
        timeout: 30_000,
      },
    );
    expect(csv.stdout).toBe('COPY 2\n');
    expect(
      await rows("SELECT name, country FROM cities WHERE country IS NULL OR country = 'EC' ORDER BY name"),
    ).toEqual([
      ['Quito', 'EC'],
      ['Saint, Denis', null],
    ]);
  });
});

test('top-k, windows of time and DISTINCT in views', async () => {
  await client.query('CREATE TABLE bids (at timestamp, price int8)');
  await client.query('CREATE MATERIALIZED VIEW best AS SELECT price FROM bids ORDER BY price DESC LIMIT 2');
  await client.query(
    "CREATE MATERIALIZED VIEW windows AS SELECT window_start, count(*) AS n FROM TUMBLE(bids, at, INTERVAL '10 seconds') GROUP BY window_start",
  );
  await client.query(
    "INSERT INTO bids VALUES ('2024-01-01 00:00:01', 5), ('2024-01-01 00:00:09', 9), ('2024-01-01 00:00:10', 7)",
  );
  expect(await rows('SELECT * FROM best ORDER BY 1')).toEqual([['7'], ['9']]);
  expect(await rows('SELECT window_start::text, n FROM windows ORDER BY 1')).toEqual([
    ['2024-01-01 00:00:00', '2'],
    ['2024-01-01 00:00:10', '1'],
  ]);
  await client.query('DELETE FROM bids WHERE price = 9');
  expect(await rows('SELECT * FROM best ORDER BY 1')).toEqual([['5'], ['7']]);
});

describeWith(psqlMissing(), 'psql: lists', () => {
  test("psql's lists", () => {
    expect(psql('-c', '\\d')).toContain('sales');
    expect(psql('-c', '\\dt')).toMatch(/public \| orders +\| table/);
    expect(psql('-c', '\\dv')).toMatch(/public \| large +\| view/);
    expect(psql('-c', '\\dm')).toMatch(/public \| sales +\| materialized view/);
    expect(psql('-c', '\\di')).toMatch(/public \| orders_pkey +\| index/);
    expect(psql('-c', '\\dn')).toMatch(/public/);
  });
});

test('EXPLAIN, SHOW and DROP', async () => {
  expect((await rows('EXPLAIN SELECT city FROM orders WHERE id = 3')).length).toBeGreaterThan(0);
  expect((await rows('EXPLAIN OPTIMIZED PLAN FOR MATERIALIZED VIEW sales')).length).toBeGreaterThan(0);
  expect((await rows('SHOW MATERIALIZED VIEWS')).flat()).toContain('sales');
  expect((await rows('SHOW CREATE VIEW large'))[0]?.[1]).toMatch(/^CREATE VIEW large/);
  await client.query('CREATE INDEX by_city ON orders (city)');
  expect(await rows("SELECT id FROM orders WHERE city = 'Oslo' ORDER BY id")).toEqual([[2], [4]]);
  expect(await errorOf('DROP TABLE orders')).toMatchObject({ code: '2BP01' });
  await client.query('DROP TABLE orders CASCADE');
  expect(await errorOf('SELECT * FROM sales')).toMatchObject({ code: '42P01' });
  await client.query('DROP TABLE IF EXISTS orders');
});
