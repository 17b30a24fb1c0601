/**
 * Binding against a real PostgreSQL 18, statement by statement: the same column names, types and modifiers, or the same
 * SQLSTATE, message, position, detail and hint. `agree.sql` holds what must be equal, `refused.sql` what PostgreSQL takes
 * and we refuse by name. Tables are empty, so that nothing but analysis can fail.
 */
import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bindQuery, bindWrite } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { typeOid } from '../../sql/types/table.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { environmentFor, makeCatalog, statementOf, TABLES } from './fixture.ts';

const catalog = makeCatalog();
const statements = (file: string): string[] =>
  readFileSync(new URL(file, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'));

let postgres: Postgres;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgres.connect();
  await client.query(TABLES);
}, 60_000);

afterAll(async () => {
  await client?.end();
  await postgres?.stop();
});

interface ErrorFields {
  readonly code?: string;
  readonly sqlstate?: string;
  readonly message: string;
  readonly position?: string | number;
  readonly detail?: string;
  readonly hint?: string;
}

function errorText(error: ErrorFields): string {
  const { message, position = '-', detail = '-', hint = '-' } = error;
  return `${error.sqlstate ?? error.code} at ${position}: ${message} | ${detail} | ${hint}`;
}

/** What PostgreSQL makes of a statement, undone. */
async function theirs(text: string): Promise<string> {
  const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])));
  const values = count === 0 ? undefined : Array.from({ length: count }, () => null);
  await client.query('BEGIN');
  try {
    const { fields } = await client.query({ text, values, rowMode: 'array' });
    return fields.map((field) => `${field.name} ${field.dataTypeID} ${field.dataTypeModifier}`).join(', ');
  } catch (error) {
    return errorText(error as ErrorFields);
  } finally {
    await client.query('ROLLBACK');
  }
}

function ours(text: string): string {
  try {
    const { node, extensions } = statementOf(text);
    const environment = { ...environmentFor(text, catalog), extensions };
    const columns =
      'SelectStmt' in node
        ? bindQuery(node, environment).columns
        : (bindWrite(node, environment).returning ?? []);
    return columns.map(({ name, type }) => `${name} ${typeOid(type.name)} ${type.typmod}`).join(', ');
  } catch (error) {
    if (error instanceof SqlError) return errorText(error);
    throw error;
  }
}

test.each(statements('agree.sql'))('as PostgreSQL: %s', async (text) => {
  expect(ours(text)).toBe(await theirs(text));
});

test.each(statements('refused.sql'))('refused by name: %s', (text) => {
  expect(ours(text)).toMatch(/^0A000 .*(is|are) not supported/);
});
