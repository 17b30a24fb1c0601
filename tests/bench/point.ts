/**
 * `npm run bench -- point`: reads by key and writes of single rows, in Tidewire and in PostgreSQL, by the same client,
 * in turn.
 *
 *     --clients 1,8,32
 *     --protocols prepared,extended,simple
 *     --operations read,insert,update
 *     --seconds 2              of each run
 *     --runs 3                 of each system
 *     --workers 1              of Tidewire
 *     --view                   Tidewire maintains a view of the accounts meanwhile: sums of a thousand groups
 *     --markdown
 */
import { startPostgres } from '../support/postgres.ts';
import { startTidewire } from '../support/tidewire.ts';
import { parseOptions } from './options.ts';
import { ACCOUNTS, type Load, type Operation, type Protocol, type Result } from './point-load.ts';
import { POSTGRES_SETTINGS, postgres } from './postgres.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { median, quantile, spread, thousands } from './statistics.ts';
import { thread } from './threads.ts';
import { cpuSeconds } from './usage.ts';
import { type Address, WireClient } from './wire.ts';

const options = parseOptions(process.argv.slice(2), [
  ...['clients', 'protocols', 'operations', 'seconds', 'runs', 'workers', 'view', 'markdown'],
]);
const clientCounts = options.numbers('clients', [1, 8, 32]);
const protocols = options.some<Protocol>('protocols', ['prepared', 'extended', 'simple']);
const operations = options.some<Operation>('operations', ['read', 'insert', 'update']);
const seconds = options.number('seconds', 2);
const runs = options.number('runs', 3);
const workers = options.number('workers', 1);
const view = options.flag('view');

interface Server {
  readonly name: string;
  readonly pid: number;
  readonly address: Address;
}

interface Run {
  readonly rate: number;
  /** Milliseconds. */
  readonly middle: number;
  readonly high: number;
  /** CPU microseconds of the server for a transaction. */
  readonly cpu: number;
}

const SETUP = [
  'CREATE TABLE accounts (id int8 PRIMARY KEY, balance int8, filler text)',
  'CREATE TABLE history (account int8, delta int8)',
  `INSERT INTO accounts SELECT i, 0, repeat('x', 84) FROM generate_series(0, ${ACCOUNTS - 1}) AS i`,
];

const VIEW = `CREATE MATERIALIZED VIEW balances AS
  SELECT id % 1000 AS branch, count(*) AS accounts, sum(balance) AS balance FROM accounts GROUP BY id % 1000`;

async function measure(server: Server, load: Omit<Load, 'address' | 'seconds'>): Promise<Run> {
  const task: Load = { ...load, address: server.address, seconds };
  const worker = thread('point-load', task);
  let before = NaN;
  const result = await new Promise<Result>((resolve, reject) => {
    worker.on('message', (message: Result | 'warm') => {
      if (message === 'warm') before = cpuSeconds(server.pid);
      else resolve(message);
    });
    worker.once('error', reject);
  });
  const cpu = cpuSeconds(server.pid) - before;
  await worker.terminate();
  if (result.errors > 0) {
    const what = `${load.operation}, ${load.protocol}, ${load.clients} clients`;
    notes.add(
      `${server.name}: ${result.errors} of ${result.transactions} failed (${what}): ${result.firstError}`,
    );
  }
  const sorted = result.latencies.sort();
  return {
    rate: (result.transactions - result.errors) / result.seconds,
    middle: quantile(sorted, 0.5) / 1000,
    high: quantile(sorted, 0.99) / 1000,
    cpu: (cpu * 1e6) / result.transactions,
  };
}

const notes = new Set<string>();
const reference = await startPostgres(POSTGRES_SETTINGS);
const own = await startTidewire({ workers });
try {
  const servers: Server[] = [
    {
      name: 'Tidewire',
      pid: own.process.pid!,
      address: { port: own.port, user: 'tidewire', database: 'tidewire' },
    },
    {
      name: 'PostgreSQL',
      pid: reference.pid,
      address: { port: reference.port, user: 'postgres', database: 'postgres' },
    },
  ];
  for (const { address } of servers) {
    const client = await WireClient.open(address);
    for (const statement of SETUP) await client.run(statement);
    if (view && address === servers[0]!.address) await client.run(VIEW);
    client.end();
  }
  const header = [
    'operation',
    'protocol',
    'clients',
    'system',
    'transactions/s',
    'p50 ms',
    'p99 ms',
    'CPU µs each',
  ];
  const lines = [[...header, 'rate to PostgreSQL', 'CPU to PostgreSQL']];
  for (const operation of operations) {
    for (const protocol of protocols) {
      for (const clients of clientCounts) {
        const results = servers.map((): Run[] => []);
        for (let i = 0; i < runs; i++) {
          for (const [s, server] of servers.entries()) {
            results[s]!.push(await measure(server, { operation, protocol, clients }));
          }
        }
        const [mine = [], theirs = []] = results;
        for (const [s, each] of results.entries()) {
          const ratio = (of: (run: Run) => number): string =>
            s === 0
              ? `${spread(
                  mine.map((run, i) => of(run) / of(theirs[i]!)),
                  2,
                )}×`
              : '';
          lines.push([
            ...[operation, protocol, String(clients), servers[s]!.name],
            thousands(median(each.map((run) => run.rate))),
            median(each.map((run) => run.middle)).toFixed(2),
            median(each.map((run) => run.high)).toFixed(2),
            median(each.map((run) => run.cpu)).toFixed(1),
            ratio((run) => run.rate),
            ratio((run) => run.cpu),
          ]);
        }
      }
    }
  }
  console.log(table(lines, options.flag('markdown')));
  console.log(
    `\n${circumstances([`${workers} worker${workers === 1 ? '' : 's'}${view ? ' and a view of the accounts' : ''}`, postgres.version])}. ` +
      `${thousands(ACCOUNTS)} rows, ${runs} run${runs === 1 ? '' : 's'} of ${seconds} s each in turn: medians, ratios of pairs with their range.`,
  );
  const busy = loadWarning();
  if (busy !== null) notes.add(busy);
  for (const note of notes) console.log(`Note: ${note}.`);
} finally {
  await own.stop();
  await reference.stop();
}
