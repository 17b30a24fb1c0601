/**
 * `npm run bench -- size`: what size costs. Memory of a row in each kind of arrangement, memory after every row was replaced
 * ten times, and the server's CPU for one more change where there are more rows, views, connections or subscribers.
 *
 *     --only memory,churn,rows,views,connections,subscribers
 *     --rows 10000,100000,1000000,10000000        that there are before a change; for memory the greatest up to 1,000,000
 *     --views 1,10,100,300
 *     --connections 1,10,100,1000                 and as many subscribers
 *     --changes 2000                              that are measured
 *     --workers 1,2
 *     --markdown
 */
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import { parseOptions } from './options.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { quantile, thousands } from './statistics.ts';
import { cpuSeconds, settledMegabytes } from './usage.ts';
import { type Address, COPY_DATA, WireClient, bindExecute, parse, simpleQuery, sync } from './wire.ts';

const KINDS = ['memory', 'churn', 'rows', 'views', 'connections', 'subscribers'] as const;
/** So often every row is replaced. */
const CHURNS = 10;
/** Of the table whose memory is measured. */
const MOST_MEASURED_ROWS = 1_000_000;
const GROUPS = 1000;

const options = parseOptions(process.argv.slice(2), [
  ...['only', 'rows', 'views', 'connections', 'changes', 'workers', 'markdown'],
]);
const only = options.some('only', KINDS);
const rowCounts = options.numbers('rows', [10_000, 100_000, 1_000_000, 10_000_000]).map(Math.round);
const connectionCounts = options.numbers('connections', [1, 10, 100, 1000]);
const changes = Math.round(options.number('changes', 2000));
const workerCounts = options.numbers('workers', [1, 2]);
const markdown = options.flag('markdown');

/** A fresh server with a client, for one measurement. */
async function onServer(
  workers: number,
  measure: (client: WireClient, server: Tidewire, address: Address) => Promise<void>,
): Promise<void> {
  const server = await startTidewire({ workers });
  try {
    const address: Address = { port: server.port, user: 'tidewire', database: 'tidewire' };
    const client = await WireClient.open(address);
    await measure(client, server, address);
    client.end();
  } finally {
    await server.stop();
  }
}

/** `key` int8, a group of GROUPS, and 40 bytes of text that are different in each row. */
async function fill(client: WireClient, rows: number, constraint: string): Promise<void> {
  await client.run(`CREATE TABLE items (key int8${constraint}, part int8, value text)`);
  for (let from = 0; from < rows; from += 1_000_000) {
    await client.run(
      `INSERT INTO items SELECT i, i % ${GROUPS}, md5(i::text) || lpad((i % 100000)::text, 8, '0')
       FROM generate_series(${from}, ${Math.min(rows, from + 1_000_000) - 1}) AS i`,
    );
  }
}

/** Runs `once` for each change, one after the other: microseconds of the server's CPU, and milliseconds until its answer. */
async function each(
  { process }: Tidewire,
  count: number,
  once: (i: number) => Promise<void>,
): Promise<{ readonly cpu: string; readonly p50: string; readonly p99: string }> {
  for (let i = 0; i < Math.min(200, count); i++) await once(i);
  const times = new Float64Array(count);
  const cpu = cpuSeconds(process.pid!);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await once(i);
    times[i] = performance.now() - start;
  }
  const spent = cpuSeconds(process.pid!) - cpu;
  times.sort();
  const at = (share: number): string => quantile(times, share).toFixed(2);
  return { cpu: thousands((spent * 1e6) / count), p50: at(0.5), p99: at(0.99) };
}

const change = (i: number, rows: number): Buffer =>
  Buffer.concat([bindExecute('change', [String((i * 7919) % rows)]), sync]);
const prepareChange = Buffer.concat([
  parse('change', 'UPDATE items SET part = part WHERE key = $1'),
  parse('read', 'SELECT value FROM items WHERE key = $1'),
  sync,
]);

/** What takes memory: the statements before, and the one whose memory it is. */
const ARRANGEMENTS: readonly { readonly name: string; readonly before?: string; readonly makes?: string }[] =
  [
    { name: 'table without a key' },
    { name: 'table by its primary key' },
    {
      name: 'materialized view of (key, value)',
      makes: 'CREATE MATERIALIZED VIEW v AS SELECT key, value FROM items WHERE key >= 0',
    },
    { name: 'index on another column', makes: 'CREATE INDEX by_part ON items (part)' },
    {
      name: 'count and sum, a row a group',
      makes:
        'CREATE MATERIALIZED VIEW v AS SELECT key, count(*) AS n, sum(part) AS s FROM items GROUP BY key',
    },
    {
      name: 'maximum, 1,000 rows a group',
      makes: 'CREATE MATERIALIZED VIEW v AS SELECT part, max(value) AS last FROM items GROUP BY part',
    },
    {
      name: 'join by the key of both',
      before:
        'CREATE TABLE others (key int8 PRIMARY KEY, n int8); INSERT INTO others SELECT key, part FROM items',
      makes: 'CREATE MATERIALIZED VIEW v AS SELECT key, value, n FROM items JOIN others USING (key)',
    },
  ];

async function memory(): Promise<void> {
  const rows = Math.min(MOST_MEASURED_ROWS, Math.max(...rowCounts));
  const lines = [['arrangement', 'rows', 'bytes a row', 'server, MB']];
  for (const { name, before, makes } of ARRANGEMENTS) {
    await onServer(1, async (client, { process }) => {
      const pid = process.pid!;
      const constraint = name === 'table without a key' ? '' : ' PRIMARY KEY';
      let start = await settledMegabytes(pid);
      await fill(client, rows, constraint);
      if (makes !== undefined) {
        if (before !== undefined) await client.run(before);
        start = await settledMegabytes(pid);
        await client.run(makes);
      }
      const end = await settledMegabytes(pid);
      const bytes = ((end - start) * 2 ** 20) / rows;
      lines.push([name, thousands(rows), bytes.toFixed(0), thousands(end)]);
    });
  }
  show('Memory that a row takes (a key of 8 bytes, a group of 8, a text of 40)', lines);
}

/** Memory of a table and a view of it when they are new, and when every row was replaced again and again. */
async function churn(): Promise<void> {
  const rows = Math.min(MOST_MEASURED_ROWS, Math.max(...rowCounts));
  const lines = [['rows', 'loaded, MB', `each replaced ${CHURNS} times, MB`, 'to loaded']];
  await onServer(1, async (client, { process }) => {
    await fill(client, rows, ' PRIMARY KEY');
    await client.run(
      'CREATE MATERIALIZED VIEW v AS SELECT part, count(*) AS n, max(value) AS last FROM items GROUP BY part',
    );
    const loaded = await settledMegabytes(process.pid!);
    for (let i = 0; i < CHURNS; i++) {
      await client.run(
        `UPDATE items SET part = (part + 1) % ${GROUPS}, value = md5(value) || right(value, 8)`,
      );
    }
    const churned = await settledMegabytes(process.pid!);
    lines.push([
      ...[thousands(rows), thousands(loaded), thousands(churned)],
      `${(churned / loaded).toFixed(2)}×`,
    ]);
  });
  show('Memory of a table by its primary key and an aggregate over it, before and after churn', lines);
}

async function rows(): Promise<void> {
  const lines = [['rows before', 'workers', 'CPU µs a change', 'p50 ms', 'p99 ms']];
  for (const workers of workerCounts) {
    for (const count of rowCounts) {
      await onServer(workers, async (client, server) => {
        await fill(client, count, ' PRIMARY KEY');
        await client.run(
          'CREATE MATERIALIZED VIEW totals AS SELECT part, count(*) AS n, max(value) AS last FROM items GROUP BY part',
        );
        await client.request(prepareChange);
        const { cpu, p50, p99 } = await each(server, changes, (i) => client.request(change(i, count)));
        lines.push([thousands(count), String(workers), cpu, p50, p99]);
      });
    }
  }
  show('An update by key, with an aggregate over all rows maintained', lines);
}

async function views(): Promise<void> {
  const counts = options.numbers('views', [1, 10, 100, 300]);
  const lines = [['views', 'CPU µs a change', 'p50 ms', 'p99 ms', 'CREATE, ms each', 'server, MB']];
  await onServer(1, async (client, server) => {
    await fill(client, 10_000, ' PRIMARY KEY');
    await client.request(prepareChange);
    let made = 0;
    for (const count of counts.toSorted((a, b) => a - b)) {
      const [start, before] = [performance.now(), made];
      for (; made < count; made++) {
        await client.run(
          `CREATE MATERIALIZED VIEW v${made} AS SELECT part % ${made + 2} AS part, count(*) AS n FROM items GROUP BY 1`,
        );
      }
      const create = (performance.now() - start) / Math.max(1, made - before);
      const { cpu, p50, p99 } = await each(server, changes, (i) => client.request(change(i, 10_000)));
      const megabytes = await settledMegabytes(server.process.pid!);
      lines.push([thousands(count), cpu, p50, p99, create.toFixed(1), thousands(megabytes)]);
    }
  });
  show('An update by key of one of 10,000 rows, with that many aggregates over all rows maintained', lines);
}

async function connections(): Promise<void> {
  const lines = [['connections', 'CPU µs a read', 'p50 ms', 'p99 ms', 'KB a connection']];
  await onServer(1, async (first, server, address) => {
    await fill(first, 10_000, ' PRIMARY KEY');
    const clients: WireClient[] = [];
    const before = await settledMegabytes(server.process.pid!);
    for (const count of connectionCounts.toSorted((a, b) => a - b)) {
      while (clients.length < count) {
        const client = await WireClient.open(address);
        await client.request(prepareChange);
        clients.push(client);
      }
      const { cpu, p50, p99 } = await each(server, changes, (i) =>
        clients[i % count]!.request(
          Buffer.concat([bindExecute('read', [String((i * 7919) % 10_000)]), sync]),
        ),
      );
      const kilobytes = (((await settledMegabytes(server.process.pid!)) - before) * 1024) / count;
      lines.push([thousands(count), cpu, p50, p99, kilobytes.toFixed(0)]);
    }
    for (const client of clients) client.end();
  });
  show('A read by key, from one connection after the other', lines);
}

async function subscribers(): Promise<void> {
  const lines = [['subscribers', 'CPU µs an insert', 'a subscriber', 'all have it, p50 ms', 'p99 ms']];
  await onServer(1, async (client, server, address) => {
    await client.run('CREATE TABLE events (n int8)');
    await client.run('CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS events FROM events');
    await client.request(Buffer.concat([parse('insert', 'INSERT INTO events VALUES ($1)'), sync]));
    const clients: WireClient[] = [];
    let heard = 0;
    let all: (() => void) | null = null;
    for (const count of connectionCounts.toSorted((a, b) => a - b)) {
      while (clients.length < count) {
        const subscriber = await WireClient.open(address);
        const subscribed = new Promise<void>((resolve) => {
          subscriber.onMessage = (type) => {
            // Of each insert a row that leaves and one that enters.
            if (type === COPY_DATA && ++heard === 2 * clients.length) all?.();
            else if (type !== COPY_DATA) resolve();
          };
        });
        subscriber.socket.write(simpleQuery('COPY (SUBSCRIBE totals WITH (SNAPSHOT = false)) TO STDOUT'));
        await subscribed;
        clients.push(subscriber);
      }
      const most = Math.max(20, Math.round(changes / count));
      const { cpu, p50, p99 } = await each(server, most, async (i) => {
        heard = 0;
        const arrived = new Promise<void>((resolve) => (all = resolve));
        await client.request(Buffer.concat([bindExecute('insert', [String(i)]), sync]));
        await arrived;
      });
      const of = (Number(cpu.replaceAll(',', '')) / count).toFixed(1);
      lines.push([thousands(count), cpu, of, p50, p99]);
    }
    for (const subscriber of clients) subscriber.end();
  });
  show('An insert, with that many subscribers to a count of all rows', lines);
}

function show(title: string, lines: readonly (readonly string[])[]): void {
  console.log(`${title}:\n\n${table(lines, markdown)}\n`);
}

const measures = { memory, churn, rows, views, connections, subscribers };
for (const kind of only) await measures[kind]();
console.log(circumstances([]));
const busy = loadWarning();
if (busy !== null) console.log(`Note: ${busy}.`);
