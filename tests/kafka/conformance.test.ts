/** KAFKA through the suites that every source and every sink runs, with a real broker. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import type { SinkConnector, SourceConnector } from '../../connectors/contract.ts';
import { kafkaConnectionOptions } from '../../connectors/kafka/client.ts';
import { kafkaSinkOptions } from '../../connectors/kafka/sink-options.ts';
import { kafkaSink } from '../../connectors/kafka/sink.ts';
import { kafkaSourceOptions } from '../../connectors/kafka/options.ts';
import { kafkaSource } from '../../connectors/kafka/source.ts';
import { type OptionSpecs, type ParsedOptions, parseOptions } from '../../connectors/options.ts';
import { sinkConformance } from '../../connectors/testing/sink-conformance.ts';
import { sourceConformance } from '../../connectors/testing/source-conformance.ts';
import type { Option } from '../../sql/ast/options.ts';
import { KAFKA_USER, type KafkaBroker, kafkaMissing, startKafka } from '../support/kafka.ts';
import { readAll } from '../support/kafka-reader.ts';
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

  /** By name and password. */
  function namedConnection(): ParsedOptions<OptionSpecs> {
    const specs = { ...kafkaConnectionOptions, sasl_password: { type: 'secret', literal: true } } as const;
    const options = [
      option('brokers', broker.sasl),
      option('sasl_mechanism', 'plain'),
      option('sasl_username', KAFKA_USER.name),
      option('sasl_password', KAFKA_USER.password),
    ];
    return parseOptions(specs, options, 'KAFKA');
  }

  sourceConformance({
    name: 'KAFKA',
    connector: kafkaSource as unknown as SourceConnector,
    refused: [
      { options: [option('topic', 't'), option('topic', 'u')], sqlstate: '42601' },
      { options: [option('topic', 't'), option('refresh_interval', '1 ms')], sqlstate: '22023' },
      { options: [option('topic', 't'), option('tpic', 'u')], sqlstate: '22023' },
      { options: [option('topic', 't'), option('start', 'now')], sqlstate: '22023' },
    ],
    altered: {},
    secrets: [KAFKA_USER.password],
    patience: 60_000,
    async create() {
      const topic = `t-${randomUUID()}`;
      await broker.createTopic(topic, PARTITIONS);
      await send(topic, RECORDS);
      return {
        rows: RECORDS,
        upstream: {
          options: parseOptions(kafkaSourceOptions, [option('topic', topic)], 'KAFKA'),
          connection: namedConnection(),
          append: (records) => send(topic, records, 0),
          away: () => broker.kill(),
          back: () => broker.start(),
          close: async () => undefined,
        },
      };
    },
  });

  sinkConformance({
    name: 'KAFKA',
    connector: kafkaSink as unknown as SinkConnector,
    fences: true,
    poison: 'x'.repeat(2 << 20),
    refused: [
      { options: [], sqlstate: '22023' },
      { options: [option('topic', 't'), option('tpic', 'u')], sqlstate: '22023' },
      { options: [option('topic', 't'), option('compression_type', 'rar')], sqlstate: '22023' },
      { options: [option('topic', 't'), option('topic_partition_count', '0')], sqlstate: '22023' },
      { options: [option('topic', 't'), option('transaction_timeout', '1 ms')], sqlstate: '22023' },
    ],
    altered: { compression_type: 'gzip', transaction_timeout: 30_000, snapshot_timeout: 30_000 },
    secrets: [KAFKA_USER.password],
    patience: 60_000,
    encode: (records) => Buffer.concat(records.map(frame)),
    async create() {
      const topic = `t-${randomUUID()}`;
      return {
        options: parseOptions(kafkaSinkOptions, [option('topic', topic)], 'KAFKA'),
        connection: namedConnection(),
        read: async () => (await readAll(broker, topic)).map(({ value }) => String(value)),
        away: () => broker.kill(),
        back: () => broker.start(),
        close: async () => undefined,
      };
    },
  });
});

/** A message without a key, as the engine frames it. */
function frame(value: string): Buffer {
  const header = Buffer.alloc(28);
  header.writeBigInt64LE(1_700_000_000_000_000n, 0);
  header.writeBigInt64LE(-1n, 8);
  header.writeInt32LE(-1, 16);
  header.writeInt32LE(Buffer.byteLength(value), 20);
  header.writeInt32LE(-1, 24);
  return Buffer.concat([header, Buffer.from(value)]);
}
