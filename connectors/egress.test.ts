import { expect, test } from 'vitest';
import type { SinkBatch, SinkWriter } from './contract.ts';
import { ConnectorError } from './contract.ts';
import { Egress, type EgressFeed } from './egress.ts';

/** A target in memory that can be told to fail. */
class MemoryWriter implements SinkWriter {
  text = '';
  progress: number | undefined;
  writes = 0;
  /** What the next writes do: fail before or after the bytes are safe. */
  failures: ('before' | 'after')[] = [];

  /** Written, and not whole yet. */
  pending = '';

  recover(): Promise<number | undefined> {
    this.pending = '';
    return Promise.resolve(this.progress);
  }

  write(batch: SinkBatch): Promise<void> {
    this.writes++;
    const failure = this.failures.shift();
    if (failure !== 'before') {
      this.pending += batch.bytes.toString();
      if (batch.whole) {
        this.text += this.pending;
        this.pending = '';
        this.progress = batch.upTo;
      }
    }
    return failure === undefined
      ? Promise.resolve()
      : Promise.reject(new ConnectorError({ message: 'away', retry: true }));
  }

  pause(): void {}
  resume(): void {}
  alter(): void {}
  health() {
    return { state: 'running' as const, error: null, since: 0 };
  }
  metrics() {
    return { bytes: 0, records: 0, partitions: 1, lag: null };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

function batch(text: string, upTo: number, whole = true): SinkBatch {
  return { bytes: Buffer.from(text), records: 1, upTo, whole };
}

test('writes what is delivered, joined, in order', async () => {
  const writer = new MemoryWriter();
  const starts: (number | undefined)[] = [];
  const egress = new Egress(writer, {
    start: (progress) => starts.push(progress),
    pause: () => undefined,
    written: () => undefined,
  });
  for (let i = 1; i <= 5; i++) egress.deliver(batch(`${i}`, i * 10));
  const done = egress.run();
  await egress.drained();
  expect([writer.text, writer.progress, egress.progress, writer.writes]).toEqual(['12345', 50, 50, 1]);
  expect(starts).toEqual([undefined]);
  egress.close();
  await done;
});

test('tries again, and does not write twice what had arrived', async () => {
  const writer = new MemoryWriter();
  writer.progress = 5;
  writer.failures = ['before', 'after'];
  const starts: (number | undefined)[] = [];
  const egress = new Egress(writer, {
    start: (progress) => starts.push(progress),
    pause: () => undefined,
    written: () => undefined,
  });
  const done = egress.run();
  egress.deliver(batch('a', 10));
  await egress.drained();
  expect([writer.text, writer.progress, writer.writes]).toEqual(['a', 10, 2]);
  expect(starts).toEqual([5]);
  egress.close();
  await done;
});

test('a time whose last part fails is written again from its first', async () => {
  const writer = new MemoryWriter();
  writer.progress = 5;
  const starts: (number | undefined)[] = [];
  const egress = new Egress(writer, {
    start: (progress) => starts.push(progress),
    pause: () => undefined,
    written: () => undefined,
  });
  const done = egress.run();
  egress.deliver(batch('a', 10));
  egress.deliver(batch('b', 10, false));
  await egress.drained();
  expect([writer.text, writer.pending, egress.progress, egress.waiting]).toEqual(['a', 'b', 10, 1]);
  writer.failures = ['before', 'before'];
  egress.deliver(batch('c', 20));
  await egress.drained();
  expect([writer.text, writer.progress, egress.waiting, egress.errors]).toEqual(['abc', 20, 0, 2]);
  expect(starts, 'all was still in memory').toEqual([5]);
  egress.close();
  await done;
});

test('a snapshot that fails is read anew, and what waited of the older one is not written', async () => {
  const writer = new MemoryWriter();
  const starts: (number | undefined)[] = [];
  const egress = new Egress(writer, {
    start: (progress) => {
      starts.push(progress);
      if (starts.length < 2) return;
      egress.deliver(batch('new ', 20, false));
      egress.deliver(batch('snapshot', 30));
    },
    pause: () => undefined,
    written: () => undefined,
  });
  const done = egress.run();
  egress.deliver(batch('old ', 0, false));
  await egress.drained();
  writer.failures = ['before'];
  egress.deliver(batch('part ', 0, false));
  egress.deliver(batch('rest', 10));
  await egress.drained();
  expect([writer.text, writer.progress, egress.waiting]).toEqual(['new snapshot', 30, 0]);
  expect(starts).toEqual([undefined, undefined]);
  egress.close();
  await done;
});

test('before anything is written nothing is lost, either', async () => {
  const writer = new MemoryWriter();
  writer.failures = ['before', 'before'];
  const starts: (number | undefined)[] = [];
  const egress = new Egress(writer, {
    start: (progress) => starts.push(progress),
    pause: () => undefined,
    written: () => undefined,
  });
  const done = egress.run();
  egress.deliver(batch('a', 10));
  await egress.drained();
  expect([writer.text, writer.progress, starts]).toEqual(['a', 10, [undefined]]);
  egress.close();
  await done;
});

test('another writer goes on behind what the target holds', async () => {
  const [first, second] = [new MemoryWriter(), new MemoryWriter()];
  first.progress = 5;
  const egress = new Egress(first, {
    start: () => undefined,
    pause: () => undefined,
    written: () => undefined,
  });
  const done = egress.run();
  egress.deliver(batch('a', 10));
  await egress.drained();
  egress.deliver(batch('b', 10, false));
  await egress.drained();
  second.progress = 10;
  await egress.replace(second);
  egress.deliver(batch('c', 20));
  await egress.drained();
  expect([first.text, second.text, second.progress]).toEqual(['a', 'bc', 20]);
  egress.close();
  await done;
});

test('pauses its feed while too much waits', async () => {
  const writer = new MemoryWriter();
  const paused: boolean[] = [];
  const feed: EgressFeed = {
    start: () => undefined,
    pause: (value) => paused.push(value),
    written: () => undefined,
  };
  const egress = new Egress(writer, feed);
  for (let i = 0; i < 20; i++)
    egress.deliver({ bytes: Buffer.alloc(1 << 20), records: 1, upTo: i, whole: true });
  expect(paused).toEqual([true]);
  const done = egress.run();
  await egress.drained();
  expect(paused).toEqual([true, false]);
  expect(writer.progress).toBe(19);
  egress.close();
  await done;
});

test('ends with an error that trying again cannot cure', async () => {
  const writer = new MemoryWriter();
  writer.write = () => Promise.reject(new ConnectorError({ sqlstate: '58P02', message: 'not ours' }));
  const egress = new Egress(writer, {
    start: () => undefined,
    pause: () => undefined,
    written: () => undefined,
  });
  egress.deliver(batch('a', 1));
  await expect(egress.run()).rejects.toMatchObject({ sqlstate: '58P02' });
});

test('a feed that ended before its time starts again behind what the target holds', async () => {
  const writer = new MemoryWriter();
  const starts: (number | undefined)[] = [];
  const written: number[] = [];
  const egress = new Egress(writer, {
    start: (progress) => starts.push(progress),
    pause: () => undefined,
    written: (upTo) => written.push(upTo),
  });
  const done = egress.run();
  egress.deliver(batch('a', 10));
  await egress.drained();
  egress.deliver(batch('b', 10, false));
  await egress.drained();
  egress.restartFeed();
  egress.deliver(batch('lost', 20));
  await egress.drained();
  expect([writer.text, writer.pending, egress.waiting]).toEqual(['a', '', 0]);
  egress.deliver(batch('b', 10, false));
  egress.deliver(batch('c', 20));
  await egress.drained();
  expect([writer.text, starts, written]).toEqual(['abc', [undefined, 10], [10, 20]]);
  egress.close();
  await done;
});
