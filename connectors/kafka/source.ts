/** FROM KAFKA: what it takes and how it is opened. */
import { SqlError, type Notice } from '../../sql/error.ts';
import type { SourceConnector, SourceOptions, SourceReader, UpstreamTable } from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { type KafkaConnectionOptions, kafkaClient, kafkaError } from './client.ts';
import {
  type KafkaSourceOptions,
  kafkaSourceOptions,
  startOffsets,
  startTimestamp,
  topicPattern,
} from './options.ts';
import { KafkaReader } from './reader.ts';

export const kafkaSource: SourceConnector<typeof kafkaSourceOptions> = {
  options: kafkaSourceOptions,
  connection: 'kafka',
  messages: true,
  formats: ['json', 'csv', 'text', 'bytes', 'avro', 'protobuf'],
  subject: ({ topic }: KafkaSourceOptions) => topic ?? null,
  metadata: ['key', 'topic', 'partition', 'offset', 'timestamp', 'headers', 'header'],
  appendOnly: () => true,

  async validate(
    options: KafkaSourceOptions,
    connection: ParsedOptions<OptionSpecs> | null,
  ): Promise<readonly Notice[]> {
    if (options.start_offsets !== undefined && options.start_timestamp !== undefined) {
      throw new SqlError({
        sqlstate: '22023',
        message: 'START OFFSETS and START TIMESTAMP exclude each other',
      });
    }
    if (options.start_offsets !== undefined) startOffsets(options.start_offsets);
    if (options.start_timestamp !== undefined) startTimestamp(options.start_timestamp);
    const { topic } = options;
    const pattern = topicPattern(options);
    if ((topic === undefined) === (pattern === null)) {
      const message =
        topic === undefined
          ? 'connector KAFKA needs the option "topic"'
          : 'TOPIC and TOPIC PATTERN exclude each other';
      throw new SqlError({
        sqlstate: '22023',
        message,
        hint: 'TOPIC names one, TOPIC PATTERN those that match.',
      });
    }
    if (pattern !== null && options.start_offsets !== undefined) {
      throw new SqlError({ sqlstate: '22023', message: 'START OFFSETS needs one TOPIC' });
    }
    const kafka = connection as unknown as KafkaConnectionOptions;
    const admin = kafkaClient(kafka, () => undefined, { retries: 1, initialRetryTime: 100 }).admin();
    let topics: string[];
    try {
      await admin.connect();
      topics = await admin.listTopics();
    } catch (error) {
      const { sqlstate, message, hint } = kafkaError(error, kafka, `connect to Kafka at ${kafka.brokers}`);
      throw new SqlError({ sqlstate, message, hint });
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
    if (pattern !== null) {
      if (topics.some((name) => pattern.test(name))) return [];
      const message = `no topic matches "${options.topic_pattern}" yet`;
      return [{ severity: 'NOTICE', sqlstate: '00000', message, detail: 'Those that come will be read.' }];
    }
    if (topic === undefined || topics.includes(topic)) return [];
    throw new SqlError({
      sqlstate: '42704',
      message: `topic "${topic}" does not exist`,
      hint: 'It is not there, or the user of the connection may not see it.',
    });
  },

  tables(): Promise<readonly UpstreamTable[]> | null {
    return null;
  },

  async sample(): Promise<Buffer | null> {
    return null;
  },

  open(options: SourceOptions<KafkaSourceOptions>): SourceReader {
    return new KafkaReader(options);
  },
};
