/** The generated rows are PostgreSQL's own, and the families name each function once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type pg from 'pg';
import { castRows, operatorRows, procRows, typeRows } from '../../sql/functions/catalog.generated.ts';
import { families } from '../../sql/functions/families.ts';
import { ownFunctions } from '../../sql/functions/own-functions.ts';
import { functionByOid, functions, operators, usedOpcodes } from '../../sql/functions/table.ts';
import { type Postgres, startPostgres } from '../support/postgres.ts';

let postgres: Postgres;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgres.connect();
}, 60_000);

afterAll(async () => {
  await client?.end();
  await postgres?.stop();
});

async function lines(text: string): Promise<string[]> {
  const { rows } = await client.query<[string]>({ text, rowMode: 'array' });
  return rows.map(([line]) => line);
}

test('types', async () => {
  const theirs = await lines(
    `SELECT concat_ws(' ', oid, typname, typlen, typcategory, typispreferred::int, typarray, typcollation) FROM pg_type`,
  );
  const ours = typeRows.map((type) =>
    [
      type.oid,
      type.name,
      type.length,
      type.category,
      Number(type.preferred),
      type.array,
      type.collation,
    ].join(' '),
  );
  expect(theirs).toEqual(expect.arrayContaining(ours));
});

test('functions', async () => {
  const theirs = await lines(
    `SELECT concat_ws(' ', p.oid, proname, pronargs, prorettype::regtype, proisstrict::int, provolatile) FROM pg_proc p`,
  );
  const display = new Map(typeRows.map((type) => [type.name, type.display]));
  const ours = procRows.map(([oid, name, argumentTypes, result, , strict, volatility]) => {
    const count = argumentTypes === '' ? 0 : argumentTypes.split(' ').length;
    return [oid, name, count, display.get(result), strict, volatility].join(' ');
  });
  const known = new Set(theirs);
  expect(ours.filter((line) => !known.has(line))).toEqual([]);
});

test('operators', async () => {
  const theirs = await lines(
    `SELECT concat_ws(' ', oid, oprname, oprcode::oid, oprcom, oprnegate) FROM pg_operator`,
  );
  const ours = operatorRows.map(([oid, name, , , , proc, commutator, negator]) =>
    [oid, name, proc, commutator, negator].join(' '),
  );
  expect(theirs).toEqual(expect.arrayContaining(ours));
});

test('casts', async () => {
  const theirs = await lines(`SELECT concat_ws(' ', castfunc, castcontext, castmethod, s.typname, t.typname)
    FROM pg_cast JOIN pg_type s ON s.oid = castsource JOIN pg_type t ON t.oid = casttarget`);
  const ours = castRows.map(([, source, target, proc, context, method]) =>
    [proc, context, method, source, target].join(' '),
  );
  expect(theirs).toEqual(expect.arrayContaining(ours));
});

test('each opcode stands in one family and belongs to some function', () => {
  const named = families.flatMap((family) => [...family.total, ...family.fallible]);
  expect(named.filter((opcode, i) => named.indexOf(opcode) !== i)).toEqual([]);
  const used = new Set([...functions, ...ownFunctions].map((entry) => entry.opcode));
  expect(named.filter((opcode) => !used.has(opcode))).toEqual([]);
  expect(usedOpcodes()).toHaveLength(named.length);
});

test('every operator has a function that can be evaluated', () => {
  const without = operators.filter((entry) => !entry.function.native && entry.function.body === null);
  expect(without.map((entry) => entry.oid)).toEqual([]);
  expect(functionByOid(177).opcode).toBe('int4pl');
});
