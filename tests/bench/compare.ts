/**
 * `npm run bench`: Nexmark's queries and word count from files into a materialized view that is then read whole, in
 * Tidewire, PostgreSQL and Pathway, and Flink SQL and DBSP when asked, on the same data, in turn. Answers are checked; timings
 * decide nothing.
 *
 *     --scale 0.1        share of 2,000,000 events and 5,000,000 words (default 1)
 *     --runs 3           of each system and query, interleaved
 *     --only q1,q4       queries
 *     --systems tidewire,postgresql,pathway,flink,dbsp     the first three where it is not given
 *     --workers 1        of Tidewire; Pathway, Flink and DBSP get as many threads
 *     --format csv       or jsonl: what Tidewire, Pathway and Flink read
 *     --markdown         the table as Markdown
 */
import { type Data, benchData } from './data.ts';
import { dbsp } from './dbsp.ts';
import { flink } from './flink.ts';
import { parseOptions } from './options.ts';
import { pathway } from './pathway.ts';
import { postgres } from './postgres.ts';
import { QUERIES, type Query, inputRows } from './queries.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { median, spread, thousands } from './statistics.ts';
import type { Run, System } from './system.ts';
import { type Format, tidewire } from './tidewire.ts';

const options = parseOptions(process.argv.slice(2), [
  ...['scale', 'runs', 'only', 'systems', 'workers', 'format', 'markdown'],
]);
const runs = options.number('runs', 3);
const workers = options.number('workers', 1);
const format = options.text('format', 'csv');
if (format !== 'csv' && format !== 'jsonl')
  throw new Error(`bench: --format is csv or jsonl, not "${format}"`);
const markdown = options.flag('markdown');

const listed = (name: string): string[] => options.text(name, '').split(',').filter(Boolean);
const queries = chosen('only', QUERIES);
const notes: string[] = [];
const systems = chosen('systems', await available(format));
const data = await benchData(options.number('scale', 1));

/** Those that an option lists; all without it. */
function chosen<T extends { readonly name: string }>(option: string, all: readonly T[]): readonly T[] {
  const names = listed(option).map((name) => name.toLowerCase());
  const unknown = names.find((name) => !all.some((each) => each.name.toLowerCase() === name));
  if (unknown !== undefined) {
    throw new Error(
      `bench: --${option} has no "${unknown}"; there are: ${all.map(({ name }) => name).join(', ')}`,
    );
  }
  return names.length === 0 ? all : all.filter((each) => names.includes(each.name.toLowerCase()));
}

async function available(inputFormat: Format): Promise<System[]> {
  const found: System[] = [tidewire(workers, inputFormat), postgres];
  const wanted = listed('systems');
  const others = [
    ...(wanted.length === 0 || wanted.includes('pathway') ? [pathway(workers, inputFormat)] : []),
    ...(wanted.includes('flink') ? [flink(workers, inputFormat)] : []),
    ...(wanted.includes('dbsp') ? [dbsp(workers)] : []),
  ];
  for (const other of others) {
    if (typeof other === 'string') notes.push(other);
    else found.push(other);
  }
  return found;
}

type Runs = Map<System, Run[]>;

/** What went wrong: the other figures are shown all the same, and the program fails. */
const failures: string[] = [];

/**
 * Runs a query in every system, in turn; the order is turned around each time. A system for which showing its result
 * costs shows it in a run before, which is not counted.
 */
async function measure(query: Query, input: Data): Promise<Runs> {
  const results: Runs = new Map(systems.map((system) => [system, []]));
  const answers: [System, Run][] = [];
  if (systems.includes(postgres)) {
    for (const system of systems.filter(({ rounds }) => rounds)) {
      progress(query, `${system.name}'s answer`);
      answers.push([system, await system.run(query, input, true)]);
    }
  }
  for (let i = 0; i < runs; i++) {
    for (const system of i % 2 === 0 ? systems : systems.toReversed()) {
      progress(query, `run ${i + 1} of ${runs}, ${system.name}`);
      const run = await system.run(query, input, system === postgres && i === 0);
      answers.push([system, run]);
      results.get(system)!.push(run);
    }
  }
  check(query, answers);
  return results;
}

/** Compares all answers with PostgreSQL's first. */
function check(query: Query, answers: readonly [System, Run][]): void {
  const reference = answers.find(([system]) => system === postgres)?.[1];
  if (reference === undefined) return;
  for (const [system, run] of answers) {
    const [mine, theirs] = system.rounds ? [run.rounded, reference.rounded] : [run.exact, reference.exact];
    if (mine === null || theirs === null) continue;
    if (mine.rows === theirs.rows && mine.digest === theirs.digest) continue;
    throw new Error(
      `the answer of ${system.name} is not PostgreSQL's: ` +
        `${mine.rows} rows (${mine.digest}), not ${theirs.rows} (${theirs.digest})`,
    );
  }
}

function progress(query: Query, text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${query.name}: ${text}`);
}

const cpuOf = (each: readonly Run[]): number[] => each.map((run) => run.cpu);

/** Ratios of paired runs to Tidewire's. */
function ratios(mine: readonly Run[], theirs: readonly Run[]): string {
  if (mine.length === 0) return '';
  return `${spread(
    theirs.map((run, i) => run.cpu / Math.max(mine[i]!.cpu, 0.01)),
    1,
  )}×`;
}

const header = [
  'query',
  'system',
  'input rows',
  'rows/s',
  'seconds',
  'CPU s',
  'CPU to Tidewire',
  'peak MB',
  'REFRESH, CPU s',
];
const lines: string[][] = [header];
for (const query of queries) {
  const results = await measure(query, data).catch((error: unknown): Runs => {
    failures.push(`${query.name}: ${error instanceof Error ? error.message : String(error)}`);
    return new Map();
  });
  const summary = [...results].map(([{ name }, each]) => `${name} ${spread(cpuOf(each), 2)}`);
  console.error(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${query.name}, CPU seconds: ${summary.join(', ')}`);
  const rows = inputRows(query, data);
  const own = [...results].find(([system]) => system.name === 'Tidewire')?.[1] ?? [];
  for (const [system, each] of results) {
    const seconds = each.map((run) => run.seconds);
    const refreshes = each.map((run) => run.refresh).filter((value) => value !== undefined);
    lines.push([
      query.name,
      system.name,
      thousands(rows),
      thousands(rows / median(seconds)),
      spread(seconds, 2),
      spread(cpuOf(each), 2),
      system.name === 'Tidewire' ? '' : ratios(own, each),
      thousands(median(each.map((run) => run.megabytes))),
      refreshes.length === 0 ? '' : spread(refreshes, 2),
    ]);
  }
}
console.log(table(lines, markdown));
console.log(
  `\n${circumstances(systems.map(({ version }) => version))}. ${format === 'csv' ? 'CSV' : 'JSON lines (PostgreSQL and DBSP: CSV)'}, scale ${data.scale}, ` +
    `${runs} interleaved run${runs === 1 ? '' : 's'}: median (least–greatest).`,
);
if (systems.includes(postgres)) console.log("Every answer shown is PostgreSQL's.");
else notes.push("answers were not checked: PostgreSQL's are the reference, and it was not among --systems");
const busy = loadWarning();
if (busy !== null) notes.push(busy);
for (const note of notes) console.log(`Note: ${note}.`);
for (const failure of failures) console.error(`FAILED ${failure}`);
if (failures.length > 0) process.exitCode = 1;
