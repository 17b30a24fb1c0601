/** The documentation's SQL, page by page over a fresh server: it runs, fails as announced, and gives what is shown. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';
import { type Registry, registryMissing, startRegistry } from '../support/registry.ts';
import { encoded } from './encoded.ts';
import { type Block, needsKafka, needsRegistry, pages } from './pages.ts';

/** Sources read on their own time: how long a shown result may take to come. */
const PATIENCE = 20_000;
/** Values as the server wrote them. */
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

const all = pages();

describe.each(all.filter((page) => !needsKafka(page)))('$path', ({ blocks }) => runPage(blocks));
for (const page of all.filter(needsKafka)) {
  const registry = needsRegistry(page);
  const missing = kafkaMissing() ?? (registry ? registryMissing() : null);
  describeWith(missing, page.path, () =>
    runPage(page.blocks, startKafka, registry ? startRegistry : undefined),
  );
}

function runPage(
  written: readonly Block[],
  start?: () => Promise<KafkaBroker>,
  startRegistry?: () => Promise<Registry>,
): void {
  let server: Tidewire | undefined;
  let broker: KafkaBroker | undefined;
  let registry: Registry | undefined;
  let client: pg.Client | undefined;

  beforeAll(async () => {
    [server, broker, registry] = await Promise.all([startTidewire(), start?.(), startRegistry?.()]);
    client = await server.connect();
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
    await broker?.stop();
    await registry?.stop();
  });

  test.each(written)('line $line', async (page) => {
    const block = {
      ...page,
      sql: page.sql
        .replaceAll('localhost:9092', broker?.open ?? 'localhost:9092')
        .replaceAll('http://localhost:8081', registry?.url ?? 'http://localhost:8081'),
    };
    if (block.mode === 'topic') await sendLines(broker!, registry, block);
    else if (block.mode === 'schema') {
      await registry!.register(block.subject!, block.sql, { type: block.encoding as 'AVRO' | 'PROTOBUF' });
    } else if (block.mode === 'live') await startsToFlow(server!, block);
    else if (block.mode === 'error') {
      await expect(client!.query(block.sql)).rejects.toMatchObject({ code: block.sqlstate });
    } else if (block.expected === null) await client!.query(block.sql);
    else await gives(client!, block);
  });
}

/** Makes the topic and sends a message a line. */
async function sendLines(
  broker: KafkaBroker,
  registry: Registry | undefined,
  { sql, topic = '', encoding }: Block,
): Promise<void> {
  await broker.createTopic(topic).catch((error: Error) => {
    if (!/exists/.test(error.message)) throw error;
  });
  const producer = broker.client().producer();
  await producer.connect();
  const parts = sql
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([first = '', second]) =>
      second === undefined ? { value: first } : { key: first, value: second === '' ? null : second },
    );
  const messages =
    encoding === undefined
      ? parts
      : await Promise.all(
          parts.map(async ({ value, ...rest }) => ({
            ...rest,
            value: value === null ? null : await encoded(registry!, topic, encoding, value),
          })),
        );
  await producer.send({ topic, messages });
  await producer.disconnect();
}

/** The shown table, once the sources that it comes from have been read. */
async function gives(client: pg.Client, { sql, expected }: Block): Promise<void> {
  if (!/^(\s|--[^\n]*)*(select|values|table|with)\b/i.test(sql)) {
    expect(await run(client, sql)).toEqual(expected);
    return;
  }
  await expect.poll(() => run(client, sql), { timeout: PATIENCE }).toEqual(expected);
}

async function run(client: pg.Client, sql: string): Promise<string[][]> {
  const results = await client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: asText });
  const all = [results].flat() as unknown as pg.QueryArrayResult<(string | null)[]>[];
  const { fields, rows } = all.at(-1)!;
  return [fields.map(({ name }) => name), ...rows.map((row) => row.map((cell) => cell ?? ''))];
}

/** A subscription has begun when its first row or its first line of COPY is there. */
async function startsToFlow(server: Tidewire, { sql }: Block): Promise<void> {
  const client = await server.connect();
  const connection = (client as unknown as { connection: NodeJS.EventEmitter }).connection;
  try {
    await new Promise<void>((resolve, reject) => {
      connection.once('copyData', () => resolve());
      connection.once('dataRow', () => resolve());
      client.query(sql).then(() => reject(new Error('it ended before a row came')), reject);
    });
  } finally {
    await client.end().catch(() => {});
  }
}
