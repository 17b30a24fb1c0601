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

const CHECKS = 2000;
const FIRST_SEED = 1;

let postgres: Postgres;
const servers: Tidewire[] = [];
const systems: Systems[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  for (const workers of [1, 2]) {
    const tidewire = await startTidewire({ workers });
    servers.push(tidewire);
    systems.push({
      postgres: await postgres.connect(),
      tidewire: await tidewire.connect(),
      connect: () => tidewire.connect(),
      self: false,
    });
  }
});

afterAll(async () => {
  for (const tidewire of servers) await tidewire.stop();
  await postgres?.stop();
});

test(`${CHECKS} view-checks agree with PostgreSQL`, { timeout: 300_000 }, async () => {
  const coverage = new Coverage();
  let [checks, telling, views, refused, past] = [0, 0, 0, 0, 0];
  for (let seed = FIRST_SEED; checks < CHECKS; seed++) {
    const generated = generateCase(seed);
    const outcome = await runCase(systems[seed % systems.length]!, generated);
    expect(outcome.failure && script(generated, outcome.failure)).toBeNull();
    checks += outcome.checks;
    telling += outcome.telling;
    views += outcome.views;
    refused += outcome.refusedByPostgres;
    past += outcome.past - outcome.compacted;
    coverage.add(outcome.features);
  }
  const percent = (share: number): string => `${Math.round(100 * share)} %`;
  console.log(
    `oracle: ${checks} view-checks of ${views} views, ${percent(telling / checks)} of the results not empty and ` +
      `changing, ${past} reads of the past, ${percent(coverage.callShare())} of the registered calls, ` +
      `${refused} queries refused by PostgreSQL`,
  );
  // An idle generator would pass everything.
  expect(telling / checks).toBeGreaterThan(0.6);
  expect(past / checks).toBeGreaterThan(0.05);
  expect(refused / (views + refused)).toBeLessThanOrEqual(0.02);
});
