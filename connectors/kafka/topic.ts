/** The topic that a sink writes to: made where it is missing, compared with what was asked for where it is there. */
import kafkajs from 'kafkajs';
import type { Admin, ITopicConfig } from 'kafkajs';
import type { Notice } from '../../sql/error.ts';
import { type KafkaSinkOptions, topicConfig } from './sink-options.ts';

/** What is known of a topic. */
export interface Topic {
  readonly partitions: number;
  readonly replication: number;
}

/** A topic; null when it is not there, or may not be seen. */
export async function findTopic(admin: Admin, topic: string): Promise<Topic | null> {
  if (!(await admin.listTopics()).includes(topic)) return null;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]?.partitions ?? [];
  return { partitions: partitions.length, replication: partitions[0]?.replicas.length ?? 0 };
}

function wanted(options: KafkaSinkOptions): ITopicConfig {
  return {
    topic: options.topic,
    // -1: as the broker has it.
    numPartitions: options.topic_partition_count ?? -1,
    replicationFactor: options.topic_replication_factor ?? -1,
    configEntries: topicConfig(options.topic_config),
  };
}

/** Makes the topic, or only asks whether it could be made. One that came meanwhile is as good. */
export async function createTopic(
  admin: Admin,
  options: KafkaSinkOptions,
  { validateOnly }: { readonly validateOnly: boolean },
): Promise<void> {
  await admin.createTopics({ topics: [wanted(options)], waitForLeaders: !validateOnly, validateOnly });
}

/** In what a topic that is there is not what was asked for. */
export async function mismatches(admin: Admin, found: Topic, options: KafkaSinkOptions): Promise<Notice[]> {
  const { topic, topic_partition_count: count, topic_replication_factor: factor } = options;
  const notices: Notice[] = [];
  const differs = (what: string, has: string | number, asked: string | number): void => {
    notices.push({
      severity: 'WARNING',
      sqlstate: '01000',
      message: `topic "${topic}" has ${what} ${has}, not ${asked}`,
      hint: 'It was there before the sink, and is used as it is.',
    });
  };
  if (count !== undefined && count !== found.partitions) differs('partition count', found.partitions, count);
  if (factor !== undefined && factor !== found.replication) {
    differs('replication factor', found.replication, factor);
  }
  const config = topicConfig(options.topic_config);
  if (config.length === 0) return notices;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: topic,
        configNames: config.map(({ name }) => name),
      },
    ],
  });
  const entries = resources[0]?.configEntries ?? [];
  for (const { name, value } of config) {
    const has = entries.find(({ configName }) => configName === name)?.configValue;
    if (has !== undefined && has !== value) differs(name, has, value);
  }
  return notices;
}

/** The greatest batch that the topic takes; null where that may not be seen. */
export async function maxMessageBytes(admin: Admin, topic: string): Promise<number | null> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [
        { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['max.message.bytes'] },
      ],
    });
    const bytes = Number(resources[0]?.configEntries[0]?.configValue);
    return bytes > 0 ? bytes : null;
  } catch {
    return null;
  }
}
