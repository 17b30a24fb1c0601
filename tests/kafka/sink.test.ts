/** CREATE SINK … INTO KAFKA over the wire: a real broker, a real server, a reader with read_committed. */
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { type ReadMessage, readTopic } from '../support/kafka-reader.ts';
import { describeWith } from '../support/left-out.ts';
import { type Tidewire, startTidewire } from '../support/tidewire.ts';
import '../../connectors/kafka/codecs.ts';

const PATIENCE = 40_000;

describeWith(kafkaMissing(), 'INTO KAFKA', () => {
  let broker: KafkaBroker;
  let server: Tidewire;
  let client: pg.Client;

  beforeAll(async () => {
    [broker, server] = await Promise.all([startKafka(), startTidewire()]);
    client = await server.connect();
    await ask(`CREATE CONNECTION k TO KAFKA (BROKERS '${broker.open}')`);
    await ask('CREATE TABLE sales (id int PRIMARY KEY, city text, amount numeric)');
    await ask(
      'CREATE MATERIALIZED VIEW by_city AS SELECT city, sum(amount) AS total, count(*) AS n FROM sales GROUP BY city',
    );
  });
  afterAll(async () => {
    await client?.end();
    await server?.stop();
    await broker?.stop();
  });

  async function ask(sql: string): Promise<unknown[]> {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  }
  async function gives(sql: string, rows: unknown[]): Promise<void> {
    await expect.poll(() => ask(sql), { timeout: PATIENCE }).toEqual(rows);
  }
  /** What a topic has, once it has so many messages. */
  const messages = (topic: string, count: number): Promise<ReadMessage[]> => readTopic(broker, topic, count);
  const text = (buffer: Buffer | null): string | null => (buffer === null ? null : buffer.toString());
  const pairs = (read: readonly ReadMessage[]): unknown[] =>
    read.map(({ key, value }) => [text(key), text(value)]);

  test('UPSERT in JSON: the newest value of each key, tombstones for those that went', async () => {
    await ask("INSERT INTO sales VALUES (1, 'Oslo', 1.50), (2, 'Lisbon', 2)");
    await ask(`CREATE SINK totals FROM by_city INTO KAFKA CONNECTION k (TOPIC 'totals')
      KEY (city) FORMAT JSON ENVELOPE UPSERT`);
    const first = await messages('totals', 2);
    expect(pairs(first).sort()).toEqual([
      ['{"city":"Lisbon"}', '{"city":"Lisbon","total":2,"n":1}'],
      ['{"city":"Oslo"}', '{"city":"Oslo","total":1.50,"n":1}'],
    ]);
    await ask("UPDATE sales SET city = 'Paris' WHERE id = 2");
    await ask("INSERT INTO sales VALUES (3, 'Oslo', 4)");
    const all = await messages('totals', 5);
    expect(pairs(all.slice(2, 4)).sort()).toEqual([
      ['{"city":"Lisbon"}', null],
      ['{"city":"Paris"}', '{"city":"Paris","total":2,"n":1}'],
    ]);
    expect(pairs(all.slice(4))).toEqual([['{"city":"Oslo"}', '{"city":"Oslo","total":5.50,"n":2}']]);
    await gives("SELECT state, error, rows, lag FROM tw_catalog.sink_status WHERE name = 'totals'", [
      ['running', null, '5', '0'],
    ]);
  });
});
