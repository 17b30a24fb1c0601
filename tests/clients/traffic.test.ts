/**
 * What real clients send, captured: each statement is answered, or refused by name. What a driver needs to connect is
 * answered. A statement that nobody can answer yet never hangs and is never an internal error.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import { projectRoot } from '../support/root.ts';
import { testServer } from '../support/test-server.ts';

const folder = join(projectRoot, 'tests/fixtures/client-traffic');
/** Milliseconds that one statement may take. */
const PATIENCE = 10_000;
/** What a client that looks at objects of its own, or goes on after an error, brings upon itself here. */
const EXPECTED = [
  ...['0A000', '42P01', '34000', '25P01', '25P02'],
  // `app.f`, a function of the captured database.
  '42883',
];

const server = testServer();

function statements(file: string): string[] {
  const text = readFileSync(join(folder, file), 'utf8');
  return [...text.matchAll(/^-- statement[^\n]*\n([\s\S]*?)\n;$/gm)].map((match) => match[1]!);
}

async function answer(client: pg.Client, sql: string): Promise<string> {
  const parameters = [...sql.matchAll(/\$(\d+)/g)].map((match) => Number(match[1]));
  const values =
    parameters.length > 0 ? Array.from({ length: Math.max(...parameters) }, () => null) : undefined;
  try {
    await client.query({ text: sql, values });
    return 'ok';
  } catch (error) {
    const { code, message } = error as pg.DatabaseError;
    return `${code ?? 'lost'} ${message}`;
  }
}

describe.each(readdirSync(folder).filter((name) => name.endsWith('.sql')))('%s', (file) => {
  test('each statement is answered or refused by name', async () => {
    const client = await server.connect({ statement_timeout: PATIENCE });
    for (const sql of statements(file)) {
      const result = await answer(client, sql);
      if (result === 'ok') continue;
      expect(EXPECTED, `${result}\n${sql}`).toContain(result.slice(0, 5));
      // A relation of PostgreSQL's catalog that is not there is refused as such.
      expect(result, sql).not.toMatch(/^42P01 relation "(pg_|information_schema\.)/);
      if (result.startsWith('25P02')) await client.query('ROLLBACK');
    }
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await client.end();
  });
});

test('what psql sends is planned in a moment', { timeout: 180_000 }, async () => {
  const client = await server.connect();
  const planning = async (sql: string): Promise<number | null> => {
    try {
      const { rows } = await client.query<[string]>({ text: `EXPLAIN (SUMMARY) ${sql}`, rowMode: 'array' });
      return Number(/Planning Time: ([\d.]+) ms/.exec(rows.at(-1)![0])![1]);
    } catch (error) {
      // What it looks at is not there.
      expect(EXPECTED).toContain((error as pg.DatabaseError).code);
      return null;
    }
  };
  const asked = statements('psql-backslash.sql').filter((sql) => /^SELECT/i.test(sql));
  /** Of each statement the shortest of some runs: other processes only make them longer. */
  const shortest = new Map<string, number>();
  const plain: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const [number, sql] of asked.entries()) {
      if (number % 3 !== 0) continue;
      const time = await planning(sql);
      if (time !== null) shortest.set(sql, Math.min(time, shortest.get(sql) ?? Infinity));
      plain.push((await planning(`SELECT name FROM tw_internal.relations WHERE oid = ${number}`))!);
    }
  }
  await client.end();
  const part = (times: readonly number[], share: number): number =>
    times.toSorted((a, b) => a - b)[Math.floor(times.length * share)]!;
  const times = [...shortest.values()];
  const [p50, p90, yardstick] = [part(times, 0.5), part(times, 0.9), part(plain, 0.1)];
  process.stdout.write(
    `planning of ${times.length} statements of psql: p50 ${p50.toFixed(2)} ms, p90 ${p90.toFixed(2)} ms; ` +
      `of a look-up by key ${yardstick.toFixed(2)} ms\n`,
  );
  // About 2 ms on a machine that does nothing else; of a busy one only the ratio tells something.
  expect(p50 / yardstick).toBeLessThan(60);
});

/** By driver: what it sends before the first statement of its user. */
const AT_CONNECTION: Record<string, string[]> = {
  pgjdbc: [
    'SET extra_float_digits = 3',
    "SET application_name = 'PostgreSQL JDBC Driver'",
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE',
    'SHOW TRANSACTION ISOLATION LEVEL',
    'SELECT current_schema()',
  ],
  'SQLAlchemy over psycopg': [
    'select pg_catalog.version()',
    'select current_schema()',
    'show transaction isolation level',
    'show standard_conforming_strings',
  ],
  'asyncpg, when a connection returns to its pool': [
    'SELECT pg_advisory_unlock_all(); CLOSE ALL; UNLISTEN *; RESET ALL;',
  ],
  psycopg2: ["SET DATESTYLE TO 'ISO'", 'BEGIN; ROLLBACK'],
  'other pools': [
    'DISCARD ALL',
    'SET search_path TO public',
    "SET client_encoding TO 'UTF8'",
    "SET TIME ZONE 'UTC'",
  ],
};

test.each(Object.entries(AT_CONNECTION))('%s connects', async (_driver, texts) => {
  const client = await server.connect();
  for (const text of texts) expect(await answer(client, text), text).toBe('ok');
  await client.end();
});
