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

  recover(): Promise<number | undefined> {
    return Promise.resolve(this.progress);
  }

  write(batch: SinkBatch): Promise<void> {
    this.writes++;
    const failure = this.failures.shift();
    if (failure !== 'before') {
      this.text += batch.bytes.toString();
      this.progress = batch.upTo;
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

function batch(text: string, upTo: number): SinkBatch {
  return { bytes: Buffer.from(text), records: 1, upTo, whole: true };
}

test('writes what is delivered, joined, in order', async () => {
  const writer = new MemoryWriter();
  const starts: (number | undefined)[] = [];
  const egress = new Egress(writer, { start: (progress) => starts.push(progress), pause: () => undefined });
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
  const egress = new Egress(writer, { start: (progress) => starts.push(progress), pause: () => undefined });
  const done = egress.run();
  egress.deliver(batch('a', 10));
  await egress.drained();
  expect([writer.text, writer.progress, writer.writes]).toEqual(['a', 10, 2]);
  expect(starts).toEqual([5]);
  egress.close();
  await done;
});

test('pauses its feed while too much waits', async () => {
  const writer = new MemoryWriter();
  const paused: boolean[] = [];
  const feed: EgressFeed = { start: () => undefined, pause: (value) => paused.push(value) };
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
  const egress = new Egress(writer, { start: () => undefined, pause: () => undefined });
  egress.deliver(batch('a', 1));
  await expect(egress.run()).rejects.toMatchObject({ sqlstate: '58P02' });
});
