/** `npm run oracle -- [--seed N] [--checks N | --endless] [--workers N] [--keep-going] [--no-shrink] [--self]` */
import { parseArgs } from 'node:util';
import { startPostgres } from '../support/postgres.ts';
import { startTidewire } from '../support/tidewire.ts';
import { generateCase, runCase, script, type Outcome, type Systems } from './harness.ts';
import { shrink } from './shrink.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    checks: { type: 'string' },
    endless: { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    'keep-going': { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
    self: { type: 'boolean', default: false },
  },
});

const firstSeed = options.seed === undefined ? Date.now() % 1_000_000_000 : Number(options.seed);
const wanted = options.endless ? Infinity : Number(options.checks ?? (options.seed === undefined ? 2000 : 1));

const postgres = await startPostgres();
const tidewire = options.self ? null : await startTidewire({ workers: Number(options.workers) });
const total: Outcome = {
  ...{ checks: 0, nonEmpty: 0, changing: 0, views: 0, refusedByPostgres: 0, errors: 0 },
  ...{ features: new Map(), failure: null },
};
let failures = 0;
try {
  const systems: Systems = {
    postgres: await postgres.connect(),
    tidewire: await (tidewire ?? postgres).connect(),
    connect: () => (tidewire ?? postgres).connect(),
    self: options.self,
  };
  const started = Date.now();
  for (let seed = firstSeed; total.checks < wanted; seed++) {
    const test = generateCase(seed);
    const outcome = await runCase(systems, test);
    add(total, outcome);
    if (!outcome.failure) {
      if (options.endless && (seed - firstSeed) % 50 === 49) console.log(summary(total, started));
      continue;
    }
    failures++;
    const small = options['no-shrink']
      ? { test, failure: outcome.failure }
      : await shrink(systems, test, outcome.failure, 300);
    console.log(script(small.test, small.failure));
    if (!options['keep-going']) break;
    total.checks++;
  }
  console.log(summary(total, started));
  console.log(
    [...total.features]
      .sort(([, a], [, b]) => b - a)
      .map(([tag, n]) => `${tag} ${n}`)
      .join(', '),
  );
} catch (error) {
  failures++;
  console.error(error);
  if (tidewire) console.error(tidewire.log());
} finally {
  await tidewire?.stop();
  await postgres.stop();
}
process.exit(failures === 0 ? 0 : 1);

function add(sum: Outcome, one: Outcome): void {
  sum.checks += one.checks;
  sum.nonEmpty += one.nonEmpty;
  sum.changing += one.changing;
  sum.views += one.views;
  sum.refusedByPostgres += one.refusedByPostgres;
  sum.errors += one.errors;
  for (const [tag, count] of one.features) sum.features.set(tag, (sum.features.get(tag) ?? 0) + count);
}

function summary(sum: Outcome, started: number): string {
  const percent = (part: number, all: number): string => `${Math.round((100 * part) / Math.max(1, all))} %`;
  return [
    `${sum.checks} view-checks in ${((Date.now() - started) / 1000).toFixed(1)} s, ${failures} failures`,
    `${percent(sum.nonEmpty, sum.checks)} of results not empty, ${percent(sum.changing, sum.views)} of ${sum.views} views changed`,
    `PostgreSQL refused ${sum.refusedByPostgres} queries and raised data errors in ${sum.errors} checks`,
  ].join('; ');
}
