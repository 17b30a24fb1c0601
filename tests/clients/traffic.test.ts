/**
 * What real clients send, captured: each statement is answered, or refused by name. What a driver needs to connect is
 * answered. A statement that nobody can answer yet never hangs and is never an internal error.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../support/root.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const folder = join(projectRoot, 'tests/fixtures/client-traffic');
/** Milliseconds that one statement may take. */
const PATIENCE = 10_000;
/** What a client that looks at objects of its own, or goes on after an error, brings upon itself here. */
const EXPECTED = [
  ...['0A000', '42P01', '34000', '25P01', '25P02'],
  // `app.f`, a function of the captured database.
  '42883',
];

/** A function of PostgreSQL's that gives composite values. */
const MISSING = /^42883 function information_schema\._pg_expandarray/;

let server: Tidewire;

beforeAll(async () => {
  server = await startTidewire();
});
afterAll(() => server?.stop());

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
      if (result === 'ok' || MISSING.test(result)) continue;
      expect(EXPECTED, `${result}\n${sql}`).toContain(result.slice(0, 5));
      // A relation of PostgreSQL's catalog that is not there is refused as such.
      expect(result, sql).not.toMatch(/^42P01 relation "(pg_|information_schema\.)/);
      if (result.startsWith('25P02')) await client.query('ROLLBACK');
    }
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await client.end();
  });
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
