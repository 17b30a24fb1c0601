/** KAFKA through the suite that every source runs, with a real broker. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import type { SourceConnector } from '../../connectors/contract.ts';
import { kafkaConnectionOptions } from '../../connectors/kafka/client.ts';
import { kafkaSourceOptions } from '../../connectors/kafka/options.ts';
import { kafkaSource } from '../../connectors/kafka/source.ts';
import { parseOptions } from '../../connectors/options.ts';
import { sourceConformance } from '../../connectors/testing/source-conformance.ts';
import type { Option } from '../../sql/ast/options.ts';
import { type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { describeWith } from '../support/left-out.ts';

function option(name: string, value: string): Option {
  return { name, value: { kind: 'string', value }, location: 0, valueLocation: 0 };
}

const PARTITIONS = 3;
const RECORDS = Array.from({ length: 12_000 }, (_, index) => `${index} ${'-'.repeat(80)}`);

describeWith(kafkaMissing(), 'with a broker', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafka();
  });
  afterAll(() => broker?.stop());

  async function send(topic: string, records: readonly string[], partition?: number): Promise<void> {
    const producer = broker.client().producer();
    await producer.connect();
    const messages = records.map((value, index) => ({ value, partition: partition ?? index % PARTITIONS }));
    for (let at = 0; at < messages.length; at += 1000) {
      await producer.send({ topic, messages: messages.slice(at, at + 1000) });
    }
    await producer.disconnect();
  }

  sourceConformance({
    name: 'KAFKA',
    connector: kafkaSource as unknown as SourceConnector,
    refused: [
      { options: [], sqlstate: '22023' },
      { options: [option('topic', 't'), option('tpic', 'u')], sqlstate: '22023' },
      { options: [option('topic', 't'), option('start', 'now')], sqlstate: '22023' },
    ],
    altered: {},
    secrets: [],
    patience: 60_000,
    async create() {
      const topic = `t-${randomUUID()}`;
      await broker.createTopic(topic, PARTITIONS);
      await send(topic, RECORDS);
      return {
        rows: RECORDS,
        upstream: {
          options: parseOptions(kafkaSourceOptions, [option('topic', topic)], 'KAFKA'),
          connection: parseOptions(kafkaConnectionOptions, [option('brokers', broker.open)], 'KAFKA'),
          append: (records) => send(topic, records, 0),
          away: () => broker.kill(),
          back: () => broker.start(),
          close: async () => undefined,
        },
      };
    },
  });
});
