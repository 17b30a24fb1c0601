/**
 * Overload resolution against a real PostgreSQL 18: operators, functions, casts and common types over random pairs of
 * our types and untyped NULLs must give the same name and type, or the same error at the same place.
 */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bindQuery } from '../../sql/bind/bind.ts';
import { SqlError } from '../../sql/error.ts';
import { functions, operators } from '../../sql/functions/table.ts';
import { types, typeOid } from '../../sql/types/table.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';
import { environmentFor, makeCatalog, statementOf } from './fixture.ts';

const SAMPLE = 6000;

/** Not arrays of what does not compare: PostgreSQL finds that out when there are values to compare, we when we bind. */
const columnTypes = types
  .filter((type) => ['b', 'r', 'm'].includes(type.kind) && !/^_?reg|^_json(path)?$/.test(type.name))
  .map((type) => type.display);
const table = `CREATE TABLE z (${columnTypes.map((type, i) => `c${i} ${type}`).join(', ')})`;
/** PostgreSQL 18 casts between bytea and integers, which we do not have. */
const bytea = `c${columnTypes.indexOf('bytea')}`;
const operands = [...columnTypes.map((_, i) => `c${i}`), 'NULL'];

/** Names whose overloads for types that we lack (tsvector, timetz) take part in PostgreSQL's choice. */
const otherwise = new Set([
  '->',
  '->>',
  '@>',
  '<@',
  '#',
  '@@',
  'timezone',
  'get_bit',
  'bit_count',
  'timestamptz',
  'age',
  'trunc',
]);
/** Functions that are reached as operators and aggregates' helpers, and those that are not ours to evaluate. */
const opcodes = new Set(functions.map((entry) => entry.opcode));
const named = functions.filter(
  (entry) =>
    !otherwise.has(entry.name) &&
    !opcodes.has(entry.name) &&
    (entry.native || entry.kind === 'aggregate') &&
    entry.volatility !== 'volatile',
);

/** A generator of numbers below `below`, the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function expressions(): string[] {
  const next = numbers(20260101);
  const pick = <T>(all: readonly T[]): T => all[next(all.length)]!;
  const operand = (): string => pick(operands);
  const symbols = [...new Set(operators.map((entry) => entry.name))].filter((name) => !otherwise.has(name));
  const makers: (() => string)[] = [
    () => `${operand()} ${pick(symbols)} ${operand()}`,
    () => `${pick(['-', '+', '@', '~', '|/'])} ${operand()}`,
    () => {
      const entry = pick(named);
      return `${entry.name === 'position' ? 'strpos' : `pg_catalog.${JSON.stringify(entry.name)}`}(${entry.arguments.map(operand).join(', ')})`;
    },
    () =>
      `CAST(${pick(operands.filter((name) => name !== bytea))} AS ${pick(columnTypes.filter((type) => type !== 'bytea'))})`,
    () => `coalesce(${operand()}, ${operand()})`,
    () => `nullif(${operand()}, ${operand()})`,
    () => `${operand()} IN (${operand()}, NULL)`,
    () => `CASE ${operand()} WHEN ${operand()} THEN ${operand()} ELSE ${operand()} END`,
    () => `${operand()} IS DISTINCT FROM ${operand()}`,
    () => `${operand()} BETWEEN ${operand()} AND NULL`,
    () => `greatest(${operand()}, ${operand()}, ${operand()})`,
    () => `${operand()} IN (SELECT ${operand()} FROM z)`,
  ];
  return Array.from({ length: SAMPLE }, () => pick(makers)());
}

let postgres: Postgres;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgres.connect();
  await client.query(table);
}, 60_000);

afterAll(async () => {
  await client?.end();
  await postgres?.stop();
});

test('overloads are chosen as PostgreSQL chooses them', async () => {
  const catalog = makeCatalog(table);
  const differences: string[] = [];
  let accepted = 0;
  for (const expression of expressions()) {
    const text = `SELECT ${expression} FROM z`;
    let theirs: string;
    try {
      const { fields } = await client.query({ text, rowMode: 'array' });
      theirs = `${fields[0]!.name} ${fields[0]!.dataTypeID}`;
      accepted++;
    } catch (error) {
      const { code, message, position } = error as { code: string; message: string; position: string };
      theirs = `${code} at ${position}: ${message}`;
    }
    let ours: string;
    try {
      const [column] = bindQuery(statementOf(text).node, environmentFor(text, catalog)).columns;
      ours = `${column!.name} ${typeOid(column!.type.name)}`;
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      ours = `${error.sqlstate} at ${error.position}: ${error.message}`;
    }
    if (ours !== theirs) differences.push(`${text}\n  PostgreSQL: ${theirs}\n  ours: ${ours}`);
  }
  expect(differences).toEqual([]);
  expect(accepted).toBeGreaterThan(SAMPLE / 20);
}, 60_000);
