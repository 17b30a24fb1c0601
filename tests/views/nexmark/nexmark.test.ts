/** Nexmark's queries as views over tables that change, right after every transaction. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BesidePostgres } from '../beside-postgres.ts';
import { NexmarkData } from './data.ts';
import { NEXMARK, SCHEMA } from './queries.ts';

const STEPS = 14;

let systems: BesidePostgres;
const data = new NexmarkData(7);

beforeAll(async () => {
  systems = await BesidePostgres.start(2);
  await systems.both(SCHEMA);
});

afterAll(async () => {
  await systems?.stop();
});

test('views made before the data, as events come', async () => {
  await systems.createViews(NEXMARK, 'before');
  expect(await systems.differences(false)).toEqual({});
  await systems.both(data.side());
  for (const count of [1, 30, 100, 200]) {
    await systems.both(data.events(count));
    expect(await systems.differences(false), `after ${count} events`).toEqual({});
  }
});

test('views made after the data, and both while rows change', async () => {
  await systems.createViews(NEXMARK, 'after');
  expect(await systems.differences(true)).toEqual({});
  for (let step = 0; step < STEPS; step += 1) {
    await systems.both(step % 4 === 3 ? data.events(40) : data.changes());
    expect(await systems.differences(step === STEPS - 1), `after change ${step}`).toEqual({});
  }
  const idle = NEXMARK.filter(
    ({ name }) => systems.most.get(name) === 0 || (systems.changes.get(name) ?? 0) < 4,
  );
  expect(idle.map(({ name }) => name)).toEqual([]);
});

test('all rows go', async () => {
  await systems.both(['DELETE FROM bid']);
  expect(await systems.differences(false)).toEqual({});
});
