/** Reads a topic as others do: with isolation level read_committed, from its beginning. */
import { randomUUID } from 'node:crypto';
import type { Consumer, KafkaMessage } from 'kafkajs';
import { expect } from 'vitest';
import type { KafkaBroker } from './kafka.ts';

export type ReadMessage = KafkaMessage & { readonly partition: number };

/** Resolves when a topic is there. */
export async function topicIsThere(broker: KafkaBroker, topic: string, patience: number): Promise<void> {
  const admin = broker.client().admin();
  await admin.connect();
  try {
    await expect.poll(() => admin.listTopics(), { timeout: patience }).toContain(topic);
  } finally {
    await admin.disconnect();
  }
}

/** Offsets behind what a reader may see now of each partition that has something; empty where there is no topic. */
async function ends(broker: KafkaBroker, topic: string): Promise<Map<number, number>> {
  const admin = broker.client().admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(topic)) return new Map();
    // kafkajs asks with read_committed: where the first transaction that is open begins, or the end.
    const offsets = await admin.fetchTopicOffsets(topic);
    const written = offsets.filter(({ low, high }) => low !== high);
    return new Map(written.map(({ partition, high }) => [partition, Number(high)]));
  } finally {
    await admin.disconnect();
  }
}

/** All that is in a topic now, in the order of each partition; nothing where there is no topic. */
export async function readAll(broker: KafkaBroker, topic: string): Promise<ReadMessage[]> {
  const missing = await ends(broker, topic);
  if (missing.size === 0) return [];
  return read(broker, topic, (consumer, done) => {
    // It is told of batches of control records and of aborted messages, too.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
      if (Number(lastOffset) + 1 >= (missing.get(partition) ?? 0)) missing.delete(partition);
      if (missing.size === 0) done(null);
    });
  });
}

/** The first messages of a topic, in the order of each partition; waits until there are so many. */
export async function readTopic(
  broker: KafkaBroker,
  topic: string,
  count: number,
  patience = 40_000,
): Promise<ReadMessage[]> {
  await topicIsThere(broker, topic, patience);
  let timer: NodeJS.Timeout | undefined;
  return read(broker, topic, (consumer, done, messages) => {
    const look = (): void => {
      if (messages.length >= count) done(null);
    };
    consumer.on(consumer.events.END_BATCH_PROCESS, look);
    timer = setTimeout(() => {
      const last = String(messages.at(-1)?.value);
      done(new Error(`${topic} has ${messages.length} messages, not ${count}: ${last}`));
    }, patience);
    look();
  }).finally(() => clearTimeout(timer));
}

/** Reads until it is told that it is done. */
async function read(
  broker: KafkaBroker,
  topic: string,
  watch: (consumer: Consumer, done: (error: Error | null) => void, messages: readonly ReadMessage[]) => void,
): Promise<ReadMessage[]> {
  const consumer = broker
    .client()
    .consumer({ groupId: `reader-${randomUUID()}`, readUncommitted: false, maxWaitTimeInMs: 50 });
  const messages: ReadMessage[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      watch(consumer, (error) => (error === null ? resolve() : reject(error)), messages);
      const take = async (partition: number, batch: readonly KafkaMessage[]): Promise<void> => {
        for (const message of batch) messages.push({ ...message, partition });
      };
      consumer
        .run({
          autoCommit: false,
          eachBatch: ({ batch }) => take(batch.partition, batch.messages),
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return messages;
}
