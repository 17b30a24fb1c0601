/** The life of sources, against an engine that keeps rows in a map: what is committed together, and what stops when. */
import { expect, test } from 'vitest';
import type { SourceBatch, SourceReader } from '../../connectors/contract.ts';
import type { Engine, RowDecoder, Transaction } from '../../engine/index.ts';
import { type SourceSetup, Sources } from '../../server/ingest/sources.ts';
import { silentLog } from '../../server/log.ts';
import type { Sequencer } from '../../server/timeline/sequencer.ts';

type Row = readonly [arrangement: number, row: string, diff: number];

interface FakeTransaction extends Transaction {
  readonly rows: Row[];
}

/** Lines are rows, and those that begin with `!` do not decode. */
class FakeEngine {
  readonly commits: Row[][] = [];
  /** The size that a transaction says it has: by default a group of its own. */
  transactionBytes = 4 << 20;
  /** Commits wait for it. */
  gate: Promise<void> = Promise.resolve();

  beginTransaction(): FakeTransaction {
    const rows: Row[] = [];
    return {
      rows,
      arrangements: () => [...new Set(rows.map(([arrangement]) => arrangement))],
      byteLength: () => this.transactionBytes,
      mark: () => [],
      rollbackTo: () => undefined,
      clear: () => undefined,
      close: () => undefined,
    };
  }

  decoder({ arrangement }: { arrangement: number }): RowDecoder {
    return {
      decode: (chunk, { diff, transaction, rejects }) => {
        const lines = chunk.toString().split('\n').slice(0, -1);
        const good = lines.filter((line) => !line.startsWith('!'));
        const bad = lines.filter((line) => line.startsWith('!'));
        for (const line of good) (transaction as FakeTransaction).rows.push([arrangement, line, diff]);
        for (const line of bad) {
          const into = rejects?.arrangement;
          if (into != null)
            (transaction as FakeTransaction).rows.push([into, `${rejects?.path} ${line}`, diff]);
        }
        const errors = bad.map((line) => ({
          sqlstate: '22P02',
          message: 'bad',
          offset: 0,
          line: 1,
          bytes: Buffer.from(line),
        }));
        return { rows: good.length, errorCount: errors.length, errors, pending: 0, skipped: 0 };
      },
      stage: () => Promise.reject(new Error('these are no messages')),
      learnSchema: () => undefined,
      close: () => undefined,
    };
  }

  generate(
    _: unknown,
    from: number,
    count: number,
    arrangements: readonly (number | null)[],
    transaction: Transaction,
  ): { rows: number } {
    for (const arrangement of arrangements) {
      if (arrangement !== null)
        (transaction as FakeTransaction).rows.push([arrangement, `${from}+${count}`, 1]);
    }
    return { rows: count };
  }

  sequencer(): Sequencer {
    const commit = async (transaction: Transaction): Promise<number> => {
      await this.gate;
      return this.commits.push((transaction as FakeTransaction).rows);
    };
    return { commit } as unknown as Sequencer;
  }
}

/** A reader that yields what it is given, when it is given. */
class FakeReader implements SourceReader {
  readonly #batches: SourceBatch[] = [];
  #wake: () => void = () => undefined;
  #over = false;
  taken = 0;

  give(...batches: SourceBatch[]): void {
    this.#batches.push(...batches);
    this.#wake();
  }

  finish(): void {
    this.#over = true;
    this.#wake();
  }

  async *read(): AsyncIterable<SourceBatch> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch) {
        this.taken++;
        yield batch;
      } else if (this.#over) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  pause(): void {}
  resume(): void {}
  alter(): void {}
  partition(): undefined {}
  health() {
    return { state: 'running' as const, error: null, since: 0 };
  }
  metrics() {
    return { bytes: 0, records: 0, partitions: 0, lag: null };
  }
  async close(): Promise<void> {
    this.finish();
  }
}

function bytes(text: string, fields: Partial<Extract<SourceBatch, { kind: 'bytes' }>> = {}): SourceBatch {
  return {
    kind: 'bytes',
    table: 0,
    stream: 's',
    start: false,
    flush: false,
    end: false,
    bytes: Buffer.from(text),
    diff: 1,
    metadata: { path: '/f' },
    offset: { partition: 's', value: '1' },
    commit: true,
    ...fields,
  };
}

function generated(from: number, count: number): SourceBatch {
  const offset = { partition: 'events', value: String(from + count) };
  return { kind: 'generated', from, count, offset, commit: true };
}

function start(fields: Partial<SourceSetup> = {}) {
  const engine = new FakeEngine();
  const reader = new FakeReader();
  const sources = new Sources({
    engine: engine as unknown as Engine,
    sequencer: engine.sequencer(),
    log: silentLog,
    errors: null,
  });
  sources.start({
    id: 1,
    name: 'public.s',
    open: () => reader,
    tables: [{ id: 1, arrangement: 10, fields: [] }],
    input: {
      kind: 'records',
      format: { kind: 'json' },
      messages: null,
      envelope: null,
      registry: null,
      timeZone: 'UTC',
    },
    metadata: [],
    connector: { name: 'fake', options: {} },
    settings: { onError: 'skip', options: {} },
    rejects: null,
    progress: null,
    ...fields,
  });
  return { engine, reader, sources };
}

test('refused records are committed with the rows beside them, and taken back with them', async () => {
  const { engine, reader, sources } = start({ rejects: { id: 2, arrangement: 20 } });
  reader.give(bytes('a\n!b\nc\n'), bytes('!b\n', { diff: -1, stream: 's-' }));
  await expect.poll(() => engine.commits.length).toBe(2);
  const reject = '/f !b';
  expect(engine.commits).toEqual([
    [
      [10, 'a', 1],
      [10, 'c', 1],
      [20, reject, 1],
    ],
    [[20, reject, -1]],
  ]);
  expect(sources.status(2)?.counters).toEqual({ rows: 2, rejected: 0, commits: 2 });
  await sources.stop(1);
  expect(sources.status(1)).toBeNull();
});

test('ON ERROR FAIL commits nothing of the batch and says which record it was', async () => {
  const { engine, reader, sources } = start({ settings: { onError: 'fail', options: {} } });
  reader.give(bytes('a\n'), bytes('b\n!c\n'), bytes('d\n'));
  await expect.poll(() => sources.status(1)?.health.state).toBe('failed');
  expect(sources.status(1)?.health.error).toBe('record 1 of /f (byte 0): bad');
  expect(engine.commits).toEqual([[[10, 'a', 1]]]);
});

test('a relation of offsets has one row a partition at each commit', async () => {
  const { engine, reader, sources } = start({
    tables: [null, { id: 3, arrangement: 30, fields: [] }],
    input: { kind: 'generator', generator: { kind: 'counter' } },
    progress: { id: 1, arrangement: 10 },
  });
  reader.give(generated(0, 5), generated(5, 5));
  reader.finish();
  await expect.poll(() => sources.status(1)?.health.state).toBe('finished');
  const at = (offset: string): string => JSON.stringify({ partition: 'events', offset });
  expect(engine.commits).toEqual([
    [
      [30, '0+5', 1],
      [10, at('5'), 1],
    ],
    [
      [30, '5+5', 1],
      [10, at('5'), -1],
      [10, at('10'), 1],
    ],
  ]);
});

test('a table that is dropped is left out, once what was written into it has arrived', async () => {
  let open = (): void => undefined;
  const { engine, reader, sources } = start({
    tables: [
      { id: 2, arrangement: 20, fields: [] },
      { id: 3, arrangement: 30, fields: [] },
    ],
    input: { kind: 'generator', generator: { kind: 'counter' } },
  });
  engine.gate = new Promise((resolve) => (open = resolve));
  reader.give(generated(0, 1), generated(1, 1));
  await expect.poll(() => reader.taken).toBe(2);
  let left = false;
  const leaving = sources.stop(2).then(() => (left = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(left, 'the table is still written to by open transactions').toBe(false);
  open();
  await leaving;
  expect(engine.commits.length).toBe(2);
  reader.give(generated(2, 1));
  await expect.poll(() => engine.commits.length).toBe(3);
  expect(engine.commits[2]).toEqual([[30, '2+1', 1]]);
  await sources.stopAll();
});

test('the reader is not asked for more than one batch beyond the commit that is on its way', async () => {
  let open = (): void => undefined;
  const { engine, reader, sources } = start();
  engine.gate = new Promise((resolve) => (open = resolve));
  reader.give(...['a', 'b', 'c', 'd', 'e'].map((row) => bytes(`${row}\n`)));
  await expect.poll(() => reader.taken).toBe(2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(reader.taken).toBe(2);
  open();
  await expect.poll(() => engine.commits.length).toBe(5);
  await sources.stopAll();
});

test('batches that are at hand join one commit, and one that needs the next is not committed without it', async () => {
  const { engine, reader, sources } = start();
  engine.transactionBytes = 100;
  reader.give(...['a', 'b', 'c'].map((row) => bytes(`${row}\n`)));
  await expect.poll(() => engine.commits.length).toBe(1);
  expect(engine.commits[0]).toHaveLength(3);
  reader.give(bytes('d\n', { commit: false }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(engine.commits).toHaveLength(1);
  reader.give(bytes('e\n'));
  await expect.poll(() => engine.commits.length).toBe(2);
  expect(engine.commits[1]).toHaveLength(2);
  await sources.stopAll();
});

test('a source that cannot be opened has failed, and starts when it is resumed', async () => {
  let broken = true;
  const reader = new FakeReader();
  const { engine, sources } = start({
    open: () => {
      if (broken) throw new Error('no such broker');
      return reader;
    },
  });
  const health = () => sources.status(1)?.health;
  await expect.poll(health).toMatchObject({ state: 'failed', error: 'no such broker' });
  broken = false;
  sources.pause(1, false);
  reader.give(bytes('a\n'));
  await expect.poll(() => engine.commits).toEqual([[[10, 'a', 1]]]);
  await sources.stopAll();
});
