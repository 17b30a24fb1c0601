/**
 * `npm run bench -- push`: from INSERT to a subscriber. Single rows, each a transaction of its own, are written at a
 * steady rate into a relation of a million rows; a view joins it and aggregates the join; a client reads
 * COPY (SUBSCRIBE view). Latency is from when a row was sent, until the line with its effect has come; the writer waits for
 * no answer, so that what is slow is not sent later. How late it sent by its own timer is told beside. The same again while
 * another connection runs scans and joins over the same relations, one after another, and while it makes a view of another
 * table of many rows, again and again.
 *
 *     --rates 100,1000,10000   rows a second
 *     --from insert,file       INSERTs, or lines appended to a file that a source follows
 *     --seconds 10             of each rate
 *     --warm-up 5              seconds before that, which are not counted: V8 compiles what client and server run often
 *     --rows 1000000           in the relation before
 *     --beside nothing,scans,hydration
 *     --archived 10000000      rows of the table that is hydrated beside
 *     --workers 1
 *     --markdown
 */
import { mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { startTidewire } from '../support/tidewire.ts';
import { parseOptions } from './options.ts';
import { BESIDE, type Beside, type BesideTask, GROUPS, PRODUCTS, type PushTask } from './push-task.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { quantile, thousands } from './statistics.ts';
import { said, tell, thread } from './threads.ts';
import { cpuSeconds } from './usage.ts';
import { type Address, WireClient } from './wire.ts';

const options = parseOptions(process.argv.slice(2), [
  ...['rates', 'from', 'seconds', 'warm-up', 'rows', 'beside', 'archived', 'workers', 'markdown'],
]);
const rates = options.numbers('rates', [100, 1000, 10_000]);
const seconds = options.number('seconds', 10);
const warmUpSeconds = options.number('warm-up', 5);
const rows = Math.round(options.number('rows', 1_000_000));
const archived = Math.round(options.number('archived', 10_000_000));
const besides = options.some<Beside>('beside', [...BESIDE]);
const workers = options.number('workers', 1);
/** What another connection runs again and again. */
const STATEMENTS: Readonly<Record<Exclude<Beside, 'nothing'>, readonly string[]>> = {
  scans: [
    'SELECT count(*), sum(amount) FROM orders WHERE amount % 7 = 3',
    'SELECT count(*) FROM orders o JOIN products p ON o.product = p.id WHERE p.price > 50',
  ],
  hydration: [
    'CREATE MATERIALIZED VIEW archived_sales AS SELECT product, count(*), sum(amount) FROM archive GROUP BY product',
    'DROP MATERIALIZED VIEW archived_sales',
  ],
};
const NAMES: Readonly<Record<Beside, string>> = {
  nothing: 'nothing',
  scans: 'scans and joins',
  hydration: `a view of ${thousands(archived)} rows is made`,
};

/** After the last row was due, for the last effects to come. */
const PATIENCE_SECONDS = 30;

const shared = (length: number): Float64Array =>
  new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));

interface Measured {
  /** Milliseconds, ascending. */
  readonly latencies: Float64Array;
  /** The same of when rows were sent after they were due. */
  readonly lateness: Float64Array;
  readonly missing: number;
  /** Rows a second from the first that was due to the last that came. */
  readonly rate: number;
  readonly cpuPerSecond: number;
  readonly statementsPerSecond: number;
}

async function measure(
  pid: number,
  address: Address,
  file: string | null,
  first: number,
  rate: number,
  beside: Beside,
): Promise<Measured> {
  const count = Math.round(rate * (warmUpSeconds + seconds));
  const task: PushTask = {
    ...{ address, file, first, rate, due: shared(count), sent: shared(count), arrived: shared(count) },
    connections: Math.min(8, Math.ceil(rate / 1000)),
  };
  const subscriber = thread('push-subscriber', task);
  const other: BesideTask | null = beside === 'nothing' ? null : { address, statements: STATEMENTS[beside] };
  const disturber = other === null ? null : thread('push-beside', other);
  let writer: Worker | null = null;
  try {
    await said(subscriber);
    if (disturber !== null) await said(disturber);
    const [cpu, start] = [cpuSeconds(pid), performance.now()];
    writer = thread('push-writer', task);
    const failed = new Promise<never>((_, reject) => {
      for (const each of [writer, subscriber, disturber]) each?.once('error', reject);
    });
    let limit: NodeJS.Timeout | undefined;
    const late = new Promise(
      (resolve) => (limit = setTimeout(resolve, (warmUpSeconds + seconds + PATIENCE_SECONDS) * 1000)),
    );
    await Promise.race([said(subscriber), failed, late]);
    clearTimeout(limit);
    const elapsed = (performance.now() - start) / 1000;
    const spent = cpuSeconds(pid) - cpu;
    let done = 0;
    if (disturber !== null) {
      tell(disturber, 'how many');
      done = (await said(disturber)) as number;
    }
    const counted = [...task.arrived.keys()].slice(Math.round(rate * warmUpSeconds));
    const came = counted.filter((i) => task.arrived[i]! > 0);
    return {
      latencies: Float64Array.from(came, (i) => (task.arrived[i]! - task.sent[i]!) / 1000).sort(),
      lateness: Float64Array.from(came, (i) => (task.sent[i]! - task.due[i]!) / 1000).sort(),
      missing: counted.length - came.length,
      rate: count / ((task.arrived.reduce((a, b) => Math.max(a, b), 0) - task.due[0]!) / 1e6),
      cpuPerSecond: spent / elapsed,
      statementsPerSecond: done / elapsed,
    };
  } finally {
    for (const each of [writer, subscriber, disturber]) await each?.terminate();
  }
}

/** Rows as a file has them that is there before. */
function writeOrders(file: string): void {
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, 'number,product,amount\n');
  for (let from = 1; from <= rows; from += 10_000) {
    const lines: string[] = [];
    for (let i = from; i < Math.min(from + 10_000, rows + 1); i++)
      lines.push(`${-i},${i % PRODUCTS},${i % 10}\n`);
    writeSync(descriptor, lines.join(''));
  }
}

/** `orders`, with its rows: a table, or a source that follows a file. */
async function makeOrders(client: WireClient, file: string | null): Promise<void> {
  if (file === null) {
    await client.run('CREATE TABLE orders (number int8, product int8, amount int8)');
    await client.run(
      `INSERT INTO orders SELECT -i, i % ${PRODUCTS}, i % 10 FROM generate_series(1, ${rows}) AS i`,
    );
    return;
  }
  writeOrders(file);
  await client.run(
    `CREATE SOURCE orders (number int8, product int8, amount int8)
     FROM FILE (PATH '${file}', FOLLOW) FORMAT CSV (HEADER)`,
  );
  for (let there = 0; there < rows;) {
    there = Number((await client.copyOut('SELECT count(*) FROM orders'))[0]?.toString());
    if (there < rows) await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A table that nothing but a view that is made meanwhile reads. */
async function makeArchive(client: WireClient): Promise<void> {
  await client.run('CREATE TABLE archive (number int8, product int8, amount int8)');
  await client.run(
    `INSERT INTO archive SELECT i, i % ${PRODUCTS}, i % 10 FROM generate_series(1, ${archived}) AS i`,
  );
}

const header = [
  'from',
  'rows/s',
  'beside',
  'p50 ms',
  'p99 ms',
  'max ms',
  'sent late p50 / p99 ms',
  'rows/s kept',
  'CPU s/s',
  'statements/s beside',
];
const lines = [header];
const folder = mkdtempSync(join(tmpdir(), 'tidewire-push-'));

async function measureAll(from: 'insert' | 'file'): Promise<void> {
  const file = from === 'file' ? join(folder, 'orders.csv') : null;
  const server = await startTidewire({ workers });
  try {
    const address: Address = { port: server.port, user: 'tidewire', database: 'tidewire' };
    const client = await WireClient.open(address);
    await client.run('CREATE TABLE products (id int8, category int8, price int8)');
    await client.run(
      `INSERT INTO products SELECT i, i % ${GROUPS}, 1 + i % 97 FROM generate_series(0, ${PRODUCTS - 1}) AS i`,
    );
    await makeOrders(client, file);
    await client.run(`CREATE MATERIALIZED VIEW sales AS
      SELECT p.category, count(*) AS orders, sum(o.amount * p.price) AS total, max(o.number) AS latest
      FROM orders o JOIN products p ON o.product = p.id GROUP BY p.category`);
    await client.copyOut('SELECT * FROM sales');
    let first = 0;
    for (const beside of besides) {
      if (beside === 'hydration') await makeArchive(client);
      for (const rate of rates) {
        const measured = await measure(server.process.pid!, address, file, first, rate, beside);
        first += Math.ceil((rate * (warmUpSeconds + seconds)) / GROUPS) * GROUPS;
        const { latencies, missing } = measured;
        const at = (share: number): string => quantile(latencies, share).toFixed(2);
        lines.push([
          from,
          thousands(rate),
          NAMES[beside],
          ...[at(0.5), at(0.99), at(1)],
          [0.5, 0.99].map((share) => quantile(measured.lateness, share).toFixed(2)).join(' / '),
          missing > 0 ? `no: ${thousands(missing)} never came` : thousands(measured.rate),
          measured.cpuPerSecond.toFixed(2),
          beside === 'nothing' ? '' : measured.statementsPerSecond.toFixed(1),
        ]);
      }
    }
    client.end();
  } finally {
    await server.stop();
  }
}

try {
  for (const from of options.some('from', ['insert', 'file'])) await measureAll(from);
  console.log(table(lines, options.flag('markdown')));
  console.log(
    `\n${circumstances([`${workers} worker${workers === 1 ? '' : 's'}`])}. ${thousands(rows)} rows joined with ` +
      `${thousands(PRODUCTS)} and aggregated to ${thousands(GROUPS)}; writer, subscriber and what is beside are threads of one client process.`,
  );
  const busy = loadWarning();
  if (busy !== null) console.log(`Note: ${busy}.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
