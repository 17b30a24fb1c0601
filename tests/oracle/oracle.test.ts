/**
 * 2,000 view-checks against PostgreSQL with fixed seeds: the view, the one-shot query and the fold of a SUBSCRIBE
 * after each transaction. `npm run oracle -- --seed N` replays one, made smaller; `--endless` goes on.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type Postgres } from '../support/postgres.ts';
import { startTidewire, type Tidewire } from '../support/tidewire.ts';
import { generateCase, runCase, script, type Systems } from './harness.ts';

const CHECKS = 2000;
const FIRST_SEED = 1;

let postgres: Postgres;
let tidewire: Tidewire;
let systems: Systems;

beforeAll(async () => {
  postgres = await startPostgres();
  tidewire = await startTidewire();
  systems = {
    postgres: await postgres.connect(),
    tidewire: await tidewire.connect(),
    connect: () => tidewire.connect(),
    self: false,
  };
});

afterAll(async () => {
  await tidewire?.stop();
  await postgres?.stop();
});

test(`${CHECKS} view-checks agree with PostgreSQL`, { timeout: 300_000 }, async () => {
  let [checks, nonEmpty, views, changing, refused] = [0, 0, 0, 0, 0];
  for (let seed = FIRST_SEED; checks < CHECKS; seed++) {
    const generated = generateCase(seed);
    const outcome = await runCase(systems, generated);
    expect(outcome.failure && script(generated, outcome.failure)).toBeNull();
    checks += outcome.checks;
    nonEmpty += outcome.nonEmpty;
    views += outcome.views;
    changing += outcome.changing;
    refused += outcome.refusedByPostgres;
  }
  console.log(
    `oracle: ${checks} view-checks, ${Math.round((100 * nonEmpty) / checks)} % of the results not empty, ` +
      `${Math.round((100 * changing) / views)} % of ${views} views changed, ${refused} queries refused by PostgreSQL`,
  );
  // An idle generator would pass everything.
  expect(nonEmpty / checks).toBeGreaterThan(0.5);
  expect(changing / views).toBeGreaterThan(0.4);
  expect(refused / (views + refused)).toBeLessThanOrEqual(0.02);
});
