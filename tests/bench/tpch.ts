/**
 * `npm run bench -- tpch`: TPC-H's queries as maintained views: what their arrangements hold, how long each takes to make, and
 * what a commit costs with it, beside PostgreSQL's materialized views and their REFRESH. Each view has a server of its own. What its
 * arrangements hold is EXPLAIN MEMORY PLAN's: those of its operators, its rows among them, and those that it would share with others.
 *
 * `--scale 0.1`, `--only q1,q3`, `--workers N`, `--commits 20`, `--markdown`. The data is made by tpchgen-cli, which is installed
 * once into the benchmarks' cache; every view is compared with PostgreSQL's, after the commits too.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { TPCH } from '../plans/tpch/queries.ts';
import { startPostgres } from '../support/postgres.ts';
import { startTidewire } from '../support/tidewire.ts';
import { TABLE_NAMES, createTables } from '../views/tpch/schema.ts';
import { exactAnswer } from './answer.ts';
import { benchCache } from './data.ts';
import { parseOptions } from './options.ts';
import { POSTGRES_SETTINGS } from './postgres.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { cpuSeconds, residentMegabytes } from './usage.ts';
import { WireClient, message, simpleQuery } from './wire.ts';

const GENERATOR = 'tpchgen-cli==4.0.0';
const COPY_IN_RESPONSE = 0x47; // G
const DATA_ROW = 0x44; // D

const options = parseOptions(process.argv.slice(2), ['scale', 'only', 'workers', 'commits', 'markdown']);
const scale = options.number('scale', 0.1);
const workers = options.number('workers', Math.min(availableParallelism(), 8));
const commits = options.number('commits', 20);
const names = options.some('only', Object.keys(TPCH));

/** The folder of the tables' files, made unless they are there. */
function data(): string {
  const home = join(benchCache, GENERATOR.replace('==', '-'));
  const folder = join(benchCache, `tpch-${scale}`);
  if (existsSync(join(folder, 'complete'))) return folder;
  const program = join(home, 'bin/tpchgen-cli');
  if (!existsSync(program)) {
    console.error(`• installing ${GENERATOR} in ${home}`);
    mkdirSync(benchCache, { recursive: true });
    run('python3', '-m', 'venv', home);
    run(join(home, 'bin/python'), '-m', 'pip', 'install', '-q', '--disable-pip-version-check', GENERATOR);
  }
  console.error(`• generating TPC-H at scale ${scale} in ${folder}`);
  mkdirSync(folder, { recursive: true });
  run(program, 'csv', '-s', String(scale), '--output-dir', folder);
  writeFileSync(join(folder, 'complete'), '');
  return folder;
}

function run(program: string, ...args: string[]): void {
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
}

/** COPY of a CSV file with a header. */
function copyIn(client: WireClient, name: string, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = client.request(
      simpleQuery(`COPY ${name} FROM STDIN WITH (FORMAT csv, HEADER)`),
      (type) => {
        if (type !== COPY_IN_RESPONSE) return;
        const file = createReadStream(path, { highWaterMark: 1 << 18 });
        file.on('error', reject);
        file.on('data', (chunk) => {
          if (client.socket.write(message('d', chunk as Buffer))) return;
          file.pause();
          client.socket.once('drain', () => file.resume());
        });
        file.on('end', () => client.socket.write(message('c')));
      },
    );
    request.then(resolve, reject);
  });
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Transactions that both systems get, and that take each other back: a new order with two lines, then away with it. */
function orderCommits(): { readonly insert: string[]; readonly remove: string[] } {
  const keys = Array.from({ length: commits }, (_, index) => 900_000_001 + index);
  return {
    insert: keys.map(
      (
        key,
      ) => `BEGIN; INSERT INTO orders SELECT ${key}, o_custkey, o_orderstatus, o_totalprice, o_orderdate, o_orderpriority,
        o_clerk, o_shippriority, o_comment FROM orders WHERE o_orderkey = ${1 + 32 * (key % 97)};
      INSERT INTO lineitem SELECT ${key}, l_partkey, l_suppkey, l_linenumber, l_quantity, l_extendedprice, l_discount, l_tax,
        l_returnflag, l_linestatus, l_shipdate, l_commitdate, l_receiptdate, l_shipinstruct, l_shipmode, l_comment
        FROM lineitem WHERE l_orderkey = ${1 + 32 * (key % 97)}; COMMIT`,
    ),
    remove: keys.map(
      (key) =>
        `BEGIN; DELETE FROM lineitem WHERE l_orderkey = ${key}; DELETE FROM orders WHERE o_orderkey = ${key}; COMMIT`,
    ),
  };
}

interface Figures {
  readonly rows: number;
  readonly load: number;
  /** By what the process grew with the loaded tables. */
  readonly tables: number;
  /** What the arrangements of the view's operators hold, and with those that it would share, in MB. */
  readonly own: number;
  readonly arrangements: number;
  readonly create: number;
  readonly cpu: number;
  readonly commit: number;
  readonly theirCreate: number;
  readonly theirRefresh: number;
}

const folder = data();
const { insert, remove } = orderCommits();
const mismatches: string[] = [];

async function load(client: WireClient): Promise<void> {
  for (const sql of createTables()) await client.run(sql);
  for (const name of TABLE_NAMES) await copyIn(client, name, join(folder, `${name}.csv`));
}

/** What a process has in memory when nothing changes any more: batches are merged after the load, and memory is given back. */
async function settled(pid: number): Promise<number> {
  let last = residentMegabytes(pid);
  for (let still = 0; still < 4;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = residentMegabytes(pid);
    still = Math.abs(now - last) < 1 ? still + 1 : 0;
    last = now;
  }
  return last;
}

/** What the view's arrangements hold, in MB: its own, and all of them. */
async function held(client: WireClient): Promise<{ readonly own: number; readonly arrangements: number }> {
  let json = '';
  const explain = simpleQuery('EXPLAIN MEMORY PLAN AS JSON FOR MATERIALIZED VIEW result');
  await client.request(explain, (type, buffer, start, end) => {
    // A count of columns, and the length of the only one.
    if (type === DATA_ROW) json += buffer.toString('utf8', start + 6, end);
  });
  const { bytes, total } = JSON.parse(json) as { readonly bytes: number; readonly total: number };
  return { own: bytes / 2 ** 20, arrangements: total / 2 ** 20 };
}

async function measure(name: string, sql: string, theirs: WireClient): Promise<Figures> {
  const tidewire = await startTidewire({ workers });
  try {
    const ours = await WireClient.open({ port: tidewire.port, user: 'tidewire', database: 'tidewire' });
    const pid = tidewire.process.pid!;
    const empty = residentMegabytes(pid);
    const loading = await seconds(() => load(ours));
    const loaded = await settled(pid);
    const compare = async (moment: string): Promise<number> => {
      const mine = exactAnswer(await ours.copyOut('SELECT * FROM result'));
      const reference = exactAnswer(await theirs.copyOut('SELECT * FROM result'));
      if (mine.digest !== reference.digest || mine.rows !== reference.rows)
        mismatches.push(`${name} ${moment}`);
      return mine.rows;
    };
    const before = cpuSeconds(pid);
    const create = await seconds(() => ours.run(`CREATE MATERIALIZED VIEW result AS ${sql}`));
    const cpu = cpuSeconds(pid) - before;
    const memory = await held(ours);
    const theirCreate = await seconds(() => theirs.run(`CREATE MATERIALIZED VIEW result AS ${sql}`));
    const rows = await compare('when it was made');
    const commit = await seconds(async () => {
      for (const statement of insert) await ours.run(statement);
    });
    for (const statement of insert) await theirs.run(statement);
    const theirRefresh = await seconds(() => theirs.run('REFRESH MATERIALIZED VIEW result'));
    await compare('after inserts');
    for (const client of [ours, theirs]) for (const statement of remove) await client.run(statement);
    await theirs.run('REFRESH MATERIALIZED VIEW result');
    await compare('after deletes');
    await theirs.run('DROP MATERIALIZED VIEW result');
    ours.end();
    return {
      ...{ rows, load: loading, tables: loaded - empty, ...memory },
      ...{ create, cpu, commit: commit / commits, theirCreate, theirRefresh },
    };
  } finally {
    await tidewire.stop();
  }
}

const cells = [
  ['', 'rows', 'made s', 'CPU s', 'own MB', 'all MB', 'commit ms', 'PostgreSQL made s', 'REFRESH s'],
];
const loads: Figures[] = [];
const postgres = await startPostgres(POSTGRES_SETTINGS);
try {
  const theirs = await WireClient.open({ port: postgres.port, user: 'postgres', database: 'postgres' });
  const theirLoad = await seconds(() => load(theirs));
  const theirAnalyze = await seconds(() => theirs.run('ANALYZE'));
  for (const name of names) {
    console.error(`• ${name}`);
    const figures = await measure(name, TPCH[name]!, theirs);
    loads.push(figures);
    cells.push([
      ...[name, String(figures.rows), figures.create.toFixed(2), figures.cpu.toFixed(2)],
      ...[figures.own.toFixed(1), figures.arrangements.toFixed(1), (figures.commit * 1000).toFixed(1)],
      ...[figures.theirCreate.toFixed(2), figures.theirRefresh.toFixed(2)],
    ]);
  }
  theirs.end();
  console.log(table(cells, options.flag('markdown')));
  const bytes = TABLE_NAMES.reduce((sum, name) => sum + statSync(join(folder, `${name}.csv`)).size, 0);
  const median = (of: (figures: Figures) => number): number =>
    loads.map(of).toSorted((a, b) => a - b)[Math.floor(loads.length / 2)]!;
  console.log(
    `\nload of ${(bytes / 2 ** 20).toFixed(0)} MB at scale ${scale}: Tidewire with ${workers} workers ` +
      `${median((figures) => figures.load).toFixed(2)} s, ${median((figures) => figures.tables).toFixed(0)} MB in memory; ` +
      `PostgreSQL ${theirLoad.toFixed(2)} s and ${theirAnalyze.toFixed(2)} s for ANALYZE`,
  );
  console.log(circumstances(['PostgreSQL 18.4']));
  const warning = loadWarning();
  if (warning !== null) console.log(warning);
} finally {
  await postgres.stop();
}
if (mismatches.length > 0) {
  console.error(`answers differ: ${mismatches.join(', ')}`);
  process.exit(1);
}
