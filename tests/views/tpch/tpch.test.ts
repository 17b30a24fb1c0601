/** TPC-H's 22 queries as views over tables that change, right after every transaction. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TPCH } from '../../plans/tpch/queries.ts';
import { BesidePostgres } from '../beside-postgres.ts';
import { TpchData } from './data.ts';
import { createTables } from './schema.ts';

const QUERIES = Object.entries(TPCH).map(([name, sql]) => ({ name, sql }));
const STEPS = 14;

let systems: BesidePostgres;
const data = new TpchData(19);

beforeAll(async () => {
  systems = await BesidePostgres.start();
  await systems.both(createTables());
});

afterAll(async () => {
  await systems?.stop();
});

test('views made before the data', async () => {
  await systems.createViews(QUERIES, 'before');
  expect(await systems.differences(false)).toEqual({});
  await systems.both(data.base());
  expect(await systems.differences(false)).toEqual({});
  for (let step = 0; step < 4; step += 1) {
    await systems.both(Array.from({ length: 20 }, () => data.order()).flat());
    expect(await systems.differences(false), `after ${20 * (step + 1)} orders`).toEqual({});
  }
});

test('views made after the data, and both while rows change', async () => {
  await systems.createViews(QUERIES, 'after');
  expect(await systems.differences(true)).toEqual({});
  for (let step = 0; step < STEPS; step += 1) {
    await systems.both(data.changes());
    expect(await systems.differences(step === STEPS - 1), `after change ${step}`).toEqual({});
  }
  // Else the queries would prove little.
  const idle = QUERIES.filter(
    ({ name }) => systems.most.get(name) === 0 || (systems.changes.get(name) ?? 0) < 4,
  );
  expect(idle.map(({ name }) => name)).toEqual([]);
});

test('all rows go', async () => {
  await systems.both(['DELETE FROM lineitem', 'DELETE FROM orders']);
  expect(await systems.differences(false)).toEqual({});
  await systems.both([
    'DELETE FROM partsupp',
    'DELETE FROM customer',
    'DELETE FROM supplier',
    'DELETE FROM part',
  ]);
  expect(await systems.differences(false)).toEqual({});
});
