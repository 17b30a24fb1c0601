/**
 * Writes a sink's messages through kafkajs's transactional producer.
 *
 * A transaction has the changes of whole timestamps, and the sink's progress (progress.ts). A reader with isolation level
 * read_committed sees both or neither.
 *
 * What is begun and not committed is aborted at the next recovery: initialising the transactional id shuts out an older
 * producer and ends its transaction.
 */
import kafkajs from 'kafkajs';
import type { Admin, Kafka, Producer, Transaction } from 'kafkajs';
import {
  ConnectorError,
  type ConnectorMetrics,
  type Health,
  type SinkBatch,
  type SinkOptions,
  type SinkState,
  type SinkWriter,
} from '../contract.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { Alarm, PauseGate, StateHolder, atMost } from '../state.ts';
import { type KafkaConnectionOptions, firstError, kafkaClient, kafkaMessage } from './client.ts';
import { outgoingMessages, outgoingPartitioner, portions } from './outgoing.ts';
import { type SinkProgress, sinkProgress } from './progress.ts';
import type { KafkaSinkOptions } from './sink-options.ts';
import { createTopic, findTopic, maxMessageBytes } from './topic.ts';

const { CompressionTypes } = kafkajs;

/** A request has at most this much; brokers take about 1 MB for a partition unless they are told otherwise. */
const REQUEST_BYTES = 900_000;
/** What a batch has besides its messages. */
const BATCH_OVERHEAD = 100;
/** Errors that stay until somebody does something about them. */
const LASTING = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'INVALID_TRANSACTION_TIMEOUT',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_PARTITIONS',
  'INVALID_REPLICATION_FACTOR',
  'INVALID_CONFIG',
  'POLICY_VIOLATION',
];

/** What a producer hears whose transaction the broker has aborted. */
const ENDED_BY_OTHERS = [
  'INVALID_PRODUCER_EPOCH',
  'INVALID_TXN_STATE',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
];
/** The coordinator of a group takes a moment to be there, in a young cluster and after a broker has started. */
const COORDINATOR_COMES = [
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
];
/** The transaction before is being completed. */
const ONE_AFTER_THE_OTHER = ['CONCURRENT_TRANSACTIONS'];
/** How long a producer may take to say goodbye. */
const LEAVING = 3000;
const TRIALS = 50;
const PAUSE = 50;
/**
 * Warnings of kafkajs that mean nothing here: a transaction begins while the one before is being completed, which is
 * tried again; and retries are few because a sink recovers behind them.
 */
const USUAL =
  /Response (AddPartitionsToTxn|InitProducerId|GroupCoordinator|OffsetFetch)|another concurrent operation on the same transaction|Limiting retries/;

const COMPRESSION = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;

export class KafkaWriter implements SinkWriter {
  readonly #setup: SinkOptions<KafkaSinkOptions>;
  #options: KafkaSinkOptions;
  readonly #connection: KafkaConnectionOptions;
  readonly #progress: SinkProgress;
  readonly #state = new StateHolder<SinkState>('created');
  readonly #gate = new PauseGate();
  readonly #pause = new Alarm();
  readonly #said = new Set<string>();
  #client: Kafka | null = null;
  #producer: Producer | null = null;
  /** Nothing is at the target: the next transaction has all that there is. */
  #first = true;
  #transaction: Transaction | null = null;
  #requestBytes = REQUEST_BYTES;
  #partitions = 0;
  /** Of the transaction that is open. */
  #open = { bytes: 0, records: 0 };
  /** What the broker has said to be committed. */
  #acknowledged: number | undefined;
  /** A commit of which it has not said anything. */
  #unanswered: { readonly upTo: number; readonly bytes: number; readonly records: number } | null = null;
  #bytes = 0;
  #records = 0;
  #closed = false;

  constructor(setup: SinkOptions<KafkaSinkOptions>) {
    this.#setup = setup;
    this.#options = setup.options;
    this.#connection = setup.connection as unknown as KafkaConnectionOptions;
    this.#progress = sinkProgress(setup.options, setup.identity);
  }

  async recover(): Promise<number | undefined> {
    this.#enter('recovering');
    try {
      await this.#release();
      const client = kafkaClient(this.#connection, (message) => this.#log(message), {
        retries: 5,
        // A transaction that follows another at once has to try a few times.
        initialRetryTime: 20,
        maxRetryTime: 1000,
      });
      this.#client = client;
      await this.#begin(this.#options.snapshot_timeout);
      const admin = client.admin();
      try {
        await admin.connect();
        await this.#prepareTopic(admin);
        await this.#progress.prepare(admin);
        const read = await this.#patiently(COORDINATOR_COMES, () => this.#progress.read(client, admin));
        const progress = this.#learn(read);
        this.#first = progress === undefined;
        if (!this.#first) await this.#begin(this.#options.transaction_timeout);
        return progress;
      } finally {
        await admin.disconnect().catch(() => undefined);
      }
    } catch (error) {
      throw this.#failed(error);
    } finally {
      if (this.#state.get().state === 'recovering') this.#enter('running');
      if (this.#closed) await this.#release();
    }
  }

  /**
   * What is committed, of what was read. A coordinator that has just come up may tell of a commit before the last that it
   * acknowledged; where nothing is committed, the target is another one.
   */
  #learn(read: number | undefined): number | undefined {
    const unanswered = this.#unanswered;
    this.#unanswered = null;
    if (read !== undefined && unanswered !== null && unanswered.upTo <= read) this.#count(unanswered);
    if (read !== undefined && (this.#acknowledged ?? 0) > read) return this.#acknowledged;
    return (this.#acknowledged = read);
  }

  #count({ bytes, records }: { readonly bytes: number; readonly records: number }): void {
    this.#bytes += bytes;
    this.#records += records;
  }

  /**
   * Another producer, with this much time for each transaction. It shuts out the one before: the first transaction
   * initialises its id, and without messages nothing is sent for that transaction's end.
   */
  async #begin(transactionTimeout: number): Promise<void> {
    await this.#leave();
    const producer = this.#client!.producer({
      transactionalId: `${this.#options.transactional_id_prefix}-${this.#setup.identity}`,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout,
      allowAutoTopicCreation: false,
      createPartitioner: outgoingPartitioner,
    });
    this.#producer = producer;
    await producer.connect();
    await (await producer.transaction()).abort();
    if (this.#closed) await this.#leave();
  }

  async #prepareTopic(admin: Admin): Promise<void> {
    const options = this.#options;
    let topic = await findTopic(admin, options.topic);
    if (topic === null) {
      await createTopic(admin, options, { validateOnly: false });
      topic = await findTopic(admin, options.topic);
    }
    this.#partitions = topic?.partitions ?? 0;
    const most = await maxMessageBytes(admin, options.topic);
    this.#requestBytes = most === null ? REQUEST_BYTES : Math.max(1, most - BATCH_OVERHEAD);
  }

  /** Does something again that kafkajs gives up on, for what passes by itself. */
  async #patiently<T>(passing: readonly string[], action: () => Promise<T>): Promise<T> {
    for (let trial = 1; ; trial++) {
      try {
        return await action();
      } catch (error) {
        const { type = '' } = error as { type?: string };
        if (trial === TRIALS || this.#closed || !passing.includes(type)) throw error;
      }
      await this.#pause.sleep(PAUSE);
    }
  }

  async write(batch: SinkBatch): Promise<void> {
    if (this.#transaction === null) await this.#gate.wait();
    const producer = this.#producer;
    if (producer === null || this.#closed) {
      throw new ConnectorError({ message: 'the sink is closed or was not recovered' });
    }
    const { topic, compression_type: compression } = this.#options;
    try {
      const transaction = (this.#transaction ??= await producer.transaction());
      for (const portion of portions(batch.bytes, this.#requestBytes)) {
        const messages = outgoingMessages(portion);
        await transaction.send({ topic, messages, compression: COMPRESSION[compression] });
      }
      this.#open = {
        bytes: this.#open.bytes + batch.bytes.length,
        records: this.#open.records + batch.records,
      };
      if (!batch.whole) return;
      await this.#patiently(ONE_AFTER_THE_OTHER, () => this.#progress.write(transaction, batch.upTo));
      this.#unanswered = { upTo: batch.upTo, ...this.#open };
      await transaction.commit();
      this.#unanswered = null;
      this.#acknowledged = batch.upTo;
      this.#transaction = null;
      this.#count(this.#open);
      this.#open = { bytes: 0, records: 0 };
      this.#said.clear();
      this.#enter('running');
      if (this.#first) {
        this.#first = false;
        await this.#begin(this.#options.transaction_timeout);
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** A state of what is at work; a sink that is paused stays so. */
  #enter(state: 'recovering' | 'running'): void {
    this.#state.set(this.#gate.paused ? 'paused' : state);
  }

  #failed(error: unknown): ConnectorError {
    const { type, cause } = firstError(error) as { type?: string; cause?: { type?: string } };
    const lasting = LASTING.includes(type ?? cause?.type ?? '');
    const retry = !(error instanceof ConnectorError) && !lasting && !this.#closed;
    const given = kafkaMessage(error, this.#connection);
    const ended = ENDED_BY_OTHERS.includes(type ?? cause?.type ?? '');
    const message = ended
      ? `the transaction took longer than it may (TRANSACTION TIMEOUT, SNAPSHOT TIMEOUT), or its producer was shut out: ${given}`
      : given;
    this.#state.set(retry ? 'stalled' : 'failed', message);
    return new ConnectorError({
      sqlstate: '58000',
      message: `could not write to topic "${this.#options.topic}": ${message}`,
      retry,
      cause: error,
    });
  }

  /** What is said again and again while a broker is away is logged once; what belongs to each transaction never. */
  #log(message: string): void {
    if (this.#said.has(message) || USUAL.test(message)) return;
    this.#said.add(message);
    this.#setup.context.log(message);
  }

  pause(): void {
    if (this.#closed) return;
    this.#gate.pause();
    this.#state.set('paused');
  }

  resume(): void {
    if (!this.#gate.paused) return;
    this.#gate.resume();
    this.#state.set('running');
  }

  alter(options: ParsedOptions<OptionSpecs>): void {
    this.#options = options as unknown as KafkaSinkOptions;
  }

  health(): Health<SinkState> {
    return this.#state.get();
  }

  metrics(): ConnectorMetrics {
    return { bytes: this.#bytes, records: this.#records, partitions: this.#partitions, lag: null };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#gate.end();
    this.#pause.ring();
    await this.#release();
    this.#state.set('closed');
  }

  /** Aborts what is begun, so that readers need not wait for its timeout, and lets the producer go. */
  async #release(): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    this.#open = { bytes: 0, records: 0 };
    if (transaction?.isActive() === true && this.#state.get().state !== 'stalled') {
      await atMost(LEAVING, transaction.abort());
    }
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const producer = this.#producer;
    this.#producer = null;
    if (producer !== null) await atMost(LEAVING, producer.disconnect());
  }
}
