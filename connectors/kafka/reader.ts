/**
 * Reads topics through kafkajs's consumer. The group is the session's alone and holds no offsets: where each partition goes
 * on is known here, from the commits of the source. Whatever the group's life does (joins, crashes, restarts), the consumer
 * begins at the earliest offset or where it was sent, and what lies before a partition's place is dropped, so that
 * nothing is yielded twice and nothing is left out.
 */
import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import {
  ConnectorError,
  type ConnectorMetrics,
  type Health,
  type MessagesBatch,
  type PartitionStatus,
  type SourceBatch,
  type SourceOptions,
  type SourceReader,
  type SourceState,
} from '../contract.ts';
import { Alarm, PauseGate, StateHolder } from '../state.ts';
import { type KafkaConnectionOptions, kafkaClient, kafkaMessage } from './client.ts';
import { type Wanted, frameLength, frames, wantedOf } from './messages.ts';
import { type KafkaSourceOptions, startOffsets, startTimestamp, topicPattern } from './options.ts';

/** A batch that is yielded has at most this much, or one message. */
const BATCH_BYTES = 256 << 10;
/** How long a broker holds back an answer without messages: partitions that have some wait as long at most. */
const MAX_WAIT = 100;
/** How often the group hears of a reader whose consumer does not pull. */
const HEARTBEAT = 1000;
/** How long a consumer may take to say goodbye. */
const LEAVING = 1000;
const BACKOFF = { first: 200, most: 3000 };

/** Messages of a partition that wait to be pulled. */
class Offer {
  /** As offsets name it. */
  readonly partition: string;
  readonly messages: readonly KafkaMessage[];
  /** Where the partition goes on behind them. */
  readonly next: number;
  readonly #taken: Promise<void>;
  take: () => void = () => undefined;

  constructor(partition: string, messages: readonly KafkaMessage[], next: number) {
    this.partition = partition;
    this.messages = messages;
    this.next = next;
    this.#taken = new Promise((resolve) => (this.take = resolve));
  }

  /** Whether it is taken within some time. */
  async within(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), milliseconds);
    });
    const taken = this.#taken.then(() => true);
    return Promise.race([taken, late]).finally(() => clearTimeout(timer));
  }
}

/** Lets a consumer go. One whose broker is away is not waited for: what it still fetches is not taken. */
async function leave(consumer: Consumer): Promise<void> {
  const left = consumer.disconnect().catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LEAVING);
  });
  await Promise.race([left, late]).finally(() => clearTimeout(timer));
}

/** Asks an administrator's client. */
async function withAdmin<T>(client: Kafka, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client.admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

export class KafkaReader implements SourceReader {
  readonly #setup: SourceOptions<KafkaSourceOptions>;
  readonly #connection: KafkaConnectionOptions;
  readonly #wanted: Wanted;
  readonly #state = new StateHolder<SourceState>('created');
  readonly #gate = new PauseGate();
  /** Which topics are read, where there may be several. */
  readonly #pattern: RegExp | null;
  /** Offset at which each partition goes on, behind all that was yielded. Of one topic partitions are named by number. */
  readonly #next = new Map<string, number>();
  /** Offset behind the last message of each partition, as last heard. */
  readonly #ends = new Map<string, number>();
  /** Partitions whose place is to be committed before anything is read, so that it is not chosen again; all in one commit. */
  #placed: string[] = [];
  #offers: Offer[] = [];
  #failure: ConnectorError | null = null;
  readonly #said = new Set<string>();
  readonly #news = new Alarm();
  readonly #retry = new Alarm();
  readonly #refresh = new Alarm();
  #closed = false;
  #close: () => void = () => undefined;
  readonly #whenClosed: Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #bytes = 0;
  #records = 0;

  constructor(setup: SourceOptions<KafkaSourceOptions>) {
    this.#setup = setup;
    this.#connection = setup.connection as unknown as KafkaConnectionOptions;
    this.#wanted = wantedOf(setup.metadata);
    this.#pattern = topicPattern(setup.options);
    this.#whenClosed = new Promise((resolve) => (this.#close = resolve));
    for (const [partition, offset] of Object.entries(setup.offsets)) {
      this.#next.set(partition, Number(offset));
    }
  }

  async *read(): AsyncIterable<SourceBatch> {
    if (this.#state.get().state === 'created') this.#state.set('starting');
    this.#running = this.#run();
    while (!this.#closed) {
      await this.#gate.wait();
      if (this.#closed) return;
      if (this.#failure !== null) throw this.#failure;
      const placed = this.#placed.shift();
      const offer = placed === undefined ? this.#offers.shift() : undefined;
      if (placed !== undefined) yield { ...this.#batch(placed, []), commit: this.#placed.length === 0 };
      else if (offer !== undefined) {
        const batch = this.#taken(offer);
        if (batch !== null) yield batch;
      } else await this.#news.sleep(HEARTBEAT);
    }
  }

  /** The batch of an offer, which moves its partition on; null where all of it was yielded before. */
  #taken(offer: Offer): MessagesBatch | null {
    const { partition, next } = offer;
    const from = this.#next.get(partition) ?? 0;
    offer.take();
    if (next <= from) return null;
    const fresh =
      offer.messages.length > 0 && Number(offer.messages[0]!.offset) < from
        ? offer.messages.filter(({ offset }) => Number(offset) >= from)
        : offer.messages;
    this.#next.set(partition, next);
    return this.#batch(partition, fresh);
  }

  #batch(partition: string, messages: readonly KafkaMessage[]): MessagesBatch {
    const bytes = frames(messages, this.#placeOf(partition).partition, this.#wanted);
    this.#bytes += bytes.length;
    this.#records += messages.length;
    const stream = this.#name(partition);
    return {
      kind: 'messages',
      table: 0,
      stream,
      bytes,
      diff: 1,
      metadata: { path: stream },
      offset: { partition, value: String(this.#next.get(partition)) },
      commit: true,
    };
  }

  /** What offsets call a partition. */
  #partition(topic: string, partition: number): string {
    return this.#pattern === null ? String(partition) : `${topic}/${partition}`;
  }

  #placeOf(partition: string): { readonly topic: string; readonly partition: number } {
    if (this.#pattern === null)
      return { topic: this.#setup.options.topic ?? '', partition: Number(partition) };
    const slash = partition.lastIndexOf('/');
    return { topic: partition.slice(0, slash), partition: Number(partition.slice(slash + 1)) };
  }

  #name(of: string): string {
    const { topic, partition } = this.#placeOf(of);
    return `${topic}/${partition}`;
  }

  /** One session after another, until it is closed or has failed. */
  async #run(): Promise<void> {
    let wait = BACKOFF.first;
    while (!this.#closed && this.#failure === null) {
      const begun = Date.now();
      try {
        await this.#session();
      } catch (error) {
        if (error instanceof ConnectorError) this.#failure = error;
        else this.#stalled(kafkaMessage(error, this.#connection));
      }
      this.#offers = [];
      this.#news.ring();
      if (Date.now() - begun > BACKOFF.most) wait = BACKOFF.first;
      if (!this.#closed && this.#failure === null) await this.#retry.sleep(wait);
      wait = Math.min(wait * 2, BACKOFF.most);
    }
  }

  /** A consumer's life. Rejects with what ended it. */
  async #session(): Promise<void> {
    const { options } = this.#setup;
    // What the consumer gives up on is tried again here, where it can be seen.
    const client = kafkaClient(this.#connection, (message) => this.#log(message), {
      retries: 2,
      initialRetryTime: 100,
      maxRetryTime: 1000,
    });
    const topics = await withAdmin(client, async (admin) => {
      const found = await this.#topics(admin);
      // A partition that comes later than the source is read from its beginning.
      const first = this.#next.size === 0;
      for (const topic of found) await this.#place(admin, topic, first);
      return found;
    });
    this.#news.ring();
    if (topics.length === 0) {
      this.#flows();
      await this.#refresh.sleep(options.refresh_interval);
      return;
    }
    const consumer = client.consumer({
      // A group of its own: joining one that a lost session has not left would wait until it is given up.
      groupId: `${options.group_id_prefix}-${randomUUID()}`,
      allowAutoTopicCreation: false,
      metadataMaxAge: options.refresh_interval,
      maxWaitTimeInMs: MAX_WAIT,
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 1000, restartOnFailure: async () => false },
    });
    const session = { over: false };
    const { CRASH, FETCH, GROUP_JOIN } = consumer.events;
    const crashed = new Promise<never>((_, reject) => {
      consumer.on(CRASH, ({ payload }) => {
        this.#stalled(kafkaMessage(payload.error, this.#connection));
        reject(payload.error);
      });
    });
    crashed.catch(() => undefined);
    // Joining forgets where the consumer was.
    consumer.on(GROUP_JOIN, () => this.#seek(consumer));
    consumer.on(FETCH, () => {
      if (!session.over) this.#flows();
    });
    try {
      await consumer.connect();
      await consumer.subscribe({ topics, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: 4,
        eachBatch: (payload) => this.#offer(payload, session),
      });
      await Promise.race([crashed, this.#whenClosed, this.#otherTopics(client, topics, session)]);
    } finally {
      session.over = true;
      this.#refresh.ring();
      this.#offers = [];
      await leave(consumer);
    }
  }

  #seek(consumer: Consumer): void {
    for (const [partition, offset] of this.#next) {
      consumer.seek({ ...this.#placeOf(partition), offset: String(offset) });
    }
  }

  /** The topics that are there and that are asked for. */
  async #topics(admin: Admin): Promise<string[]> {
    const pattern = this.#pattern;
    if (pattern === null) return [this.#setup.options.topic ?? ''];
    return (await admin.listTopics()).filter((topic) => pattern.test(topic)).sort();
  }

  /** Resolves when other topics are there than those that are read; never where the topic is named. */
  async #otherTopics(client: Kafka, topics: string[], session: { readonly over: boolean }): Promise<void> {
    if (this.#pattern === null) return new Promise(() => undefined);
    for (;;) {
      await this.#refresh.sleep(this.#setup.options.refresh_interval);
      if (session.over) return;
      // A broker that is away is the consumer's to notice.
      const found = await withAdmin(client, (admin) => this.#topics(admin)).catch(() => topics);
      if (found.join() !== topics.join()) return;
    }
  }

  /** Gives a place to each partition of a topic that has none. `first`: the source has begun with none. */
  async #place(admin: Admin, topic: string, first: boolean): Promise<void> {
    const { start, start_offsets: given, start_timestamp: since } = this.#setup.options;
    const known = await admin.fetchTopicOffsets(topic);
    const offsets = given === undefined ? null : startOffsets(given);
    const times =
      since === undefined || !first
        ? null
        : await admin.fetchTopicOffsetsByTimestamp(topic, startTimestamp(since));
    for (const { partition: number, low, high } of known) {
      const partition = this.#partition(topic, number);
      this.#ends.set(partition, Number(high));
      const next = this.#next.get(partition);
      if (next !== undefined) {
        if (next > Number(high)) throw this.#truncated(partition, next, Number(high));
        if (next < Number(low)) this.#lost(partition, next, Number(low));
        continue;
      }
      const timed = times?.find((time) => time.partition === number)?.offset;
      const wanted = offsets?.get(number) ?? timed ?? (first && start === 'latest' ? high : low);
      this.#next.set(partition, Math.min(Math.max(Number(wanted), Number(low)), Number(high)));
      this.#placed.push(partition);
    }
  }

  /** Offers a fetched batch and waits until it is pulled; the group hears of us meanwhile. */
  async #offer(
    { batch, heartbeat, resolveOffset, isRunning, isStale }: EachBatchPayload,
    session: { readonly over: boolean },
  ): Promise<void> {
    const ends = (): boolean => session.over || this.#closed || !isRunning() || isStale();
    const { messages } = batch;
    const partition = this.#partition(batch.topic, batch.partition);
    const end = Number(batch.highWatermark);
    this.#ends.set(partition, end);
    const behind = Number(batch.lastOffset()) + 1;
    const from = this.#next.get(partition) ?? 0;
    if (end < from) {
      this.#failure = this.#truncated(partition, from, end);
      this.#news.ring();
      return;
    }
    for (let at = 0; at < messages.length && !ends();) {
      const to = this.#chunkEnd(messages, at);
      const next = to === messages.length ? behind : Number(messages[to]!.offset);
      const offer = new Offer(partition, messages.slice(at, to), next);
      this.#offers.push(offer);
      this.#news.ring();
      while (!(await offer.within(HEARTBEAT))) {
        try {
          if (ends()) return;
          await heartbeat();
        } finally {
          if (ends()) this.#withdraw(offer);
        }
      }
      at = to;
    }
    resolveOffset(String(behind - 1));
    await heartbeat();
  }

  #withdraw(offer: Offer): void {
    this.#offers = this.#offers.filter((candidate) => candidate !== offer);
  }

  /** Where a chunk that begins at `at` ends. */
  #chunkEnd(messages: readonly KafkaMessage[], at: number): number {
    let bytes = 0;
    let to = at;
    while (to < messages.length && (to === at || bytes < BATCH_BYTES)) {
      bytes += frameLength(messages[to]!, this.#wanted);
      to++;
    }
    return to;
  }

  #truncated(partition: string, next: number, end: number): ConnectorError {
    return new ConnectorError({
      message: `${this.#name(partition)} ends at offset ${end}, and was read up to ${next} before`,
      hint: 'The topic was truncated or made anew: drop the source and create it again.',
    });
  }

  #lost(partition: string, next: number, low: number): void {
    const message = `${this.#name(partition)} begins at offset ${low}: messages from ${next} on were deleted unread`;
    this.#setup.context.log(message);
    this.#next.set(partition, low);
  }

  /** What is said again and again while a broker is away is logged once. */
  #log(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#setup.context.log(message);
  }

  #flows(): void {
    this.#said.clear();
    const { state } = this.#state.get();
    if (state === 'starting' || state === 'stalled') this.#state.set('running');
  }

  #stalled(reason: string): void {
    const { state } = this.#state.get();
    if (state === 'starting' || state === 'running' || state === 'stalled')
      this.#state.set('stalled', reason);
  }

  pause(): void {
    if (this.#closed) return;
    this.#gate.pause();
    this.#state.set('paused');
  }

  resume(): void {
    if (!this.#gate.paused) return;
    this.#state.set('running');
    this.#gate.resume();
  }

  alter(): void {
    // No option can be altered.
  }

  health(): Health<SourceState> {
    return this.#state.get();
  }

  metrics(): ConnectorMetrics {
    let lag = 0;
    for (const partition of this.#next.keys()) lag += this.#lag(partition) ?? 0;
    return { bytes: this.#bytes, records: this.#records, partitions: this.#next.size, lag };
  }

  #lag(partition: string): number | null {
    const end = this.#ends.get(partition);
    const next = this.#next.get(partition);
    return end === undefined || next === undefined ? null : Math.max(0, end - next);
  }

  partition(partition: string): PartitionStatus | undefined {
    if (!this.#next.has(partition)) return undefined;
    return { name: this.#name(partition), lag: this.#lag(partition) };
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#close();
      for (const offer of this.#offers.splice(0)) offer.take();
      this.#gate.end();
      this.#news.ring();
      this.#retry.ring();
      this.#refresh.ring();
    }
    await this.#running;
    const { state } = this.#state.get();
    if (state !== 'closed') this.#state.set('closed');
  }
}
