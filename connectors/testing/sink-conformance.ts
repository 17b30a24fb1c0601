/**
 * What every sink owes, as tests that any connector runs unchanged: it brings a target that can be read as others read
 * it, and the suite writes to it, stops the writer at every step and starts it again. What a connector's target cannot do
 * (go away, refuse a record) is left out by not giving it.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ConnectorError,
  SINK_TRANSITIONS,
  type SinkBatch,
  type SinkConnector,
  type SinkState,
  type SinkWriter,
} from '../contract.ts';
import { Egress, type EgressFeed } from '../egress.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { StateWatch } from './state-watch.ts';
import { type Harness, PATIENCE, alteredOptions, suiteOf } from './suite.ts';

/** A target of its own for each test. */
export interface TestTarget {
  readonly options: ParsedOptions<OptionSpecs>;
  /** Those of the connection, for a connector that needs one. */
  readonly connection?: ParsedOptions<OptionSpecs>;
  /** The records that are there for a reader who sees what is safe only; in their order. */
  read(): Promise<string[]>;
  /** The target cannot be reached, and can be again. */
  away?(): Promise<void>;
  back?(): Promise<void>;
  close(): Promise<void>;
}

export interface SinkHarness extends Harness {
  readonly connector: SinkConnector;
  create(): Promise<TestTarget>;
  /** Records as the engine would give them to the connector. */
  encode(records: readonly string[]): Buffer;
  /** A writer that is shut out by a newer one of the same identity can do no harm. */
  readonly fences: boolean;
  /** A record that the target does not take. */
  readonly poison?: string;
}

/** Registers the suite. */
export function sinkConformance(harness: SinkHarness): void {
  describe(`${harness.name} is a sink`, { timeout: harness.patience ?? PATIENCE }, () => {
    let target: TestTarget;
    const open: { writer: SinkWriter; watch: StateWatch<SinkState> }[] = [];
    const { patience, context, said } = suiteOf(harness, closeAll);

    beforeEach(async () => {
      target = await harness.create();
    });

    async function closeAll(): Promise<void> {
      for (const { writer, watch } of open.splice(0)) {
        watch.look();
        said(writer.health().error);
        await writer.close();
        await writer.close();
        watch.look();
        watch.check();
        expect(writer.health().state).toBe('closed');
      }
      await target.close();
    }

    function newWriter(identity = 'conformance'): SinkWriter {
      const writer = harness.connector.open({
        options: target.options,
        connection: target.connection ?? null,
        format: { name: 'json', header: false },
        columns: ['a'],
        identity,
        context: context(),
      });
      open.push({ writer, watch: new StateWatch(writer, SINK_TRANSITIONS) });
      return writer;
    }

    function batch(records: readonly string[], upTo: number, whole = true): SinkBatch {
      return { bytes: harness.encode(records), records: records.length, upTo, whole };
    }

    /** Batches of several records, each a time of its own. */
    const batches = Array.from({ length: 5 }, (_, index) => {
      const records = Array.from({ length: 20 }, (_, record) => `${index}.${record} ${'-'.repeat(50)}`);
      return { records, upTo: (index + 1) * 10 };
    });
    const everything = batches.flatMap(({ records }) => records).sort();
    const read = async (): Promise<string[]> => (await target.read()).sort();
    /** What a target has committed, its readers may see a little later. */
    const expectRead = (from: () => Promise<string[]>) =>
      expect.poll(from, { timeout: patience, message: 'what readers see' });

    test('what is written is there, in order, with its progress', async () => {
      const writer = newWriter();
      expect(writer.health().state).toBe('created');
      expect(await writer.recover()).toBeUndefined();
      expect(writer.health().state).toBe('running');
      for (const { records, upTo } of batches) await writer.write(batch(records, upTo));
      await expectRead(() => target.read()).toEqual(batches.flatMap(({ records }) => records));
      const { bytes, records } = writer.metrics();
      expect(records).toBe(everything.length);
      expect(bytes).toBeGreaterThanOrEqual(everything.join('').length);
      await writer.close();
      expect(await newWriter().recover()).toBe(50);
    });

    test('a batch without records moves the progress', async () => {
      const writer = newWriter();
      await writer.recover();
      await writer.write(batch(['1'], 10));
      await writer.write(batch([], 20));
      await writer.close();
      expect(await newWriter().recover()).toBe(20);
      await expectRead(() => target.read()).toEqual(['1']);
    });

    test('a writer that is closed after any batch is followed by one that goes on', async () => {
      for (const [index, { records, upTo }] of batches.entries()) {
        const writer = newWriter();
        expect(await writer.recover()).toBe(batches[index - 1]?.upTo);
        await writer.write(batch(records, upTo));
        await writer.close();
      }
      await expectRead(read).toEqual(everything);
    });

    test('what is not whole is not seen, and gone after a restart in its midst', async () => {
      let writer = newWriter();
      await writer.recover();
      const [first, second] = batches as [(typeof batches)[0], (typeof batches)[0]];
      await writer.write(batch(first.records, first.upTo));
      for (let cut = 1; cut < 20; cut += 6) {
        await writer.write(batch(second.records.slice(0, cut), first.upTo, false));
        await expectRead(() => target.read()).toEqual(first.records);
        await writer.close();
        writer = newWriter();
        expect(await writer.recover()).toBe(first.upTo);
      }
      await writer.write(batch(second.records.slice(0, 7), first.upTo, false));
      await writer.write(batch(second.records.slice(7, 14), first.upTo, false));
      await writer.write(batch(second.records.slice(14), second.upTo));
      await expectRead(() => target.read()).toEqual([...first.records, ...second.records]);
      expect(writer.metrics().records, 'records that are seen').toBe(second.records.length);
    });

    test('the same writer recovers in the midst of a time', async () => {
      const writer = newWriter();
      await writer.recover();
      await writer.write(batch(['1'], 10));
      await writer.write(batch(['2'], 10, false));
      expect(await writer.recover()).toBe(10);
      expect(writer.metrics().records, 'records that are seen').toBe(1);
      await writer.write(batch(['2', '3'], 20));
      await expectRead(() => target.read()).toEqual(['1', '2', '3']);
    });

    test('an older writer is shut out', async ({ skip }) => {
      if (!harness.fences) return skip();
      const older = newWriter();
      await older.recover();
      await older.write(batch(['1'], 10));
      await older.write(batch(['lost'], 10, false));
      const newer = newWriter();
      expect(await newer.recover()).toBe(10);
      await newer.write(batch(['2'], 20));
      await expect(older.write(batch(['late'], 30))).rejects.toBeInstanceOf(ConnectorError);
      await expectRead(() => target.read()).toEqual(['1', '2']);
      expect(await newer.recover()).toBe(20);
    });

    test('sinks with other identities know nothing of this one', async () => {
      const writer = newWriter();
      await writer.recover();
      await writer.write(batch(['1'], 10));
      await writer.close();
      const other = newWriter('another');
      const progress = await other.recover().catch((error: ConnectorError) => error.sqlstate);
      expect([undefined, '58P02']).toContain(progress);
    });

    test('an answer that is lost: nothing is written twice, and nothing left out', async () => {
      const writer = newWriter();
      const write = writer.write.bind(writer);
      let calls = 0;
      writer.write = async (given) => {
        calls++;
        if (calls % 3 === 1) throw lost('before');
        await write(given);
        if (calls % 3 === 2) throw lost('after');
      };
      const { egress, done, feed } = run(writer);
      for (const { records, upTo } of batches) {
        feed.give(batch(records, upTo));
        await egress.drained();
      }
      await expectRead(read).toEqual(everything);
      expect(egress.errors).toBeGreaterThan(3);
      expect([egress.progress, egress.waiting]).toEqual([50, 0]);
      egress.close();
      await done;
    });

    test('a slow target holds the feed back', async () => {
      const writer = newWriter();
      const write = writer.write.bind(writer);
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      writer.write = async (given) => {
        await gate;
        await write(given);
      };
      const { egress, done, feed } = run(writer);
      await expect.poll(() => feed.started, { timeout: patience }).toBe(true);
      const large = 'x'.repeat(200_000);
      let delivered = 0;
      for (; !feed.paused && delivered < 500; delivered++) {
        feed.give(batch([`${delivered} ${large}`], delivered + 1));
      }
      expect(delivered * large.length, 'bytes in memory').toBeLessThan(32 << 20);
      expect(feed.paused).toBe(true);
      release();
      await egress.drained();
      expect(feed.paused).toBe(false);
      await expectRead(() => target.read()).toHaveLength(delivered);
      egress.close();
      await done;
    });

    test('paused, it begins nothing; resumed, it writes all', async () => {
      const writer = newWriter();
      const { egress, done, feed } = run(writer);
      feed.give(batch(['1'], 10));
      await egress.drained();
      writer.pause();
      expect(writer.health().state).toBe('paused');
      for (const { records, upTo } of batches) feed.give(batch(records, upTo + 10));
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      await expectRead(() => target.read()).toEqual(['1']);
      expect(writer.health().state).toBe('paused');
      writer.resume();
      expect(writer.health().state).toBe('running');
      await egress.drained();
      await expectRead(read).toEqual(['1', ...everything].sort());
      egress.close();
      await done;
    });

    test('a paused writer can be closed', async () => {
      const writer = newWriter();
      await writer.recover();
      writer.pause();
      const written = writer.write(batch(['1'], 10)).then(
        () => 'written',
        () => 'refused',
      );
      await writer.close();
      expect(await written).toBe('refused');
      await expectRead(() => target.read()).toEqual([]);
    });

    test('another writer in its place, as when the connection is altered', async () => {
      const { egress, done, feed } = run(newWriter());
      for (const { records, upTo } of batches) {
        feed.give(batch(records, upTo));
        await egress.replace(newWriter());
        await egress.drained();
      }
      await expectRead(read).toEqual(everything);
      egress.close();
      await done;
    });

    test('a target that goes away comes back: each record is there once', async ({ skip }) => {
      if (target.away === undefined || target.back === undefined) return skip();
      const writer = newWriter();
      const watch = new StateWatch(writer, SINK_TRANSITIONS);
      const { egress, done, feed } = run(writer);
      feed.give(batch(['1'], 10));
      await egress.drained();
      await target.away();
      feed.give(batch(['2'], 20));
      await expect.poll(() => watch.look(), { timeout: patience }).toBe('stalled');
      expect(writer.health().error).not.toBeNull();
      feed.give(batch(['3'], 30));
      expect(egress.waiting).toBeGreaterThan(0);
      await target.back();
      await egress.drained();
      expect(watch.look()).toBe('running');
      await expectRead(() => target.read()).toEqual(['1', '2', '3']);
      egress.close();
      await done;
      watch.check();
    });

    test('a record that the target does not take ends the sink', async ({ skip }) => {
      if (harness.poison === undefined) return skip();
      const writer = newWriter();
      const { egress, done, feed } = run(writer);
      feed.give(batch(['1'], 10));
      await egress.drained();
      const ended = done.then(
        () => null,
        (error: Error) => error,
      );
      feed.give(batch([harness.poison], 20));
      expect(await ended).toBeInstanceOf(ConnectorError);
      await expectRead(() => target.read()).toEqual(['1']);
    });

    test('options: what is refused, what can change', async () => {
      const altered = alteredOptions(harness, target.options);
      const writer = newWriter();
      await writer.recover();
      await writer.write(batch(['1'], 10));
      writer.alter(altered);
      await writer.write(batch(['2'], 20));
      await expectRead(() => target.read()).toEqual(['1', '2']);
    });

    /** Runs a writer as the server does. */
    function run(writer: SinkWriter): { egress: Egress; done: Promise<void>; feed: Feed } {
      const feed = new Feed();
      const egress = new Egress(writer, feed);
      feed.egress = egress;
      return { egress, done: egress.run(), feed };
    }
  });
}

/** What the engine is to a sink: it can give again all that is asked for. */
class Feed implements EgressFeed {
  egress: Egress | null = null;
  paused = false;
  readonly #given: SinkBatch[] = [];
  started = false;
  /** As far as it need not give anything again. */
  upTo = 0;

  give(batch: SinkBatch): void {
    this.#given.push(batch);
    if (this.started) this.egress!.deliver(batch);
  }

  written(upTo: number): void {
    expect(upTo, 'what is written never goes back').toBeGreaterThanOrEqual(this.upTo);
    this.upTo = upTo;
  }

  start(progress: number | undefined): void {
    expect(progress ?? this.upTo, 'what was written is not asked for again').toBeGreaterThanOrEqual(
      this.upTo,
    );
    this.started = true;
    this.paused = false;
    for (const batch of this.#given) {
      if (progress === undefined || batch.upTo > progress) this.egress!.deliver(batch);
    }
  }

  pause(paused: boolean): void {
    this.paused = paused;
  }
}

function lost(when: string): ConnectorError {
  return new ConnectorError({ message: `answer lost ${when} it was written`, retry: true });
}
