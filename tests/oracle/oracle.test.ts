/**
 * View-checks against PostgreSQL with fixed seeds, in turn with one worker and with two: the view, the one-shot query,
 * the fold of a SUBSCRIBE and reads of the past after each transaction. `npm run oracle -- --seed N` replays one, made
 * smaller; `--endless` goes on.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type Postgres } from '../support/postgres.ts';
import { startTidewire, type Tidewire } from '../support/tidewire.ts';
import { generateCase, script } from './case.ts';
import { Coverage } from './coverage.ts';
import { runCase, type Systems } from './harness.ts';

const CHECKS = 20_000;
/** Where the machine has much else to do, fewer will do. */
const LONGEST = 240_000;
const FEWEST_CHECKS = 1000;
const FIRST_SEED = 1;
/** Cases that run at once on each server: alone, one waits for its answers half of the time. */
const LANES = 2;

let postgres: Postgres;
const servers: Tidewire[] = [];
const systems: Systems[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  for (const workers of [1, 2]) {
    const tidewire = await startTidewire({ workers });
    servers.push(tidewire);
    for (let lane = 0; lane < LANES; lane++) {
      systems.push({
        postgres: await postgres.connect(),
        tidewire: await tidewire.connect(),
        connect: () => tidewire.connect(),
        self: false,
      });
    }
  }
});

afterAll(async () => {
  for (const tidewire of servers) await tidewire.stop();
  await postgres?.stop();
});

test(`up to ${CHECKS} view-checks agree with PostgreSQL`, { timeout: 2 * LONGEST }, async () => {
  const coverage = new Coverage();
  let [checks, telling, views, refused, past, uncomputed] = [0, 0, 0, 0, 0, 0];
  const until = Date.now() + LONGEST;
  const lane = async (of: Systems, first: number): Promise<void> => {
    for (let seed = first; checks < CHECKS && Date.now() < until; seed += systems.length) {
      const generated = generateCase(seed);
      const outcome = await runCase(of, generated);
      expect(outcome.failure && script(generated, outcome.failure)).toBeNull();
      checks += outcome.checks;
      telling += outcome.telling;
      views += outcome.views;
      refused += outcome.refusedByPostgres;
      uncomputed += outcome.uncomputed;
      past += outcome.past - outcome.compacted;
      coverage.add(outcome.features);
    }
  };
  await Promise.all(systems.map((of, number) => lane(of, FIRST_SEED + number)));
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  console.log(
    `oracle: ${checks} view-checks of ${views} views, ${percent(telling / checks)} of the results not empty and ` +
      `changing, ${past} reads of the past, ${percent(coverage.callShare())} of the registered calls, ` +
      `${refused} queries refused by PostgreSQL`,
  );
  // An idle generator would pass everything.
  expect(telling / checks).toBeGreaterThan(0.6);
  expect(uncomputed / checks).toBeLessThan(0.01);
  expect(past / checks).toBeGreaterThan(0.01);
  expect(checks).toBeGreaterThan(FEWEST_CHECKS);
  expect(refused / (views + refused)).toBeLessThanOrEqual(0.02);
});
