/**
 * Reads topics: fetches the batches of partitions as brokers have them (`fetching.ts`) and gives them on in portions, whose
 * records only the engine sees. Where each partition goes on is known here, from the commits of the source; there is no
 * consumer group. A broker is asked again while what it gave is being read, up to a bound for all partitions together.
 */
import type { Admin, Kafka } from 'kafkajs';
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
import { recordBatches } from '../../engine/index.ts';
import { Alarm, PauseGate, StateHolder } from '../state.ts';
import { type KafkaConnectionOptions, kafkaClient, kafkaMessage } from './client.ts';
import { type FetchedPartition, Fetching, type TopicPartition } from './fetching.ts';
import { type KafkaSourceOptions, startOffsets, startTimestamp, topicPattern } from './options.ts';

/** A portion has at most this much, or one batch. */
const PORTION_BYTES = 256 << 10;
/** What was fetched and not pulled, and what is being fetched, have together at most this much, or one batch a broker. */
const AHEAD_BYTES = 16 << 20;
/** A broker gives at most this much at once, or one batch. */
const FETCH_BYTES = 4 << 20;
/** Less is not worth asking for. */
const LEAST_BYTES = 256 << 10;
/** How long a broker holds back an answer without messages: partitions that come to it wait as long at most. */
const MAX_WAIT = 250;
/** How often it looks for what should have rung. */
const PATIENCE = 1000;
const BACKOFF = { first: 200, most: 3000 };
/** A broker's error for an offset that its partition does not have. */
const OUT_OF_RANGE = 'OFFSET_OUT_OF_RANGE';

/** Batches of a partition that wait to be pulled. */
interface Portion {
  /** As offsets name it. */
  readonly partition: string;
  readonly batches: Buffer;
  /** Records before this offset are not wanted. */
  readonly from: number;
  /** Where the partition goes on behind them. */
  readonly next: number;
  readonly records: number;
}

/** One connection to the cluster. */
interface Session {
  readonly fetching: Fetching;
  over: boolean;
  /** What brokers lead, in the order in which it is asked for. */
  readonly led: Map<string, TopicPartition[]>;
  /** Those that are being asked. */
  readonly asked: Map<string, Promise<void>>;
  readonly room: Set<Alarm>;
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
  /** What was fetched and not pulled. */
  #portions: Portion[] = [];
  /** Where each partition goes on behind that. */
  readonly #ahead = new Map<string, number>();
  /** Bytes that were fetched and not pulled, or may be coming. */
  #waiting = 0;
  #session: Session | null = null;
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
      const portion = placed === undefined ? this.#portions.shift() : undefined;
      if (placed !== undefined) yield { ...this.#nothing(placed), commit: this.#placed.length === 0 };
      else if (portion !== undefined) yield this.#pulled(portion);
      else await this.#news.sleep(PATIENCE);
    }
  }

  /** The batch of a portion, which moves its partition on. */
  #pulled({ partition, batches, from, next, records }: Portion): MessagesBatch {
    this.#waiting -= batches.length;
    for (const alarm of this.#session?.room ?? []) alarm.ring();
    this.#next.set(partition, next);
    this.#bytes += batches.length;
    this.#records += records;
    return { ...this.#nothing(partition), bytes: batches, from };
  }

  /** A batch that only says where a partition goes on. */
  #nothing(of: string): MessagesBatch {
    const { topic, partition } = this.#placeOf(of);
    const stream = `${topic}/${partition}`;
    return {
      kind: 'messages',
      table: 0,
      stream,
      topic,
      partition,
      bytes: Buffer.alloc(0),
      from: 0,
      diff: 1,
      metadata: { path: stream },
      offset: { partition: of, value: String(this.#next.get(of)) },
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
        await this.#connected();
      } catch (error) {
        if (error instanceof ConnectorError) this.#failure = error;
        else this.#stalled(kafkaMessage(error, this.#connection));
      }
      this.#news.ring();
      if (Date.now() - begun > BACKOFF.most) wait = BACKOFF.first;
      if (!this.#closed && this.#failure === null) await this.#retry.sleep(wait);
      wait = Math.min(wait * 2, BACKOFF.most);
    }
  }

  /** A connection's life. Rejects with what ended it. */
  async #connected(): Promise<void> {
    const { options } = this.#setup;
    // What kafkajs gives up on is tried again here, where it can be seen.
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
    const fetching = await Fetching.connect(client, topics);
    const session: Session = {
      fetching,
      over: false,
      led: new Map(),
      asked: new Map(),
      room: new Set(),
    };
    this.#session = session;
    let fail = (_error: unknown): void => undefined;
    const failed = new Promise<never>((_, reject) => (fail = reject));
    // It may fail before anything waits for it.
    failed.catch(() => undefined);
    try {
      for (;;) {
        await this.#assign(session, client, fail);
        await Promise.race([this.#refresh.sleep(options.refresh_interval), this.#whenClosed, failed]);
        if (this.#closed) return;
        await fetching.refresh();
        // A broker that is away is noticed by who fetches from it.
        const found = await withAdmin(client, (admin) => this.#topics(admin)).catch(() => topics);
        if (found.join() !== topics.join()) return;
      }
    } finally {
      session.over = true;
      this.#session = null;
      // Nothing of it sleeps on into the next.
      this.#refresh.ring();
      for (const alarm of session.room) alarm.ring();
      fetching.close();
    }
  }

  /** Says which broker is asked for what, and asks those that are not. */
  async #assign(session: Session, client: Kafka, fail: (error: unknown) => void): Promise<void> {
    const leaders = session.fetching.leaders();
    const partitions = [...leaders.values()].flat();
    const unknown = partitions.filter((each) => !this.#next.has(this.#partition(each.topic, each.partition)));
    for (const topic of new Set(unknown.map((each) => each.topic))) {
      await withAdmin(client, (admin) => this.#place(admin, topic, false));
      this.#news.ring();
    }
    session.led.clear();
    for (const [node, led] of leaders) {
      session.led.set(node, led);
      if (session.asked.has(node)) continue;
      const asking = this.#ask(session, node, client)
        .catch(fail)
        .finally(() => session.asked.delete(node));
      session.asked.set(node, asking);
    }
  }

  /** Fetches from a broker what it leads, again and again while the session lasts. */
  async #ask(session: Session, node: string, client: Kafka): Promise<void> {
    const room = new Alarm();
    session.room.add(room);
    try {
      while (!session.over) {
        const led = session.led.get(node);
        if (led === undefined) return;
        const bytes = Math.min(FETCH_BYTES, AHEAD_BYTES - this.#waiting);
        if (bytes < LEAST_BYTES) {
          await room.sleep(PATIENCE);
          continue;
        }
        const wanted = led.map((each) => ({ ...each, offset: this.#from(each) }));
        this.#waiting += bytes;
        let fetched: FetchedPartition[];
        try {
          fetched = await session.fetching.fetch(node, wanted, { bytes, wait: MAX_WAIT });
        } finally {
          this.#waiting -= bytes;
        }
        if (session.over) return;
        let error: Error | null = null;
        for (const each of fetched) {
          const asked = wanted.find(
            ({ topic, partition }) => topic === each.topic && partition === each.partition,
          );
          // Another broker leads it by now, and has given more.
          if (asked === undefined || asked.offset !== this.#from(each)) continue;
          if (each.error === null) this.#fetched(each, asked.offset, led);
          else if ((each.error as { type?: string }).type === OUT_OF_RANGE) {
            await withAdmin(client, (admin) => this.#place(admin, each.topic, false));
          } else error ??= each.error;
        }
        if (error !== null) throw error;
        this.#flows();
      }
    } finally {
      session.room.delete(room);
    }
  }

  /** Where a partition is fetched from. */
  #from({ topic, partition }: TopicPartition): number {
    const name = this.#partition(topic, partition);
    return this.#ahead.get(name) ?? this.#next.get(name) ?? 0;
  }

  /** What a broker gave is there to be pulled. The partition is asked for behind the others that it `led`. */
  #fetched(
    { topic, partition, end, aborted, batches }: FetchedPartition,
    from: number,
    led: TopicPartition[],
  ): void {
    const name = this.#partition(topic, partition);
    this.#ends.set(name, end);
    if (batches.length === 0) return;
    const portions = recordBatches.portions(batches, from, aborted, PORTION_BYTES);
    for (const { start, end: to, next, records } of portions) {
      const before = this.#ahead.get(name) ?? from;
      this.#portions.push({
        partition: name,
        batches: batches.subarray(start, to),
        from: before,
        next,
        // Of a batch that was read in part only what is behind that.
        records: Math.min(records, next - before),
      });
      this.#waiting += to - start;
      this.#ahead.set(name, next);
    }
    // A part of a batch alone: it is given whole to who is asked for first.
    if (portions.length === 0) return;
    const at = led.findIndex((each) => each.topic === topic && each.partition === partition);
    led.push(...led.splice(at, 1));
    this.#news.ring();
  }

  /** The topics that are there and that are asked for. */
  async #topics(admin: Admin): Promise<string[]> {
    const pattern = this.#pattern;
    if (pattern === null) return [this.#setup.options.topic ?? ''];
    return (await admin.listTopics()).filter((topic) => pattern.test(topic)).sort();
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
      const next = this.#ahead.get(partition) ?? this.#next.get(partition);
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

  #truncated(partition: string, next: number, end: number): ConnectorError {
    return new ConnectorError({
      message: `${this.#name(partition)} ends at offset ${end}, and was read up to ${next} before`,
      hint: 'The topic was truncated or made anew: drop the source and create it again.',
    });
  }

  #lost(partition: string, next: number, low: number): void {
    const message = `${this.#name(partition)} begins at offset ${low}: messages from ${next} on were deleted unread`;
    this.#setup.context.log(message);
    this.#ahead.set(partition, low);
    // What was fetched before is still to be pulled.
    if (!this.#portions.some((portion) => portion.partition === partition)) this.#next.set(partition, low);
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
      this.#portions = [];
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
