/**
 * Where a sink's progress is: the timestamp below which all is written. It is part of the transaction that writes the changes,
 * so a reader with read_committed sees both or neither, and so does the sink when it recovers.
 *
 * Without PROGRESS TOPIC it is the offset that the transaction commits for a consumer group of the sink's own, which wants no
 * topic, is read with one request, and which Kafka forgets a while after the last commit. With it, it is the last record with
 * the sink's key in partition 0 of a compacted topic, which stays.
 */
import { createRequire } from 'node:module';
import kafkajs from 'kafkajs';
import type { Admin, ITopicConfig, Kafka, Transaction } from 'kafkajs';
import { recordBatches } from '../../engine/index.ts';
import type { Notice } from '../../sql/error.ts';
import { Fetching } from './fetching.ts';
import { messageFrame, outgoingMessages } from './outgoing.ts';
import type { KafkaSinkOptions } from './sink-options.ts';

/** Of the sink whose `identity` it is. */
export interface SinkProgress {
  /** Makes what it needs of the broker. */
  prepare(admin: Admin): Promise<void>;
  /** What is committed; undefined where nothing is. */
  read(client: Kafka, admin: Admin): Promise<number | undefined>;
  /** Puts it into a transaction. */
  write(transaction: Transaction, upTo: number): Promise<void>;
}

export function sinkProgress(options: KafkaSinkOptions, identity: string): SinkProgress {
  const group = `${options.progress_group_id_prefix}-${identity}`;
  return options.progress_topic === undefined
    ? new GroupProgress(group, options.topic)
    : new TopicProgress(options, group);
}

class GroupProgress implements SinkProgress {
  readonly #group: string;
  readonly #topic: string;

  constructor(group: string, topic: string) {
    this.#group = group;
    this.#topic = topic;
  }

  async prepare(): Promise<void> {
    // The group comes with its first offset.
  }

  async read(_client: Kafka, admin: Admin): Promise<number | undefined> {
    const groups = await admin.fetchOffsets({ groupId: this.#group, topics: [this.#topic] });
    const upTo = Number(groups[0]?.partitions.find((each) => each.partition === 0)?.offset ?? -1);
    return upTo >= 0 ? upTo : undefined;
  }

  async write(transaction: Transaction, upTo: number): Promise<void> {
    const partitions = [{ partition: 0, offset: String(upTo) }];
    await transaction.sendOffsets({
      consumerGroupId: this.#group,
      topics: [{ topic: this.#topic, partitions }],
    });
  }
}

/** How many of the topic's last records are looked at first for that of the sink. */
const WINDOW = 1000;
const FETCH = { bytes: 1 << 20, wait: 500 } as const;

class TopicProgress implements SinkProgress {
  readonly #options: KafkaSinkOptions;
  readonly #topic: string;
  readonly #key: string;

  constructor(options: KafkaSinkOptions, key: string) {
    this.#options = options;
    this.#topic = options.progress_topic!;
    this.#key = key;
  }

  async prepare(admin: Admin): Promise<void> {
    if ((await admin.listTopics()).includes(this.#topic)) return;
    await admin.createTopics({ topics: [progressTopic(this.#options)], waitForLeaders: true });
  }

  async read(client: Kafka, admin: Admin): Promise<number | undefined> {
    const offsets = await admin.fetchTopicOffsets(this.#topic);
    const { low = '0', high = '0' } = offsets.find(({ partition }) => partition === 0) ?? {};
    const [first, end] = [Number(low), Number(high)];
    if (first === end) return undefined;
    const fetching = await Fetching.connect(client, [this.#topic]);
    try {
      for (let window = WINDOW; ; window *= 10) {
        const from = Math.max(first, end - window);
        const found = await this.#find(fetching, from, end);
        if (found !== undefined || from === first) return found;
      }
    } finally {
      fetching.close();
    }
  }

  /** The last between two offsets. */
  async #find(fetching: Fetching, from: number, end: number): Promise<number | undefined> {
    let found: number | undefined;
    for (let offset = from; offset < end;) {
      const [node] = [...fetching.leaders()].find(([, led]) => led.some(({ partition }) => partition === 0))!;
      const wanted = [{ topic: this.#topic, partition: 0, offset }];
      const [fetched] = await fetching.fetch(node, wanted, FETCH);
      if (fetched?.error) throw fetched.error;
      const { batches, aborted } = fetched!;
      const portions = recordBatches.portions(batches, offset, aborted, batches.length + 1);
      // Nothing that may be seen is left.
      if (portions.length === 0) break;
      for (const { start, end: to, next } of portions) {
        for (const { key, value } of await recordsOf(batches.subarray(start, to))) {
          if (key?.toString() === this.#key && value !== null) found = upToOf(value) ?? found;
        }
        offset = next;
      }
    }
    return found;
  }

  async write(transaction: Transaction, upTo: number): Promise<void> {
    const frames = messageFrame(this.#key, JSON.stringify({ up_to: upTo }), upTo);
    await transaction.send({
      topic: this.#topic,
      messages: outgoingMessages({ frames, count: 1 }),
    });
  }
}

/** A record that is none of ours says nothing. */
function upToOf(value: Buffer): number | undefined {
  try {
    const { up_to: upTo } = JSON.parse(value.toString()) as { up_to?: unknown };
    return typeof upTo === 'number' ? upTo : undefined;
  } catch {
    return undefined;
  }
}

/** The topic, where the sink makes it. */
export function progressTopic(options: KafkaSinkOptions): ITopicConfig {
  return {
    topic: options.progress_topic!,
    numPartitions: 1,
    replicationFactor: options.topic_replication_factor ?? -1,
    configEntries: [
      { name: 'cleanup.policy', value: 'compact' },
      // What is overtaken goes soon.
      { name: 'segment.bytes', value: String(16 << 20) },
    ],
  };
}

/** What is wrong with a topic that is there: the progress would go with its old messages. */
export async function progressTopicNotices(admin: Admin, topic: string): Promise<Notice[]> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['cleanup.policy'] }],
  });
  const policy = resources[0]?.configEntries[0]?.configValue ?? '';
  if (policy === '' || policy === 'compact') return [];
  return [
    {
      severity: 'WARNING',
      sqlstate: '01000',
      message: `progress topic "${topic}" has cleanup.policy ${policy}, not compact`,
      hint: 'A sink whose progress is deleted begins anew, with all that there is.',
    },
  ];
}

/** kafkajs's own decoder of a batch, of the version that package.json pins. */
const require = createRequire(import.meta.url);
type BatchDecoder = { canReadBytes(length: number): boolean };
interface DecodedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}
const Decoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => BatchDecoder;
const decodeBatch = require('kafkajs/src/protocol/recordBatch/v0/decoder.js') as (
  decoder: BatchDecoder,
) => Promise<{ readonly records: readonly DecodedRecord[] }>;

async function recordsOf(batches: Buffer): Promise<DecodedRecord[]> {
  const decoder = new Decoder(batches);
  const records: DecodedRecord[] = [];
  while (decoder.canReadBytes(1)) records.push(...(await decodeBatch(decoder)).records);
  return records;
}
