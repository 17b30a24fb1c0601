/** Reads a topic as others do: with isolation level read_committed, from its beginning. */
import { randomUUID } from 'node:crypto';
import type { KafkaMessage } from 'kafkajs';
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

/** Fetches that give nothing, one after the other, mean that there is nothing more. */
const EMPTY_FETCHES = 3;

/** All that is in a topic now, in the order of each partition; nothing where there is no topic. */
export async function readAll(broker: KafkaBroker, topic: string): Promise<ReadMessage[]> {
  const admin = broker.client().admin();
  await admin.connect();
  const topics = await admin.listTopics().finally(() => admin.disconnect());
  if (!topics.includes(topic)) return [];
  const consumer = broker
    .client()
    .consumer({ groupId: `reader-${randomUUID()}`, readUncommitted: false, maxWaitTimeInMs: 50 });
  const read: ReadMessage[] = [];
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      let seen = 0;
      let empty = 0;
      consumer.on(consumer.events.FETCH, () => {
        empty = read.length === seen ? empty + 1 : 0;
        seen = read.length;
        if (empty === EMPTY_FETCHES) resolve();
      });
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ partition, message }) => {
            read.push({ ...message, partition });
          },
        })
        .catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
  return read;
}

/** The first messages of a topic, in the order of each partition; waits until there are so many. */
export async function readTopic(
  broker: KafkaBroker,
  topic: string,
  count: number,
  patience = 40_000,
): Promise<ReadMessage[]> {
  await topicIsThere(broker, topic, patience);
  const consumer = broker
    .client()
    .consumer({ groupId: `reader-${randomUUID()}`, readUncommitted: false, maxWaitTimeInMs: 50 });
  const read: ReadMessage[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new Error(`${topic} has ${read.length} messages, not ${count}: ${String(read.at(-1)?.value)}`),
          ),
        patience,
      );
      consumer
        .run({
          autoCommit: false,
          eachMessage: async ({ partition, message }) => {
            read.push({ ...message, partition });
            if (read.length >= count) resolve();
          },
        })
        .catch(reject);
      if (count === 0) resolve();
    });
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
  return read;
}
