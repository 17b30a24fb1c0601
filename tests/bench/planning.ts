/**
 * `npm run bench -- planning`: CPU time from the text of a statement to its plan, for texts that a server sees for the first
 * time: what psql's backslash commands and drivers send (`tests/fixtures/client-traffic`), in a server that has planned
 * them before in other words. Of each statement the median of the rounds; then p50 and p90 of the statements, and by stage
 * what all of them take.
 *
 *     --rounds 20
 *     --warming 40                  rounds before those that count: code is compiled for a long time
 *     --beside DIR                  another build (DIR/server/main.js), in turn at each statement
 *     --slowest 5                   statements that are shown
 *     --markdown
 */
import { fork } from 'node:child_process';
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
const warming = Math.round(options.number('warming', 40));
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

/** What a build took. */
class Build {
  readonly name: string;
  /** By statement, of each round. */
  readonly times: number[][];
  readonly samples = new Map<string, number>();

  constructor(name: string, statements: number) {
    this.name = name;
    this.times = Array.from({ length: statements }, () => []);
  }

  add(microseconds: readonly (number | null)[]): void {
    for (const [number, time] of microseconds.entries()) if (time !== null) this.times[number]!.push(time);
  }

  addSamples(samples: Planned['samples']): void {
    for (const [stage, count] of Object.entries(samples)) {
      this.samples.set(stage, (this.samples.get(stage) ?? 0) + count);
    }
  }
}

const milliseconds = (microseconds: number): string => (microseconds / 1000).toFixed(2);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const statements = statementsOf(join(projectRoot, 'tests/fixtures/client-traffic'));
const folder = mkdtempSync(join(tmpdir(), 'tidewire-planning-'));
const file = join(folder, 'statements.json');
writeFileSync(file, JSON.stringify(statements));
const own = join(projectRoot, 'build');
const folders = beside === '' ? [own] : [own, resolve(beside)];
const builds = ['this build', beside]
  .slice(0, folders.length)
  .map((name) => new Build(name, statements.length));
const task = fork(new URL('./planning-task.js', import.meta.url), [file, ...folders]);
const ended = once(task, 'exit').then(([code]) => {
  throw new Error(`the servers ended with ${code}`);
});
ended.catch(() => undefined);

/** The task's next message. */
const said = async (): Promise<unknown> =>
  Promise.race([once(task, 'message').then(([message]) => message as unknown), ended]);

async function round(profiled: number | null): Promise<Planned> {
  task.send({ profiled } satisfies Round);
  return (await said()) as Planned;
}

try {
  await said();
  for (let n = 0; n < warming; n++) await round(null);
  for (let n = 0; n < rounds; n++) {
    const { microseconds } = await round(null);
    builds.forEach((build, number) => build.add(microseconds[number]!));
  }
  for (let n = 0; n < PROFILED_ROUNDS; n++) {
    for (const [number, build] of builds.entries()) build.addSamples((await round(number)).samples);
  }
} finally {
  if (task.connected) task.disconnect();
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
if (second) {
  const others = new Map(second.planned.map(({ number, time }) => [number, time]));
  const ratios = first!.planned.flatMap(({ number, time }) => {
    const other = others.get(number);
    return other === undefined ? [] : [time / other];
  });
  console.log(`\nmedian of the statements' ratios: ${median(ratios).toFixed(3)}`);
}
console.log('\nthe slowest:');
for (const { number, time } of first!.planned.toSorted((a, b) => b.time - a.time).slice(0, slowest)) {
  console.log(`${milliseconds(time)}  ${statements[number]!.replaceAll(/\s+/g, ' ').slice(0, 110)}`);
}
