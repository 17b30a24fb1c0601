/**
 * `npm run bench -- smoke`: word count and Nexmark q1 and q4 through the default server and SQL, on generated data.
 * Prints rows/s, CPU seconds of the server, its peak memory, and push latency from INSERT to a subscriber. A timing
 * never decides a test; the answers are checked.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';

const WORDS = 1_000_000;
const EVENTS = 500_000;
const TICKS_A_SECOND = 100;

interface Usage {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** CPU time and peak memory of a process, from the kernel. */
function usage(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuSeconds: ticks / TICKS_A_SECOND, peakMegabytes: Number(peak) / 1024 };
}

/** Runs a query until its one value satisfies `done`, for at most two minutes. */
async function until(client: pg.Client, sql: string, done: (value: string) => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const value = String(Object.values((await client.query(sql)).rows[0] as object)[0]);
    if (done(value)) return;
    if (Date.now() > deadline) throw new Error(`${sql} is ${value} after two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

interface Case {
  readonly name: string;
  readonly rows: number;
  run(client: pg.Client): Promise<void>;
}

async function measure(testCase: Case): Promise<void> {
  const server = await startTidewire();
  try {
    const client = await server.connect();
    const pid = server.process.pid!;
    const before = usage(pid);
    const start = performance.now();
    await testCase.run(client);
    const seconds = (performance.now() - start) / 1000;
    const after = usage(pid);
    const cpu = after.cpuSeconds - before.cpuSeconds;
    console.log(
      `${testCase.name.padEnd(12)} ${String(testCase.rows).padStart(8)} rows  ${seconds.toFixed(2)} s  ` +
        `${Math.round(testCase.rows / seconds)} rows/s  ${cpu.toFixed(2)} CPU s  peak ${after.peakMegabytes.toFixed(0)} MB`,
    );
    await client.end();
  } finally {
    await server.stop();
  }
}

async function pushLatency(server: Tidewire): Promise<void> {
  const writer = await server.connect();
  const reader = await server.connect();
  await writer.query('CREATE TABLE items (k int8, v int8)');
  await writer.query(
    'CREATE MATERIALIZED VIEW totals AS SELECT k, count(*) AS n, sum(v) AS s FROM items GROUP BY k',
  );
  await writer.query('INSERT INTO items VALUES (0, 0)');
  await reader.query('BEGIN');
  await reader.query('DECLARE c CURSOR FOR SUBSCRIBE totals WITH (SNAPSHOT = false)');
  const latencies: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const start = performance.now();
    const next = reader.query("FETCH 2 FROM c WITH (TIMEOUT = '5s')");
    await writer.query('INSERT INTO items VALUES (0, 1)');
    if ((await next).rows.length !== 2) throw new Error('no change arrived within five seconds');
    latencies.push(performance.now() - start);
  }
  latencies.sort((a, b) => a - b);
  const at = (share: number): string => latencies[Math.floor((latencies.length - 1) * share)]!.toFixed(2);
  console.log(
    `push: INSERT to subscriber, one row at a time, both clients in one Node process: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  );
  await reader.query('ROLLBACK');
  await reader.end();
  await writer.end();
}

const directory = mkdtempSync(join(tmpdir(), 'tidewire-bench-'));
try {
  const words = join(directory, 'words.csv');
  let seed = 1;
  const lines = ['word'];
  for (let i = 0; i < WORDS; i++) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    lines.push(`word${seed % 5000}`);
  }
  writeFileSync(words, `${lines.join('\n')}\n`);
  await measure({
    name: 'word count',
    rows: WORDS,
    async run(client) {
      await client.query(`CREATE SOURCE words (word text) FROM FILE (PATH '${words}') FORMAT CSV (HEADER)`);
      await client.query(
        'CREATE MATERIALIZED VIEW counts AS SELECT word, count(*) AS n FROM words GROUP BY word',
      );
      await until(client, 'SELECT sum(n) FROM counts', (value) => Number(value) === WORDS);
    },
  });
  const nexmark = `CREATE SOURCE nexmark FROM GENERATOR NEXMARK (EVENTS ${EVENTS}, SEED 1) FOR ALL TABLES`;
  const bids = (EVENTS / 50) * 46;
  await measure({
    name: 'nexmark q1',
    rows: EVENTS,
    async run(client) {
      await client.query(nexmark);
      await client.query(
        'CREATE MATERIALIZED VIEW q1 AS SELECT auction, bidder, 0.908 * price AS price, date_time FROM bid',
      );
      await until(client, 'SELECT count(*) FROM q1', (value) => Number(value) === bids);
    },
  });
  await measure({
    name: 'nexmark q4',
    rows: EVENTS,
    async run(client) {
      await client.query(nexmark);
      await client.query(`CREATE MATERIALIZED VIEW q4 AS
        SELECT category, avg(final) AS final FROM (
          SELECT max(b.price) AS final, a.category FROM auction a, bid b
          WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires GROUP BY a.id, a.category) AS q
        GROUP BY category`);
      await until(client, 'SELECT count(*) FROM bid', (value) => Number(value) === bids);
      await client.query('SELECT * FROM q4');
    },
  });
  const server = await startTidewire();
  try {
    await pushLatency(server);
  } finally {
    await server.stop();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
