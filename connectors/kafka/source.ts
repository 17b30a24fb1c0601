/** FROM KAFKA: what it takes and how it is opened. */
import { SqlError, type Notice } from '../../sql/error.ts';
import type { SourceConnector, SourceOptions, SourceReader, UpstreamTable } from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { type KafkaConnectionOptions, kafkaClient, kafkaError } from './client.ts';
import { type KafkaSourceOptions, kafkaSourceOptions, startOffsets, startTimestamp } from './options.ts';
import { KafkaReader } from './reader.ts';

export const kafkaSource: SourceConnector<typeof kafkaSourceOptions> = {
  options: kafkaSourceOptions,
  connection: 'kafka',
  messages: true,
  formats: ['json', 'csv', 'text', 'bytes', 'avro'],
  subject: ({ topic }: KafkaSourceOptions) => topic,
  metadata: ['key', 'partition', 'offset', 'timestamp', 'headers'],

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
    if (topics.includes(topic)) return [];
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
