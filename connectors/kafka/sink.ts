/** INTO KAFKA: what it takes and how it is opened. */
import type { Admin } from 'kafkajs';
import { SqlError, type Notice } from '../../sql/error.ts';
import type { SinkConnector, SinkOptions, SinkWriter } from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { type KafkaConnectionOptions, firstError, kafkaClient, kafkaError } from './client.ts';
import { type KafkaSinkOptions, kafkaSinkOptions, topicConfig } from './sink-options.ts';
import { progressTopic, progressTopicNotices } from './progress.ts';
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
    if (options.progress_topic === options.topic) {
      throw new SqlError({ sqlstate: '22023', message: 'TOPIC and PROGRESS TOPIC are the same' });
    }
    const kafka = connection as unknown as KafkaConnectionOptions;
    const admin = kafkaClient(kafka, () => undefined, { retries: 1, initialRetryTime: 100 }).admin();
    try {
      await admin.connect();
      const found = await findTopic(admin, options.topic);
      const notices = found === null ? [] : await mismatches(admin, found, options);
      if (found === null) await createTopic(admin, options, { validateOnly: true });
      return [...notices, ...(await validateProgress(admin, options))];
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

/** A progress topic is there and fit for it, or can be made. */
async function validateProgress(admin: Admin, options: KafkaSinkOptions): Promise<Notice[]> {
  const { progress_topic: topic } = options;
  if (topic === undefined) return [];
  if ((await admin.listTopics()).includes(topic)) return progressTopicNotices(admin, topic);
  await admin.createTopics({ topics: [progressTopic(options)], waitForLeaders: false, validateOnly: true });
  return [];
}
