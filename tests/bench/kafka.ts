/**
 * `npm run bench -- kafka`: records of 100 bytes of JSON from a topic into a source, a count view over it, and back into a
 * topic by a sink; beside what kafkajs alone needs to read and to write them. CPU is that of the process that reads or
 * writes, without the broker's.
 *
 *     --records 1000000
 *     --partitions 4
 *     --workers 1
 *     --markdown
 */
import type { Message } from 'kafkajs';
import type pg from 'pg';
import { KAFKA_VERSION, type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import { parseOptions } from './options.ts';
import { circumstances, loadWarning, table } from './report.ts';
import { thousands } from './statistics.ts';
import { PeakMemory, cpuSeconds } from './usage.ts';

const options = parseOptions(process.argv.slice(2), ['records', 'partitions', 'workers', 'markdown']);
const records = Math.round(options.number('records', 1_000_000));
const partitions = Math.round(options.number('partitions', 4));
const workers = options.number('workers', 1);
/** Records that are sent at once. */
const PORTION = 500;
const PATIENCE_SECONDS = 600;

interface Cost {
  readonly what: string;
  readonly seconds: number;
  readonly cpu: number;
}

/** 100 bytes. */
function record(id: number): Message {
  const text = `{"id":${id},"kind":${id % 1000},"note":"`;
  return { value: `${text}${'n'.repeat(98 - text.length)}"}`, partition: id % partitions };
}

async function measured(what: string, pid: number, run: () => Promise<void>): Promise<Cost> {
  const [begun, cpu] = [performance.now(), cpuSeconds(pid)];
  await run();
  return { what, seconds: (performance.now() - begun) / 1000, cpu: cpuSeconds(pid) - cpu };
}

async function written(broker: KafkaBroker): Promise<Cost> {
  await broker.createTopic('records', partitions);
  const producer = broker.client().producer();
  await producer.connect();
  const cost = await measured('kafkajs alone: write', process.pid, async () => {
    for (let at = 0; at < records; at += PORTION) {
      const count = Math.min(PORTION, records - at);
      const messages = Array.from({ length: count }, (_, index) => record(at + index));
      await producer.send({ topic: 'records', messages });
    }
  });
  await producer.disconnect();
  return cost;
}

async function read(broker: KafkaBroker): Promise<Cost> {
  const consumer = broker.client().consumer({ groupId: 'alone', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topics: ['records'], fromBeginning: true });
  const cost = await measured('kafkajs alone: read', process.pid, async () => {
    let count = 0;
    await new Promise<void>((resolve) => {
      void consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: partitions,
        eachBatch: async ({ batch }) => {
          count += batch.messages.length;
          if (count >= records) resolve();
        },
      });
    });
  });
  await consumer.disconnect();
  return cost;
}

/** Waits until a query gives what it should. */
async function gives(client: pg.Client, sql: string, value: number): Promise<void> {
  const end = performance.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    const found = Number(rows[0]?.[0] ?? 0);
    if (found === value) return;
    if (found > value) throw new Error(`${sql}: ${found}, more than ${value}`);
    if (performance.now() > end)
      throw new Error(`${sql}: ${found} after ${PATIENCE_SECONDS} s, not ${value}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const status = (sink: string): string => `SELECT rows FROM tw_catalog.sink_status WHERE name = '${sink}'`;
const SOURCE = `(id int, kind int, note text) FROM KAFKA CONNECTION k (TOPIC 'records') FORMAT JSON`;

async function throughTidewire(broker: KafkaBroker, server: Tidewire): Promise<Cost[]> {
  const client = await server.connect();
  const pid = server.process.pid!;
  const ask = (sql: string): Promise<unknown> => client.query(sql);
  await ask(`CREATE CONNECTION k TO KAFKA (BROKERS '${broker.open}')`);
  const costs = [
    await measured('Tidewire: source and count view', pid, async () => {
      await ask(`CREATE SOURCE records ${SOURCE}`);
      await ask('CREATE MATERIALIZED VIEW kinds AS SELECT kind, count(*) AS n FROM records GROUP BY kind');
      await ask('CREATE MATERIALIZED VIEW total AS SELECT count(*) AS n FROM records');
      await gives(client, 'SELECT n FROM total', records);
    }),
    await measured('Tidewire: sink of what is there', pid, async () => {
      await ask(`CREATE SINK back FROM records INTO KAFKA CONNECTION k (TOPIC 'back', TOPIC PARTITION COUNT ${partitions})
        KEY (id) FORMAT JSON ENVELOPE APPEND`);
      await gives(client, status('back'), records);
    }),
  ];
  await ask('DROP SOURCE records CASCADE');
  costs.push(
    await measured('Tidewire: source, count view, sink', pid, async () => {
      await ask(`CREATE SOURCE records ${SOURCE}`);
      await ask('CREATE MATERIALIZED VIEW total AS SELECT count(*) AS n FROM records');
      await ask(`CREATE SINK again FROM records INTO KAFKA CONNECTION k (TOPIC 'again', TOPIC PARTITION COUNT ${partitions})
        KEY (id) FORMAT JSON ENVELOPE APPEND`);
      await gives(client, 'SELECT n FROM total', records);
      await gives(client, status('again'), records);
    }),
  );
  await client.end();
  return costs;
}

const missing = kafkaMissing();
if (missing !== null) throw new Error(`bench: ${missing}`);
const broker = await startKafka();
try {
  const costs = [await written(broker), await read(broker)];
  const server = await startTidewire({ workers });
  const memory = new PeakMemory(server.process.pid!);
  try {
    costs.push(...(await throughTidewire(broker, server)));
  } finally {
    const peak = memory.stop();
    await server.stop();
    const rows = costs.map(({ what, seconds, cpu }) => [
      what,
      seconds.toFixed(1),
      thousands(records / seconds),
      thousands(records / cpu),
      ((cpu / records) * 1e6).toFixed(2),
    ]);
    const header = ['', 'seconds', 'records/s', 'records per CPU second', 'CPU µs per record'];
    console.log(table([header, ...rows], options.flag('markdown')));
    console.log(
      `\n${thousands(records)} records of 100 bytes, ${partitions} partitions, ${workers} workers; `,
    );
    console.log(`Tidewire's peak memory ${Math.round(peak)} MB`);
    console.log(circumstances([`Apache Kafka ${KAFKA_VERSION}`]));
    const warning = loadWarning();
    if (warning !== null) console.log(warning);
  }
} finally {
  await broker.stop();
}
