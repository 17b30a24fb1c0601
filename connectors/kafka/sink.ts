/** INTO KAFKA: what it takes and how it is opened. */
import { SqlError, type Notice } from '../../sql/error.ts';
import type { SinkConnector, SinkOptions, SinkWriter } from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { type KafkaConnectionOptions, firstError, kafkaClient, kafkaError } from './client.ts';
import { type KafkaSinkOptions, kafkaSinkOptions, topicConfig } from './sink-options.ts';
import { createTopic, findTopic, mismatches } from './topic.ts';
import { KafkaWriter } from './writer.ts';

/** What is wrong with the statement rather than with the way to the broker. */
const SQLSTATES: Readonly<Record<string, string>> = {
  INVALID_TOPIC_EXCEPTION: '22023',
  INVALID_PARTITIONS: '22023',
  INVALID_REPLICATION_FACTOR: '22023',
  INVALID_CONFIG: '22023',
  POLICY_VIOLATION: '42501',
  TOPIC_AUTHORIZATION_FAILED: '42501',
  CLUSTER_AUTHORIZATION_FAILED: '42501',
};

export const kafkaSink: SinkConnector<typeof kafkaSinkOptions> = {
  options: kafkaSinkOptions,
  connection: 'kafka',
  messages: true,
  formats: ['json', 'text', 'avro', 'protobuf'],
  subject: ({ topic }: KafkaSinkOptions) => topic,
  envelopes: ['append', 'upsert', 'debezium'],
  delivery: 'exactly once',

  async validate(
    options: KafkaSinkOptions,
    connection: ParsedOptions<OptionSpecs> | null,
  ): Promise<readonly Notice[]> {
    topicConfig(options.topic_config);
    if (options.progress_topic !== undefined) {
      throw new SqlError({
        sqlstate: '0A000',
        message: 'PROGRESS TOPIC is not supported',
        hint: 'The progress is an offset of a consumer group: PROGRESS GROUP ID PREFIX says how its name begins.',
      });
    }
    const kafka = connection as unknown as KafkaConnectionOptions;
    const admin = kafkaClient(kafka, () => undefined, { retries: 1, initialRetryTime: 100 }).admin();
    try {
      await admin.connect();
      const found = await findTopic(admin, options.topic);
      if (found !== null) return await mismatches(admin, found, options);
      await createTopic(admin, options, { validateOnly: true });
      return [];
    } catch (error) {
      const doing = `write to topic "${options.topic}" at ${kafka.brokers}`;
      const { sqlstate, message, hint } = kafkaError(error, kafka, doing);
      const { type = '' } = firstError(error) as { type?: string };
      throw new SqlError({ sqlstate: SQLSTATES[type] ?? sqlstate, message, hint });
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  },

  open(options: SinkOptions<KafkaSinkOptions>): SinkWriter {
    return new KafkaWriter(options);
  },
};
