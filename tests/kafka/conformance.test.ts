/** KAFKA through the suites that every source and every sink runs, with a real broker. */
import { randomUUID } from 'node:crypto';
import type { Message } from 'kafkajs';
import { afterAll, beforeAll } from 'vitest';
import type { SinkConnector, SourceConnector } from '../../connectors/contract.ts';
import { kafkaConnectionOptions } from '../../connectors/kafka/client.ts';
import { kafkaSinkOptions } from '../../connectors/kafka/sink-options.ts';
import { kafkaSink } from '../../connectors/kafka/sink.ts';
import { kafkaSourceOptions } from '../../connectors/kafka/options.ts';
import { kafkaSource } from '../../connectors/kafka/source.ts';
import { type OptionSpecs, type ParsedOptions, parseOptions } from '../../connectors/options.ts';
import type { TestEnvelope } from '../../connectors/testing/engine-collector.ts';
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

/** Messages of which a relation with the rows RECORDS comes, and one for each record that is appended. */
interface Stream {
  readonly messages: readonly Message[];
  append(record: string): Message;
}

/** What happens to a key: null is no row. */
interface Change {
  readonly key: string;
  readonly old: string | null;
  readonly record: string | null;
  readonly partition: number;
}

/** Changes that end in the rows RECORDS: first those that are overtaken, last a new key in each partition. */
const CHANGES: readonly Change[] = [
  ...RECORDS.flatMap((_, index): Change[] => {
    const partition = index % PARTITIONS;
    const gone = { key: `gone ${index}`, partition };
    return [
      ...(index % 4 === 0 ? [{ key: `key ${index}`, old: null, record: `old ${index}`, partition }] : []),
      ...(index % 10 === 0
        ? [
            { ...gone, old: null, record: 'gone' },
            { ...gone, old: 'gone', record: null },
          ]
        : []),
    ];
  }),
  ...RECORDS.map((record, index) => ({
    key: `key ${index}`,
    old: index % 4 === 0 ? `old ${index}` : null,
    record,
    partition: index % PARTITIONS,
  })),
];

const isPoison = (record: string): boolean => record.startsWith('!');

const STREAMS: Readonly<Record<TestEnvelope, () => Stream>> = {
  none() {
    const message = (record: string, partition: number): Message => ({
      value: isPoison(record) ? record : JSON.stringify({ v: record }),
      partition,
    });
    return {
      messages: RECORDS.map((record, index) => message(record, index % PARTITIONS)),
      append: (record) => message(record, 0),
    };
  },
  /** Some keys have an older value first, and some come and go. The last message of each partition is a new key. */
  upsert() {
    const message = (key: string, record: string | null, partition: number): Message => ({
      key,
      value: record === null || isPoison(record) ? record : JSON.stringify({ v: record }),
      partition,
    });
    return {
      messages: CHANGES.map(({ key, record, partition }) => message(key, record, partition)),
      append: (record) => message(record, record, 0),
    };
  },
  /** Changes with positions; of the older ones some come again later. */
  debezium() {
    let lsn = 1000;
    const change = ({ key, old, record, partition }: Change): Message => {
      const row = (v: string | null): object | null => (v === null ? null : { id: key, v });
      lsn += 10;
      const source = { connector: 'postgresql', snapshot: 'false', lsn, sequence: `["${lsn}","${lsn}"]` };
      const op = old === null ? 'c' : record === null ? 'd' : 'u';
      return { value: JSON.stringify({ before: row(old), after: row(record), op, source }), partition };
    };
    const messages = CHANGES.map(change);
    messages.splice(messages.length / 2, 0, ...messages.slice(0, 600));
    return {
      messages,
      append: (record) =>
        isPoison(record)
          ? { value: record, partition: 0 }
          : change({ key: record, old: null, record, partition: 0 }),
    };
  },
};

describeWith(kafkaMissing(), 'with a broker', () => {
  let broker: KafkaBroker;
  beforeAll(async () => {
    broker = await startKafka();
  });
  afterAll(() => broker?.stop());

  async function send(topic: string, messages: readonly Message[]): Promise<void> {
    const producer = broker.client().producer();
    await producer.connect();
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

  for (const [envelope, stream] of Object.entries(STREAMS)) {
    sourceConformance({
      name: envelope === 'none' ? 'KAFKA' : `KAFKA, ENVELOPE ${envelope.toUpperCase()}`,
      connector: kafkaSource as unknown as SourceConnector,
      envelope: envelope as TestEnvelope,
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
        const { messages, append } = stream();
        await send(topic, messages);
        let last: readonly Message[] = [];
        const repeat = { repeat: () => send(topic, last) };
        return {
          rows: RECORDS,
          upstream: {
            options: parseOptions(kafkaSourceOptions, [option('topic', topic)], 'KAFKA'),
            connection: namedConnection(),
            append: (records) => send(topic, (last = records.map(append))),
            ...(envelope === 'none' ? {} : repeat),
            away: () => broker.kill(),
            back: () => broker.start(),
            close: async () => undefined,
          },
        };
      },
    });
  }

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
