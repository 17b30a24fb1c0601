/**
 * What every source owes, as tests that any connector runs unchanged: it brings an upstream that can be filled, and the
 * suite reads it, stops it and starts it again. What a connector's upstream cannot do (go away, take a poison record) is
 * left out by not giving it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SOURCE_TRANSITIONS, type Offsets, type SourceConnector, type SourceReader } from '../contract.ts';
import { Ingest } from '../ingest.ts';
import type { OptionSpecs, ParsedOptions } from '../options.ts';
import { splitPosition } from '../position.ts';
import { Collector, type CollectorState } from './collector.ts';
import { TestEngine, type TestEnvelope } from './engine-collector.ts';
import { StateWatch } from './state-watch.ts';
import { type Harness, alteredOptions, suiteOf } from './suite.ts';

/** An upstream of its own for each test. */
export interface TestUpstream {
  readonly options: ParsedOptions<OptionSpecs>;
  /** Those of the connection, for a connector that needs one. */
  readonly connection?: ParsedOptions<OptionSpecs>;
  /** Puts records at the end, each a line without a line break; a source that makes its own records has none. */
  append?(records: readonly string[]): Promise<void>;
  /** Delivers what was appended last once more, where it can be told by a key or a position. */
  repeat?(): Promise<void>;
  /** The upstream cannot be reached, and can be again. */
  away?(): Promise<void>;
  back?(): Promise<void>;
  close(): Promise<void>;
}

export interface SourceHarness extends Harness {
  readonly connector: SourceConnector;
  /** Of a connector of messages: what they are to the relation (`engine-collector.ts`). */
  readonly envelope?: TestEnvelope;
  /** An upstream with records, enough for several commits, and what the collector shows of them. */
  create(): Promise<{ readonly upstream: TestUpstream; readonly rows: readonly string[] }>;
}

/** Registers the suite. */
export function sourceConformance(harness: SourceHarness): void {
  describe(`${harness.name} is a source`, () => {
    let upstream: TestUpstream;
    let rows: readonly string[];
    const { patience, context, said } = suiteOf(harness, () => upstream.close());
    const { envelope } = harness;
    let engine: TestEngine | undefined;

    beforeAll(() => {
      if (envelope !== undefined) engine = new TestEngine();
    });
    afterAll(() => engine?.stop());

    beforeEach(async () => {
      ({ upstream, rows } = await harness.create());
    });

    const newCollector = (): Collector =>
      envelope === undefined ? new Collector() : engine!.collector(envelope);

    /** A reader from offsets as they were committed. */
    function open(committed: Offsets, options = upstream.options): SourceReader {
      const offsets = Object.entries(committed).map(([partition, value]) => [
        partition,
        envelope === 'debezium' ? splitPosition(value).offset : value,
      ]);
      return harness.connector.open({
        options,
        offsets: Object.fromEntries(offsets) as Offsets,
        connection: upstream.connection ?? null,
        metadata: envelope === 'upsert' ? ['key'] : [],
        format: harness.connector.formats.length > 0 ? { name: 'json', header: false } : null,
        context: context(),
      });
    }

    /** Moves a reader's batches into the collector, from where that stands. */
    function ingest(reader: SourceReader, collector: Collector): Promise<void> {
      if (envelope !== 'debezium') return new Ingest(reader, collector, []).run();
      const positions = Object.entries(collector.offsets).flatMap(
        ([partition, value]): [string, string][] => {
          const { position } = splitPosition(value);
          return position === undefined ? [] : [[partition, position]];
        },
      );
      return new Ingest(reader, collector, [], new Map(positions)).run();
    }

    /** Runs a reader into the collector until `enough`, then closes it; a failure is given back. */
    async function run(collector: Collector, enough: () => boolean): Promise<Error | null> {
      const reader = open(collector.offsets);
      const watch = new StateWatch(reader, SOURCE_TRANSITIONS);
      const ended = ingest(reader, collector).then(
        () => null,
        (error: Error) => error,
      );
      await Promise.race([collector.until(enough), ended]);
      watch.look();
      await reader.close();
      const failure = await ended;
      watch.look();
      watch.check();
      for (const text of [JSON.stringify(collector.offsets), reader.health().error, failure?.message])
        said(text);
      await reader.close();
      return failure;
    }

    const complete = (collector: Collector) => (): boolean => collector.size >= rows.length;

    test('what is upstream is read, each record once', { timeout: patience }, async () => {
      const collector = newCollector();
      expect(await run(collector, complete(collector))).toBeNull();
      expect(collector.list()).toEqual([...rows].sort());
      expect(collector.history.length, 'commits, so that a restart has places to begin at').toBeGreaterThan(
        2,
      );
    });

    test('what comes later is read too', { timeout: patience }, async ({ skip }) => {
      if (upstream.append === undefined) return skip();
      const collector = newCollector();
      const reader = open({});
      const ended = ingest(reader, collector);
      await collector.until(complete(collector));
      await upstream.append(['later 1', 'later 2']);
      await collector.until(() => collector.size === rows.length + 2);
      expect(collector.rows.get('later 2')).toBe(1);
      await reader.close();
      await ended;
    });

    test(
      'a reader that is closed after any commit goes on from its offsets',
      { timeout: patience },
      async () => {
        const collector = newCollector();
        for (let commits = 1; !complete(collector)(); commits++) {
          expect(await run(collector, () => collector.history.length >= commits)).toBeNull();
        }
        expect(collector.list()).toEqual([...rows].sort());
      },
    );

    test('a commit that is lost is read again, and nothing else', { timeout: patience }, async () => {
      const collector = newCollector();
      for (let lost = 1; !complete(collector)(); lost++) {
        collector.fail = { atCommit: lost };
        const failure = await run(collector, complete(collector));
        if (failure !== null) expect(failure.message).toBe('commit lost');
        collector.fail = null;
        expect(
          await run(collector, () => collector.history.length >= lost || complete(collector)()),
        ).toBeNull();
      }
      expect(collector.list()).toEqual([...rows].sort());
    });

    test(
      'opened from older offsets, it gives again what lies behind them',
      { timeout: patience },
      async () => {
        const whole = newCollector();
        const reader = open({});
        const ended = ingest(reader, whole);
        await whole.until(() => whole.history.length > 0);
        const early: CollectorState = whole.state();
        await whole.until(complete(whole));
        await reader.close();
        await ended;
        const again = newCollector();
        await again.restore(early);
        expect(await run(again, complete(again))).toBeNull();
        expect(again.list()).toEqual([...rows].sort());
        expect(again.offsets).toEqual(whole.offsets);
      },
    );

    test('what comes one by one arrives one by one', { timeout: patience }, async ({ skip }) => {
      if (upstream.append === undefined) return skip();
      const collector = newCollector();
      const reader = open({});
      const ended = ingest(reader, collector);
      await collector.until(complete(collector));
      for (let number = 1; number <= 3; number++) {
        await upstream.append([`single ${number}`]);
        await collector.until(() => collector.rows.get(`single ${number}`) === 1);
      }
      expect(reader.health().state).toBe('running');
      await reader.close();
      await ended;
    });

    test('its counters tell what it has read', { timeout: patience }, async () => {
      const collector = newCollector();
      const reader = open({});
      // A bounded source lets its partitions go as they end.
      let partitions = 0;
      const read = reader.read.bind(reader);
      reader.read = async function* () {
        for await (const batch of read()) {
          partitions = Math.max(partitions, reader.metrics().partitions);
          yield batch;
        }
      };
      const ended = ingest(reader, collector);
      let before = reader.metrics();
      const grows = (): void => {
        const now = reader.metrics();
        expect(now.bytes).toBeGreaterThanOrEqual(before.bytes);
        expect(now.records).toBeGreaterThanOrEqual(before.records);
        before = now;
      };
      await collector.until(() => collector.history.length > 0);
      grows();
      await collector.until(complete(collector));
      grows();
      // A generator reads no bytes; what is read as a stream has no records before it is decoded.
      expect(before.bytes + before.records).toBeGreaterThanOrEqual(rows.length);
      expect(partitions).toBeGreaterThan(0);
      await expect.poll(() => reader.metrics().lag ?? 0, { timeout: patience }).toBe(0);
      await reader.close();
      await ended;
    });

    test('a poison record: skipped, or nothing of its commit', { timeout: patience }, async ({ skip }) => {
      if (upstream.append === undefined) return skip();
      const collector = newCollector();
      await run(collector, complete(collector));
      await upstream.append(['before', '!poison', 'after']);
      collector.onError = 'fail';
      const failure = await run(collector, () => false);
      expect(failure?.message).toBe('record refused');
      expect(collector.list()).toEqual([...rows].sort());
      collector.onError = 'skip';
      expect(await run(collector, () => collector.size === rows.length + 2)).toBeNull();
      expect(collector.rows.get('after')).toBe(1);
      expect(collector.refused.at(-1)).toMatchObject({ count: 1, diff: 1 });
    });

    test('records of a schema that is not known wait for it', { timeout: patience }, async ({ skip }) => {
      if (envelope === undefined || upstream.append === undefined) return skip();
      const collector = newCollector();
      await run(collector, complete(collector));
      await upstream.append(['older']);
      await run(collector, () => collector.rows.get('older') === 1);
      let closeUnanswered = (): void => undefined;
      const unanswered = new Promise<boolean>((resolve) => {
        closeUnanswered = () => resolve(false);
      });
      collector.schema = { marker: 'newer', known: false, answer: unanswered };
      await upstream.append(['before', 'newer 1']);
      const reader = open(collector.offsets);
      const ended = ingest(reader, collector);
      await expect.poll(() => collector.asked, { timeout: patience }).toBe(1);
      expect(reader.health().error).toBeNull();
      expect(collector.rows.has('newer 1')).toBe(false);
      // Closed meanwhile: nothing is lost.
      closeUnanswered();
      await reader.close();
      await ended;
      collector.schema = { marker: 'newer', known: false, answer: Promise.resolve(true) };
      expect(await run(collector, () => collector.rows.get('newer 1') === 1)).toBeNull();
      expect(collector.list()).toEqual([...rows, 'older', 'before', 'newer 1'].sort());
    });

    test('what upstream delivers twice stands once', { timeout: patience }, async ({ skip }) => {
      if (upstream.repeat === undefined) return skip();
      const collector = newCollector();
      await run(collector, complete(collector));
      await upstream.append!(['twice', 'as well']);
      await upstream.repeat();
      await run(collector, () => collector.rows.get('as well') === 1);
      await upstream.repeat();
      await upstream.append!(['behind']);
      expect(await run(collector, () => collector.rows.get('behind') === 1)).toBeNull();
      expect(collector.list()).toEqual([...rows, 'twice', 'as well', 'behind'].sort());
    });

    test('an upstream that goes away comes back without loss', { timeout: patience }, async ({ skip }) => {
      if (upstream.away === undefined || upstream.back === undefined) return skip();
      const collector = newCollector();
      const reader = open({});
      const watch = new StateWatch(reader, SOURCE_TRANSITIONS);
      const ended = ingest(reader, collector);
      await collector.until(complete(collector));
      await upstream.away();
      await expect.poll(() => watch.look(), { timeout: patience }).toBe('stalled');
      expect(reader.health().error).not.toBeNull();
      await upstream.back();
      await expect.poll(() => watch.look(), { timeout: patience }).toBe('running');
      await upstream.append?.(['again']);
      await collector.until(() => collector.rows.get('again') === 1);
      expect(collector.size).toBe(rows.length + 1);
      await reader.close();
      await ended;
      watch.check();
    });

    test('a slow engine holds the reader back', { timeout: patience }, async () => {
      const collector = newCollector();
      let release = (): void => undefined;
      collector.gate = new Promise((resolve) => (release = resolve));
      const reader = open({});
      const taken = counted(reader);
      const ended = ingest(taken.reader, collector);
      // Messages are decoded ahead, one chunk in each lane and the next.
      const asked = envelope === undefined ? 2 : 2 + collector.lanes + 1;
      await expect.poll(() => taken.commits(), { timeout: patience }).toBeGreaterThanOrEqual(2);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(taken.commits(), 'commits that the reader was asked for').toBeLessThanOrEqual(asked);
      collector.gate = Promise.resolve();
      release();
      await collector.until(complete(collector));
      await reader.close();
      await ended;
      expect(collector.list()).toEqual([...rows].sort());
    });

    test('paused, it yields nothing; resumed, all', { timeout: patience }, async () => {
      const collector = newCollector();
      const reader = open({});
      const watch = new StateWatch(reader, SOURCE_TRANSITIONS);
      const ended = ingest(reader, collector);
      await collector.until(() => collector.history.length > 0);
      reader.pause();
      expect(watch.look()).toBe('paused');
      // What was yielded before still arrives: at most two commits.
      const before = collector.history.length;
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(collector.history.length).toBeLessThanOrEqual(before + 2);
      expect(reader.health().state).toBe('paused');
      reader.resume();
      await collector.until(complete(collector));
      await reader.close();
      await ended;
      expect(collector.list()).toEqual([...rows].sort());
      watch.check();
    });

    test('options: what is refused, what can change', { timeout: patience }, async () => {
      const altered = alteredOptions(harness, upstream.options);
      const collector = newCollector();
      const reader = open({});
      const ended = ingest(reader, collector);
      reader.alter(altered);
      await collector.until(complete(collector));
      await reader.close();
      await ended;
      expect(collector.list()).toEqual([...rows].sort());
    });

    test('its partitions are those that it committed', { timeout: patience }, async () => {
      const collector = newCollector();
      const reader = open({});
      const ended = ingest(reader, collector);
      await collector.until(complete(collector));
      for (const partition of Object.keys(collector.offsets)) {
        expect(reader.partition(partition)?.name).toEqual(expect.any(String));
      }
      expect(reader.partition('no such partition')).toBeUndefined();
      await reader.close();
      await ended;
      expect(reader.health().state).toBe('closed');
    });
  });
}

/** Counts the batches that end a commit. */
function counted(reader: SourceReader): { reader: SourceReader; commits(): number } {
  let commits = 0;
  const read = reader.read.bind(reader);
  reader.read = async function* () {
    for await (const batch of read()) {
      if (batch.commit) commits++;
      yield batch;
    }
  };
  return { reader, commits: () => commits };
}
