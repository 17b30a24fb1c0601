/**
 * `npm run bench -- one-shot`: queries over tables of a million and a hundred thousand rows, no view or index made for them,
 * in Tidewire and in PostgreSQL in turn, each answer compared. Then how long a cross product runs on after it was cancelled.
 *
 *     --rows 1000000
 *     --runs 5
 *     --markdown
 */
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { startPostgres } from '../support/postgres.ts';
import { startTidewire } from '../support/tidewire.ts';
import { parseOptions } from './options.ts';
import { POSTGRES_SETTINGS } from './postgres.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { median, thousands } from './statistics.ts';

const options = parseOptions(process.argv.slice(2), ['rows', 'runs', 'markdown']);
const rows = Math.round(options.number('rows', 1_000_000));
const runs = Math.round(options.number('runs', 5));

const PRODUCTS = 100_000;
const SETUP = [
  'CREATE TABLE products (id int8 PRIMARY KEY, category int8, price int8)',
  'CREATE TABLE orders (number int8 PRIMARY KEY, product int8, amount int8, note text)',
  `INSERT INTO products SELECT i, i % 1000, 1 + i % 97 FROM generate_series(0, ${PRODUCTS - 1}) AS i`,
  `INSERT INTO orders SELECT i, i::int8 * 7919 % ${PRODUCTS}, i % 10, 'order ' || i FROM generate_series(1, ${rows}) AS i`,
];

const QUERIES: Readonly<Record<string, string>> = {
  'count all': 'SELECT count(*) FROM orders',
  'filter, count and sum': 'SELECT count(*), sum(amount) FROM orders WHERE amount % 7 = 3',
  LIKE: "SELECT count(*) FROM orders WHERE note LIKE '%99%'",
  'ten groups': 'SELECT amount, count(*), sum(number) FROM orders GROUP BY amount',
  'a group for each product':
    'SELECT count(*), max(s) FROM (SELECT product, sum(amount) AS s FROM orders GROUP BY product) AS g',
  'distinct values': 'SELECT count(DISTINCT product) FROM orders',
  'join, count': 'SELECT count(*) FROM orders o JOIN products p ON o.product = p.id WHERE p.price > 50',
  'join, a thousand groups': `SELECT p.category, count(*), sum(o.amount * p.price)
    FROM orders o JOIN products p ON o.product = p.id GROUP BY p.category`,
  'self join': 'SELECT count(*) FROM orders a JOIN orders b ON a.product = b.product AND a.number < b.number',
  EXISTS:
    'SELECT count(*) FROM products p WHERE EXISTS (SELECT FROM orders o WHERE o.product = p.id AND o.amount = 3)',
  'first ten': 'SELECT * FROM orders ORDER BY amount DESC, note LIMIT 10',
  'latest of each product':
    'SELECT count(*), sum(number) FROM (SELECT DISTINCT ON (product) * FROM orders ORDER BY product, number DESC) AS l',
  'rows of maxima':
    'SELECT count(*) FROM orders WHERE (product, number) IN (SELECT product, max(number) FROM orders GROUP BY product)',
  'row numbers':
    'SELECT max(n) FROM (SELECT row_number() OVER (PARTITION BY product ORDER BY number) AS n FROM orders) AS w',
};

/** Rows, in any order, and how long they took. */
async function timed(client: pg.Client, sql: string): Promise<{ answer: string; milliseconds: number }> {
  const start = performance.now();
  const { rows: found } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  const milliseconds = performance.now() - start;
  return {
    milliseconds,
    answer: found
      .map((row) => JSON.stringify(row))
      .toSorted()
      .join('\n'),
  };
}

/** Milliseconds from the request to cancel until the statement has ended. */
async function cancelled(client: pg.Client, other: pg.Client): Promise<number> {
  const { rows: own } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const running = client.query('SELECT count(*) FROM orders a, orders b WHERE a.number + b.number < 0').then(
    () => {
      throw new Error('bench: the cross product came to an end');
    },
    (error: pg.DatabaseError) => {
      if (error.code !== '57014') throw error;
    },
  );
  await wait(1500);
  const start = performance.now();
  await other.query('SELECT pg_cancel_backend($1)', [own[0]!.pid]);
  await running;
  return performance.now() - start;
}

const tidewire = await startTidewire({});
const postgres = await startPostgres(POSTGRES_SETTINGS);
try {
  const ours = await tidewire.connect();
  const theirs = await postgres.connect();
  for (const sql of SETUP) for (const client of [ours, theirs]) await client.query(sql);
  await theirs.query('VACUUM ANALYZE');
  const lines = [['', 'Tidewire, ms', 'PostgreSQL, ms', 'ratio']];
  for (const [name, sql] of Object.entries(QUERIES)) {
    const times: [number[], number[]] = [[], []];
    for (let run = 0; run < runs; run++) {
      const own = await timed(ours, sql);
      const other = await timed(theirs, sql);
      if (own.answer !== other.answer) throw new Error(`bench: ${name}: the answers differ`);
      times[0].push(own.milliseconds);
      times[1].push(other.milliseconds);
    }
    const [own, other] = times.map(median) as [number, number];
    lines.push([name, own.toFixed(0), other.toFixed(0), (own / other).toFixed(2)]);
    process.stderr.write(`${name}\n`);
  }
  const ends: [number[], number[]] = [[], []];
  for (const [index, server] of [tidewire, postgres].entries()) {
    const [client, other] = [await server.connect(), await server.connect()];
    for (let run = 0; run < runs; run++) ends[index]!.push(await cancelled(client, other));
    await client.end();
    await other.end();
  }
  const [own, other] = ends.map(median) as [number, number];
  lines.push(['until a cross product is cancelled', own.toFixed(1), other.toFixed(1), '']);
  process.stdout.write(`${table(lines, options.flag('markdown'))}\n\n`);
  process.stdout.write(
    `${circumstances(['PostgreSQL 18.4 (2 parallel workers a query)'])}. ${thousands(rows)} orders, ${thousands(PRODUCTS)} products; medians of ${runs} runs in turn.\n`,
  );
  const warning = loadWarning();
  if (warning !== null) process.stdout.write(`Note: ${warning}.\n`);
  await ours.end();
  await theirs.end();
} finally {
  await tidewire.stop();
  await postgres.stop();
}
