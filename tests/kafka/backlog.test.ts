/** A backlog is read as fast as it is taken: what waits is bounded, however much lies upstream. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaConnectionOptions } from '../../connectors/kafka/client.ts';
import { kafkaSourceOptions } from '../../connectors/kafka/options.ts';
import { kafkaSource } from '../../connectors/kafka/source.ts';
import { parseOptions } from '../../connectors/options.ts';
import type { Option } from '../../sql/ast/options.ts';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';

const option = (name: string, value: string): Option => ({
  name,
  value: { kind: 'string', value },
  location: 0,
  valueLocation: 0,
});
const RECORDS = 24_000;
const BYTES = 4000;
const MEGABYTE = 1 << 20;
/** What waits and what is on its way; the backlog is 92 MiB. */
const MOST = 48;

/** MiB of buffers that are in use, after a collection: garbage is not held. */
const held = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().arrayBuffers / MEGABYTE;
};

/** As {@link held}, once it stays: the producer's buffers fall away over several collections, as its sockets close. */
const heldAtRest = async (): Promise<number> => {
  const readings = [held()];
  const spread = (last: readonly number[]) => Math.max(...last) - Math.min(...last);
  for (
    let waited = 0;
    waited < 100 && (readings.length < 5 || spread(readings.slice(-5)) > 0.1);
    waited += 1
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    readings.push(held());
  }
  return readings.at(-1)!;
};

describeWith(kafkaMissing(), 'a backlog', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafka();
    await broker.createTopic('backlog', 4);
    const producer = broker.client().producer();
    await producer.connect();
    const value = 'x'.repeat(BYTES);
    for (let at = 0; at < RECORDS; at += 800) {
      const messages = Array.from({ length: 800 }, (_, index) => ({ value, partition: index % 4 }));
      await producer.send({ topic: 'backlog', messages });
    }
    await producer.disconnect();
  }, 120_000);
  afterAll(() => broker?.stop());

  test('waits upstream while nobody takes it, and is read whole', { timeout: 60_000 }, async () => {
    const options = parseOptions(kafkaSourceOptions, [option('topic', 'backlog')], 'KAFKA');
    const connection = parseOptions(kafkaConnectionOptions, [option('brokers', broker.open)], 'KAFKA');
    const before = await heldAtRest();
    const reader = kafkaSource.open({
      options,
      connection,
      offsets: {},
      metadata: [],
      format: { name: 'bytes', header: false },
      context: { directory: '', log: () => undefined },
    });
    const batches = reader.read()[Symbol.asyncIterator]();
    let most = 0;
    try {
      await batches.next();
      // Until something waits, and then until nothing more is fetched.
      await expect.poll(() => held() - before, { timeout: 20_000, interval: 100 }).toBeGreaterThan(4);
      for (let last = -1; held() - last > 1; await new Promise((resolve) => setTimeout(resolve, 500))) {
        last = held();
        most = Math.max(most, last - before);
      }
      while (reader.metrics().records < RECORDS) {
        await batches.next();
        most = Math.max(most, held() - before);
      }
      expect(most).toBeLessThan(MOST);
      expect(reader.metrics()).toMatchObject({ records: RECORDS, lag: 0, partitions: 4 });
    } finally {
      await reader.close();
    }
  });
});
