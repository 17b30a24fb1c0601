/**
 * `npm run oracle -- [--seed N] [--checks N | --endless] [--workers N] [--keep-going] [--no-shrink] [--self]
 * [--minutes N] [--coverage] [--without RULE[,RULE…] | all | each] [--level N | --climb]`
 *
 * `--level` makes queries of one level; `--climb` begins with the lowest and opens the next when one was clean for `--checks`
 * (10,000) checks.
 *
 * `--without` turns rules of the optimizer off; `each` goes through the cases with each rule off in turn, then with all off.
 */
import { parseArgs } from 'node:util';
import type pg from 'pg';
import { RULE_NAMES } from '../../sql/optimize/pipeline.ts';
import { PHYSICAL_CHOICES } from '../../sql/physical/physical.ts';
import { startPostgres } from '../support/postgres.ts';
import { startTidewire } from '../support/tidewire.ts';
import { generateCase, script } from './case.ts';
import { Coverage } from './coverage.ts';
import { noOutcome, runCase, type Outcome, type Systems } from './harness.ts';
import { HIGHEST_LEVEL } from './queries.ts';
import { shrink } from './shrink.ts';

const { values: options } = parseArgs({
  options: {
    seed: { type: 'string' },
    checks: { type: 'string' },
    minutes: { type: 'string' },
    endless: { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    'keep-going': { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
    coverage: { type: 'boolean', default: false },
    self: { type: 'boolean', default: false },
    without: { type: 'string', default: '' },
    level: { type: 'string' },
    climb: { type: 'boolean', default: false },
  },
});

const firstSeed = options.seed === undefined ? Date.now() % 1_000_000_000 : Number(options.seed);
const isEndless = options.endless || options.minutes !== undefined;
const defaultChecks = options.climb ? 10_000 : options.seed === undefined ? 2000 : 1;
const wanted = isEndless ? Infinity : Number(options.checks ?? defaultChecks);
const climbed = Array.from({ length: HIGHEST_LEVEL }, (_, index) => index + 1);
const levels = options.climb ? climbed : [options.level === undefined ? null : Number(options.level)];
const until = Date.now() + Number(options.minutes ?? Infinity) * 60_000;

const postgres = await startPostgres();
const tidewire = options.self ? null : await startTidewire({ workers: Number(options.workers) });
const coverage = new Coverage();
let failures = 0;
try {
  const connect = async (): Promise<pg.Client> => {
    const client = await (tidewire ?? postgres).connect();
    if (tidewire && options.without !== 'each')
      await client.query(`SET disabled_rules = '${options.without}'`);
    return client;
  };
  const systems: Systems = {
    postgres: await postgres.connect(),
    tidewire: await connect(),
    connect,
    self: options.self,
  };
  const turns = [...RULE_NAMES, ...PHYSICAL_CHOICES, 'all'];
  for (const level of levels) {
    if (failures === 0) await run(systems, turns, level);
  }
  if (options.coverage) console.log(coverage.report());
} catch (error) {
  failures++;
  console.error(error);
  if (tidewire) console.error(tidewire.log());
} finally {
  await tidewire?.stop();
  await postgres.stop();
}
process.exit(failures === 0 ? 0 : 1);

/** Queries of a level, or of all. */
async function run(systems: Systems, turns: readonly string[], level: number | null): Promise<void> {
  const total = noOutcome();
  const started = Date.now();
  const name = level === null ? '' : `level ${level}: `;
  for (let seed = firstSeed; total.checks < wanted && Date.now() < until; seed++) {
    const test = generateCase(seed, level);
    if (options.without === 'each') {
      await systems.tidewire.query(`SET disabled_rules = '${turns[(seed - firstSeed) % turns.length]}'`);
    }
    const outcome = await runCase(systems, test);
    add(total, outcome);
    coverage.add(outcome.features);
    if (!outcome.failure) {
      if (isEndless && (seed - firstSeed) % 50 === 49) console.log(name + summary(total, started));
      continue;
    }
    failures++;
    const off = options.without === 'each' ? turns[(seed - firstSeed) % turns.length] : options.without;
    console.log(`${name}seed ${seed} fails${off === '' ? '' : ` without ${off}`}: ${outcome.failure.kind}`);
    const small = options['no-shrink']
      ? { test, failure: outcome.failure }
      : await shrink(systems, test, outcome.failure, 300);
    console.log(script(small.test, small.failure));
    if (!options['keep-going']) break;
    total.checks++;
  }
  console.log(name + summary(total, started));
}

function add(sum: Outcome, one: Outcome): void {
  sum.checks += one.checks;
  sum.nonEmpty += one.nonEmpty;
  sum.telling += one.telling;
  sum.views += one.views;
  sum.refusedByPostgres += one.refusedByPostgres;
  sum.errors += one.errors;
  sum.uncomputed += one.uncomputed;
  sum.past += one.past;
  sum.compacted += one.compacted;
}

function summary(sum: Outcome, started: number): string {
  const percent = (part: number, all: number): string => `${Math.round((100 * part) / Math.max(1, all))} %`;
  return [
    `${sum.checks} view-checks in ${((Date.now() - started) / 1000).toFixed(1)} s, ${failures} failures`,
    `${percent(sum.telling, sum.checks)} of results not empty and changing, ${percent(sum.nonEmpty, sum.checks)} not empty`,
    `${sum.past} reads of the past, ${sum.compacted} of them too late`,
    `PostgreSQL refused ${sum.refusedByPostgres} of ${sum.views} queries and raised data errors in ${sum.errors} checks, ` +
      `and did not compute what fails in ${sum.uncomputed}`,
  ].join('; ');
}
