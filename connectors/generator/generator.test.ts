import { expect, test } from 'vitest';
import { Ingest } from '../ingest.ts';
import { Collector } from '../testing/collector.ts';
import { GeneratorReader } from './reader.ts';
import { nexmarkSource } from './source.ts';

test('makes all events as fast as it goes, in batches, and goes on where it was', async () => {
  const collector = new Collector();
  await new Ingest(new GeneratorReader({ events: 25_000, rate: undefined }, 1, {}), collector, []).run();
  expect(collector.generated).toEqual([
    { from: 0, count: 10_000 },
    { from: 10_000, count: 10_000 },
    { from: 20_000, count: 5000 },
  ]);
  expect(collector.offsets).toEqual({ events: '25000' });
  const again = new Collector();
  const reader = new GeneratorReader({ events: 30_000, rate: undefined }, 1, { events: '25000' });
  await new Ingest(reader, again, []).run();
  expect(again.generated).toEqual([{ from: 25_000, count: 5000 }]);
});

test('keeps to its rate, and catches up by a second at most', async () => {
  let now = 0;
  const reader = new GeneratorReader({ events: undefined, rate: 1000 }, 1, {}, () => now);
  const batches = reader.read()[Symbol.asyncIterator]();
  now = 100;
  // The rate counts from the first look, so the clock moves under a reader that has begun.
  const first = batches.next();
  now = 350;
  expect((await first).value).toMatchObject({ from: 0, count: 250 });
  now = 400;
  expect((await batches.next()).value).toMatchObject({ from: 250, count: 50 });
  now = 60_000;
  expect((await batches.next()).value).toMatchObject({ from: 300, count: 1000 });
  await reader.close();
});

test('nexmark has three tables', async () => {
  const tables = await nexmarkSource.tables({ events: undefined, rate: undefined, seed: 1 });
  expect(tables!.map(({ name, columns }) => [name, columns.length])).toEqual([
    ['person', 8],
    ['auction', 10],
    ['bid', 7],
  ]);
});
