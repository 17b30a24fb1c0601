/**
 * Fetches the batches of partitions as the broker has them.
 *
 * kafkajs's consumer makes several objects of each record and wants a consumer group, of which nothing is needed here: that is
 * about twice the CPU of all else that is done with a record. So what is used of kafkajs is its cluster: connections with
 * TLS and SASL, metadata, the encoding of the request. Its parts are those of kafkajs 2.2.4, which package.json pins, and are
 * named in the interfaces below; `fetching.test.ts` tells when they are not there. The response is taken apart down to
 * the batches (https://kafka.apache.org/protocol#The_Messages_Fetch), and those are for the engine (engine/crates/decode/src/kafka).
 */
import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** What is asked of a partition. */
export interface WantedPartition extends TopicPartition {
  readonly offset: number;
}

/** What a broker says of a partition. */
export interface FetchedPartition extends TopicPartition {
  /** Why nothing could be read; an error of kafkajs, with its `type`. */
  readonly error: Error | null;
  /** Behind its last message. */
  readonly end: number;
  /** Producer and first offset of each transaction that was aborted. */
  readonly aborted: readonly number[];
  readonly batches: Buffer;
}

/** Of a protocol's request in a version, what kafkajs sends. */
interface ProtocolRequest {
  readonly request: { readonly apiVersion: number };
  readonly response: {
    decode(payload: Buffer): Promise<object>;
    parse(decoded: object): Promise<unknown>;
  };
}

interface FetchArguments {
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    topic: string;
    partitions: { partition: number; fetchOffset: string; maxBytes: number }[];
  }[];
}

interface Broker {
  /** The newest version that both sides know of a request. */
  lookupRequest(apiKey: number, definition: unknown): (options: FetchArguments) => ProtocolRequest;
  readonly connectionPool: { send(request: ProtocolRequest): Promise<unknown> };
}

interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[];
  findBroker(options: { nodeId: string }): Promise<Broker>;
}

const require = createRequire(import.meta.url);
const { requests } = require('kafkajs/src/protocol/requests/index.js') as { requests: { Fetch: unknown } };
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode(code: number): Error;
};

const FETCH = 1;
/** The first version whose response has batches and says which transactions were aborted: Kafka 0.11. */
const OLDEST = 4;
/** A partition gives at most this much at once, or one batch. */
const PARTITION_BYTES = 1 << 20;

/** How kafkajs makes what its consumers and producers use. */
function clusterOf(client: Kafka): Cluster {
  const key = Object.getOwnPropertySymbols(client).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  const create = key && (client as unknown as Record<symbol, (options: object) => Cluster>)[key];
  if (create === undefined) throw new Error('kafkajs makes no cluster: it is another version');
  return create.call(client, { metadataMaxAge: 300_000, allowAutoTopicCreation: false });
}

export class Fetching {
  readonly #cluster: Cluster;
  readonly #topics: readonly string[];

  private constructor(cluster: Cluster, topics: readonly string[]) {
    this.#cluster = cluster;
    this.#topics = topics;
  }

  /** Connects, and learns where the partitions of topics are. */
  static async connect(client: Kafka, topics: readonly string[]): Promise<Fetching> {
    const cluster = clusterOf(client);
    try {
      await cluster.connect();
      await cluster.addMultipleTargetTopics(topics);
    } catch (error) {
      void cluster.disconnect().catch(() => undefined);
      throw error;
    }
    return new Fetching(cluster, topics);
  }

  /** The partitions, by the broker that leads them. */
  leaders(): Map<string, TopicPartition[]> {
    const leaders = new Map<string, TopicPartition[]>();
    for (const topic of this.#topics) {
      for (const { partitionId: partition, leader } of this.#cluster.findTopicPartitionMetadata(topic)) {
        const led = leaders.get(String(leader));
        if (led === undefined) leaders.set(String(leader), [{ topic, partition }]);
        else led.push({ topic, partition });
      }
    }
    return leaders;
  }

  /** Learns anew where the partitions are. */
  refresh(): Promise<void> {
    return this.#cluster.refreshMetadata();
  }

  /**
   * What a broker has of partitions, at most about `bytes` of all. Waits at most `wait` milliseconds while there is nothing.
   * Partitions that come first are served first.
   */
  async fetch(
    node: string,
    wanted: readonly WantedPartition[],
    { bytes, wait }: { readonly bytes: number; readonly wait: number },
  ): Promise<FetchedPartition[]> {
    const broker = await this.#cluster.findBroker({ nodeId: node });
    const made = broker.lookupRequest(
      FETCH,
      requests.Fetch,
    )({ maxWaitTime: wait, minBytes: 1, maxBytes: bytes, topics: byTopic(wanted) });
    const version = made.request.apiVersion;
    if (version < OLDEST) throw new Error('the broker is older than Kafka 0.11');
    const sent = await broker.connectionPool.send({
      request: made.request,
      response: {
        decode: async (payload) => decodeResponse(payload, version),
        parse: async (decoded) => decoded,
      },
    });
    return (sent as ReturnType<typeof decodeResponse>).partitions;
  }

  /** Lets the brokers go; what is on its way is not waited for. */
  close(): void {
    void this.#cluster.disconnect().catch(() => undefined);
  }
}

/** Partitions in their order, those of one topic that follow each other together. */
function byTopic(wanted: readonly WantedPartition[]): FetchArguments['topics'] {
  const topics: FetchArguments['topics'][number][] = [];
  for (const { topic, partition, offset } of wanted) {
    let last = topics.at(-1);
    if (last?.topic !== topic) topics.push((last = { topic, partitions: [] }));
    last.partitions.push({ partition, fetchOffset: String(offset), maxBytes: PARTITION_BYTES });
  }
  return topics;
}

/** kafkajs obeys `clientSideThrottleTime`. Since version 8 it is for the client to wait. */
function decodeResponse(
  payload: Buffer,
  version: number,
): { readonly clientSideThrottleTime: number; readonly partitions: FetchedPartition[] } {
  let at = 0;
  const int16 = (): number => payload.readInt16BE((at += 2) - 2);
  const int32 = (): number => payload.readInt32BE((at += 4) - 4);
  // Offsets and producers stay below 2^53.
  const int64 = (): number => int32() * 2 ** 32 + payload.readUInt32BE((at += 4) - 4);
  const list = <T>(element: () => T): T[] => Array.from({ length: Math.max(0, int32()) }, element);
  const throttle = int32();
  if (version >= 7) {
    const code = int16();
    // The session of fetches; each is for itself here.
    int32();
    if (code !== 0) throw createErrorFromCode(code);
  }
  const partition = (topic: string): FetchedPartition => {
    const [number, code, end] = [int32(), int16(), int64()];
    // The last stable offset, and from version 5 on where the log begins.
    at += version >= 5 ? 16 : 8;
    const aborted = list(() => [int64(), int64()]).flat();
    // A replica to be preferred: only brokers that know where their clients are name one.
    if (version >= 11) int32();
    const length = Math.max(0, int32());
    const batches = payload.subarray(at, at + length);
    at += length;
    const error = code === 0 ? null : createErrorFromCode(code);
    return { topic, partition: number, error, end, aborted, batches };
  };
  const partitions = list(() => {
    const length = int16();
    const topic = payload.toString('utf8', at, (at += length));
    return list(() => partition(topic));
  });
  return { clientSideThrottleTime: version >= 8 ? throttle : 0, partitions: partitions.flat() };
}
