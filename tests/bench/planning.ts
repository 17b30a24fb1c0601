/**
 * `npm run bench -- planning`: CPU time from the text of a statement to its plan, for texts that a server sees for the first
 * time: what psql's backslash commands and drivers send (`tests/fixtures/client-traffic`), in a server that has planned
 * them before in other words. Of each statement the median of the rounds; then p50 and p90 of the statements, and by stage
 * what all of them take.
 *
 *     --rounds 20
 *     --warming 12                  rounds before those that count
 *     --beside DIR                  another build (DIR/server/main.js), in rounds that alternate
 *     --slowest 5                   statements that are shown
 *     --markdown
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { projectRoot } from '../support/root.ts';
import { parseOptions } from './options.ts';
import type { Planned, Round } from './planning-task.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { median, quantile } from './statistics.ts';

/** Those that are profiled, for the stages' shares. */
const PROFILED_ROUNDS = 4;

const options = parseOptions(process.argv.slice(2), ['rounds', 'warming', 'beside', 'slowest', 'markdown']);
const rounds = Math.round(options.number('rounds', 20));
const warming = Math.round(options.number('warming', 12));
const beside = options.text('beside', '');
const slowest = Math.round(options.number('slowest', 5));
const markdown = options.flag('markdown');

/** Statements that have a plan. */
const PLANNED = /^(SELECT|WITH|VALUES|INSERT|UPDATE|DELETE|\(SELECT)\b/i;

function statementsOf(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const all = files.toSorted().flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    return [...text.matchAll(/^-- statement[^\n]*\n([\s\S]*?)\n;$/gm)].map((match) => match[1]!);
  });
  return [...new Set(all)].filter((sql) => PLANNED.test(sql.trim()));
}

class Build {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<never>;
  /** By statement, of each round. */
  readonly times: number[][];
  readonly samples = new Map<string, number>();

  constructor(name: string, folder: string, file: string, statements: number) {
    this.name = name;
    this.times = Array.from({ length: statements }, () => []);
    this.#process = fork(new URL('./planning-task.js', import.meta.url), [resolve(folder), file]);
    this.#ended = once(this.#process, 'exit').then(([code]) => {
      throw new Error(`${name} ended with ${code}`);
    });
    this.#ended.catch(() => undefined);
  }

  /** Its next message. */
  said(): Promise<unknown> {
    return Promise.race([once(this.#process, 'message').then(([message]) => message), this.#ended]);
  }

  async round(round: Round): Promise<Planned> {
    this.#process.send(round);
    return (await this.said()) as Planned;
  }

  async measure(): Promise<void> {
    const { microseconds } = await this.round({ profiled: false });
    for (const [number, time] of microseconds.entries()) if (time !== null) this.times[number]!.push(time);
  }

  async profile(): Promise<void> {
    const { samples } = await this.round({ profiled: true });
    for (const [stage, count] of Object.entries(samples)) {
      this.samples.set(stage, (this.samples.get(stage) ?? 0) + count);
    }
  }

  end(): void {
    this.#process.disconnect();
  }
}

const milliseconds = (microseconds: number): string => (microseconds / 1000).toFixed(2);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const statements = statementsOf(join(projectRoot, 'tests/fixtures/client-traffic'));
const folder = mkdtempSync(join(tmpdir(), 'tidewire-planning-'));
const file = join(folder, 'statements.json');
writeFileSync(file, JSON.stringify(statements));
const builds = [new Build('this build', join(projectRoot, 'build'), file, statements.length)];
if (beside !== '') builds.push(new Build(beside, beside, file, statements.length));
try {
  await Promise.all(builds.map((build) => build.said()));
  for (let n = 0; n < warming; n++) for (const build of builds) await build.round({ profiled: false });
  for (let n = 0; n < rounds; n++) for (const build of builds) await build.measure();
  for (let n = 0; n < PROFILED_ROUNDS; n++) for (const build of builds) await build.profile();
} finally {
  for (const build of builds) build.end();
  rmSync(folder, { recursive: true });
}

const results = builds.map(({ name, times, samples }) => {
  const planned = times.flatMap((each, number) => (each.length > 0 ? [{ number, time: median(each) }] : []));
  const sorted = Float64Array.from(planned, ({ time }) => time).toSorted();
  const spent = sum(times.map((each) => (each.length > 0 ? sum(each) / each.length : 0)));
  const all = sum([...samples.values()]);
  const stage = (which: string): number => (spent * (samples.get(which) ?? 0)) / all;
  return { name, planned, p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), spent, stage };
});
const stages = ['parse', 'bind', 'lower', 'optimize', 'physical', 'engine', 'rest', 'garbage'];
const [first, second] = results;
const row = (name: string, of: (result: (typeof results)[number]) => number): string[] => [
  name,
  ...results.map((result) => milliseconds(of(result))),
  ...(second ? [(of(first!) / of(second)).toFixed(3)] : []),
];
console.log(circumstances([]));
console.log(loadWarning() ?? '');
console.log(`${first!.planned.length} statements are planned, ${rounds} rounds; CPU ms\n`);
console.log(
  table(
    [
      ['', ...results.map(({ name }) => name), ...(second ? ['ratio'] : [])],
      row('p50', ({ p50 }) => p50),
      row('p90', ({ p90 }) => p90),
      row('all of them', ({ spent }) => spent),
      ...stages.map((name) => row(`  ${name}`, ({ stage }) => stage(name))),
    ],
    markdown,
  ),
);
console.log('\nthe slowest:');
for (const { number, time } of first!.planned.toSorted((a, b) => b.time - a.time).slice(0, slowest)) {
  console.log(`${milliseconds(time)}  ${statements[number]!.replaceAll(/\s+/g, ' ').slice(0, 110)}`);
}
