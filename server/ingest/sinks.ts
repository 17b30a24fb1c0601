/** The sinks that run: a subscription each, whose encoded changes go to a connector's writer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import {
  type ArrangementId,
  type Engine,
  EngineError,
  type Plan,
  type SubscribeOptions,
  type SubscriptionChunk,
} from '../../engine/index.ts';
import { ConnectorError } from '../../connectors/contract.ts';
import type {
  ConnectorContext,
  ConnectorMetrics,
  Health,
  SinkState,
  SinkWriter,
} from '../../connectors/contract.ts';
import type { OptionSpecs, ParsedOptions } from '../../connectors/options.ts';
import { Egress } from '../../connectors/egress.ts';
import type { ObjectId } from '../../sql/catalog.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { located } from '../catalog/error-context.ts';
import { type Dataflows, imports } from '../dataflows/dataflows.ts';
import type { SubscriptionConsumer, Subscriptions } from '../dataflows/subscriptions.ts';
import type { Log } from '../log.ts';
import type { Sequencer } from '../timeline/sequencer.ts';
import { SinkHistory } from './sink-history.ts';

/** How long what waits may take to be written when the server stops. */
const DRAIN_MILLISECONDS = 5000;
/** How often what sinks keep is compared with what they may. */
const BOUND_MILLISECONDS = 1000;
/** A subscription that passed its bound. */
const CUT_OFF = '53400';

/** All that a sink needs to run. */
export interface SinkSetup {
  readonly id: ObjectId;
  /** For logs. */
  readonly name: string;
  /** A subscription of its own for each start: nothing of an older one is taken for the newer's. */
  newSubscription(): ArrangementId;
  /** The connector and its options, as messages and checks need them. */
  readonly connector: { readonly name: string; readonly options: OptionSpecs };
  /** The values at the start. */
  readonly options: ParsedOptions<OptionSpecs>;
  readonly plan: Plan;
  readonly envelope: SubscribeOptions['envelope'];
  readonly encoding: SubscribeOptions['encoding'];
  /** Whether the contents come before the changes. */
  readonly snapshot: boolean;
  /** How long changes that are not written stay readable, in milliseconds. */
  readonly retainHistory: number;
  readonly timeZone: string;
  /** What a target begins with: CSV's line of names. */
  readonly header: Buffer | null;
  /** `identity` is new for each sink: what another left at the target is not its own. */
  open(identity: string, options: ParsedOptions<OptionSpecs>, context: ConnectorContext): SinkWriter;
}

export interface SinkStatus {
  readonly health: Health<SinkState>;
  readonly metrics: ConnectorMetrics;
  /** Records that wait to be written. */
  readonly lag: number;
  /** Writes that failed; most are tried again. */
  readonly errors: number;
  /** Everything below it is safe at the target. */
  readonly progress: number | null;
  /** Changes after it are kept until they are written; null: none are, or all are written. */
  readonly retainedFrom: number | null;
}

const NOTHING: ConnectorMetrics = { bytes: 0, records: 0, partitions: 0, lag: null };

/** What running sinks use of the server. */
export interface SinkParts {
  readonly engine: Engine;
  readonly sequencer: Sequencer;
  readonly subscriptions: Subscriptions;
  readonly dataflows: Dataflows;
  readonly catalog: Catalog;
  readonly log: Log;
}

export class RunningSink {
  readonly #parts: SinkParts;
  readonly #setup: SinkSetup;
  readonly #directory: string;
  /** The same when it starts again: what it wrote is its own. */
  readonly #identity = randomUUID();
  /** Null: it could not be opened. */
  #writer: SinkWriter | null = null;
  /** What writers before it wrote; one of them may be about to close. */
  #before = { bytes: 0, records: 0 };
  #retiring: SinkWriter | null = null;
  #egress: Egress | null = null;
  #run: Promise<void> = Promise.resolve();
  #subscription: ArrangementId | null = null;
  #header: Buffer | null = null;
  #ended: Health<SinkState> | null = null;
  #stopped = false;
  readonly #history: SinkHistory;
  /** Shared arrangements that it reads, which stay as long as it does. */
  readonly #uses: readonly ArrangementId[];
  /** All below it was at the target when that was last heard of, in this run or one before. */
  #known: number | undefined;
  /** More waited than may, and is read again when the sink goes on. */
  #cutOff = false;

  #options: ParsedOptions<OptionSpecs>;

  get setup(): SinkSetup {
    return this.#setup;
  }

  /** The options as they are now. */
  get options(): ParsedOptions<OptionSpecs> {
    return this.#options;
  }

  constructor(parts: SinkParts, setup: SinkSetup) {
    this.#parts = parts;
    this.#setup = setup;
    this.#options = setup.options;
    this.#directory = mkdtempSync(join(tmpdir(), 'tidewire-sink-'));
    this.#history = new SinkHistory(parts.engine, imports(setup.plan), setup.retainHistory);
    this.#uses = parts.dataflows.retain(imports(setup.plan));
    // Without a snapshot this is where it begins, however long its target takes to answer.
    if (!setup.snapshot) this.#history.begin(parts.sequencer.last);
    this.#start();
  }

  #start(): void {
    const { engine } = this.#parts;
    this.#ended = null;
    this.#retired(this.#writer);
    this.#writer = null;
    try {
      this.#writer = this.#open();
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#egress = new Egress(this.#writer, {
      start: (progress) => this.#subscribe(progress),
      pause: (paused) => {
        if (this.#subscription !== null) engine.pauseSubscription(this.#subscription, paused);
      },
      written: (upTo) => {
        this.#known = upTo;
        this.#history.settled(upTo);
      },
    });
    this.#run = this.#runToEnd(this.#egress);
  }

  #open(): SinkWriter {
    const { log } = this.#parts;
    const { name } = this.#setup;
    return this.#setup.open(this.#identity, this.#options, {
      directory: this.#directory,
      log: (message) => log.info(message, { sink: name }),
    });
  }

  status(): SinkStatus {
    const waiting = this.#egress?.waiting ?? 0;
    return {
      health: this.#ended ?? this.#writer!.health(),
      metrics: this.#metrics(),
      lag: waiting,
      errors: this.#egress?.errors ?? 0,
      progress: this.#egress?.progress ?? null,
      retainedFrom: this.#ended || this.#cutOff || waiting > 0 ? this.#history.from : null,
    };
  }

  /** Of all writers that it had. */
  #metrics(): ConnectorMetrics {
    const now = this.#writer?.metrics() ?? NOTHING;
    const { bytes = 0, records = 0 } = this.#retiring?.metrics() ?? {};
    const before = this.#before;
    return {
      ...now,
      bytes: before.bytes + bytes + now.bytes,
      records: before.records + records + now.records,
    };
  }

  /** A writer has written its last. */
  #retired(writer: SinkWriter | null): void {
    const { bytes, records } = writer?.metrics() ?? NOTHING;
    this.#before = { bytes: this.#before.bytes + bytes, records: this.#before.records + records };
  }

  /** Pauses it or lets it go on; one that failed starts again from what its target holds. */
  async pause(paused: boolean): Promise<void> {
    if (this.#ended && !paused) {
      await this.#run;
      if (!this.#stopped) this.#start();
    }
    if (this.#ended) return;
    if (paused) this.#writer!.pause();
    else {
      this.#writer!.resume();
      if (this.#cutOff) this.#egress!.restartFeed();
    }
  }

  /** Lets go of what is kept longer than it may be. */
  boundHistory(): void {
    if (!this.#history.bound(Date.now() * 1000)) return;
    this.#parts.log.info('sink keeps no history any more: it is older than RETAIN HISTORY', {
      sink: this.#setup.name,
    });
  }

  /** Obeys changed options from the next write on. */
  alter(options: ParsedOptions<OptionSpecs>): void {
    this.#options = options;
    if (!this.#ended) this.#writer!.alter(options);
  }

  /** Writes on through a new writer: how the target is reached has changed. One that failed starts again. */
  async reconnect(): Promise<void> {
    if (this.#stopped) return;
    if (this.#ended) return this.pause(false);
    const paused = this.#writer!.health().state === 'paused';
    const writer = this.#open();
    if (paused) writer.pause();
    const old = this.#writer!;
    this.#retiring = old;
    this.#writer = writer;
    await this.#egress!.replace(writer);
    this.#retiring = null;
    this.#retired(old);
  }

  /** Writes what waits, within bounds of time. */
  async drain(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, DRAIN_MILLISECONDS)));
    await Promise.race([this.#egress?.drained(), deadline]);
    clearTimeout(timer);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#egress?.close();
    await this.#run;
    this.#history.release();
    this.#parts.dataflows.release(this.#uses);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #subscribe(progress: number | undefined): void {
    const { engine, sequencer, subscriptions } = this.#parts;
    const { plan, envelope, encoding, snapshot, timeZone, header } = this.#setup;
    if (this.#subscription !== null) subscriptions.remove(this.#subscription);
    const subscription = this.#setup.newSubscription();
    this.#subscription = subscription;
    this.#header = progress === undefined ? header : null;
    this.#cutOff = false;
    subscriptions.add(subscription, this.#consumer(this.#egress!));
    const { from } = this.#history;
    let asOf: number;
    if (progress !== undefined) {
      asOf = this.#history.next(progress, this.#known);
      this.#known = progress;
    } else if (!snapshot && from !== null) asOf = from;
    else {
      asOf = sequencer.last;
      this.#history.begin(asOf);
    }
    if (progress === undefined && !snapshot) {
      // Without a snapshot the progress begins here, not with the first change.
      this.#egress!.deliver({ bytes: Buffer.alloc(0), records: 0, upTo: asOf + 1, whole: true });
    }
    try {
      engine.subscribe(subscription, plan, {
        asOf,
        snapshot: snapshot && progress === undefined,
        progress: false,
        upTo: null,
        envelope,
        order: [],
        encoding,
        timeZone,
      });
    } catch (error) {
      if (progress === undefined || !(error instanceof EngineError) || error.sqlstate !== '22023')
        throw error;
      throw new ConnectorError({
        sqlstate: '55000',
        message: `changes after ${asOf}, up to which the target was written, are not kept any more`,
        hint: 'Drop the sink and create it again, perhaps with a longer RETAIN HISTORY.',
        cause: error,
      });
    }
  }

  #consumer(egress: Egress): SubscriptionConsumer {
    let whole = true;
    return {
      push: (chunk: SubscriptionChunk): void => {
        // Time that passes without changes need not be told to the target.
        if (chunk.rows === 0 && whole && chunk.whole && this.#header === null) {
          if (egress.waiting === 0) this.#history.settled(chunk.upTo);
          return;
        }
        whole = chunk.whole;
        const bytes = this.#header === null ? chunk.chunk : Buffer.concat([this.#header, chunk.chunk]);
        this.#header = null;
        egress.deliver({ bytes, records: chunk.rows, upTo: chunk.upTo, whole });
      },
      end: (error: Error | null): void => void this.#finish(egress, error),
    };
  }

  /** The subscription is over: what came before its end is written. */
  async #finish(egress: Egress, error: Error | null): Promise<void> {
    if (error instanceof EngineError && error.sqlstate === CUT_OFF && this.#history.from !== null) {
      // What waited is read again, from the relation's own past, when the target takes it.
      this.#cutOff = true;
      if (this.#writer!.health().state !== 'paused') egress.restartFeed();
      return;
    }
    await this.drain();
    if (error) this.#fail(error);
    egress.close();
  }

  async #runToEnd(egress: Egress): Promise<void> {
    try {
      await egress.run();
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      if (this.#subscription !== null) this.#parts.subscriptions.remove(this.#subscription);
      this.#subscription = null;
    }
  }

  #fail(error: Error): void {
    const { message, detail, where } = located(error, this.#parts) as Error & {
      detail?: string;
      where?: string;
    };
    const told = detail === undefined ? message : `${message}: ${detail}`;
    const reason = where === undefined ? told : `${told} (${where.replaceAll('\n', ', ')})`;
    this.#ended ??= { state: 'failed', error: reason, since: Date.now() };
    this.#parts.log.error('sink failed', { sink: this.#setup.name, reason });
  }
}

export class Sinks {
  readonly #parts: SinkParts;
  readonly #running = new Map<ObjectId, RunningSink>();
  readonly #timer: NodeJS.Timeout;

  constructor(parts: SinkParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      for (const sink of this.#running.values()) sink.boundHistory();
    }, BOUND_MILLISECONDS);
    this.#timer.unref();
  }

  /** Opens the connector and lets it run. */
  start(setup: SinkSetup): void {
    this.#running.set(setup.id, new RunningSink(this.#parts, setup));
  }

  /** Resolves when nothing is read for the sink and nothing is written by it any more. */
  async stop(id: ObjectId): Promise<void> {
    const sink = this.#running.get(id);
    this.#running.delete(id);
    await sink?.stop();
  }

  /** The sink that an object is; null when it is none that runs. */
  get(id: ObjectId): RunningSink | null {
    return this.#running.get(id) ?? null;
  }

  /** Lets those of these sinks that run write through new writers. */
  async reconnect(ids: readonly ObjectId[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#running.get(id)?.reconnect()));
  }

  /** All sinks by their objects. */
  all(): ReadonlyMap<ObjectId, RunningSink> {
    return this.#running;
  }

  async stopAll(): Promise<void> {
    clearInterval(this.#timer);
    const sinks = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(sinks.map((sink) => sink.drain().then(() => sink.stop())));
  }
}
