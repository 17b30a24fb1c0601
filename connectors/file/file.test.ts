import { appendFile, mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MetadataItem, SourceReader } from '../contract.ts';
import { Ingest } from '../ingest.ts';
import { Collector } from '../testing/collector.ts';
import { listFiles, segmentExpression } from './paths.ts';
import { fileSink } from './sink.ts';
import { fileSource } from './source.ts';

let folder: string;
let readers: SourceReader[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-file-'));
  await mkdir(join(folder, 'in'));
  readers = [];
});

afterEach(async () => {
  for (const reader of readers) await reader.close();
  await rm(folder, { recursive: true, force: true });
});

function path(name: string): string {
  return join(folder, 'in', name);
}

type Fields = Partial<Parameters<typeof fileSource.open>[0]['options']>;

function start(fields: Fields, metadata: MetadataItem[] = []) {
  const reader = fileSource.open({
    options: {
      path: join(folder, 'in'),
      follow: false,
      on_delete: 'retract',
      poll_interval: 10,
      compression: 'auto',
      ...fields,
    },
    offsets: {},
    connection: null,
    metadata,
    format: { name: 'json', header: false },
    context: { directory: join(folder, 'retained'), log: () => undefined },
  });
  readers.push(reader);
  const collector = new Collector();
  const ingest = new Ingest(reader, collector, metadata);
  return { reader, collector, ingest, done: ingest.run() };
}

describe('paths', () => {
  test('patterns name files', async () => {
    await mkdir(join(folder, 'in', 'deep', 'er'), { recursive: true });
    for (const name of [
      'a1.csv',
      'a2.csv',
      'b1.csv',
      'c.txt',
      '.hidden.csv',
      'deep/x.csv',
      'deep/er/y.csv',
    ]) {
      await writeFile(path(name), '');
    }
    const names = async (pattern: string): Promise<string[]> =>
      (await listFiles(join(folder, 'in', pattern))).map((found) => found.slice(folder.length + 4));
    expect(await names('')).toEqual(['a1.csv', 'a2.csv', 'b1.csv', 'c.txt']);
    expect(await names('a?.csv')).toEqual(['a1.csv', 'a2.csv']);
    expect(await names('[!a]*.csv')).toEqual(['b1.csv']);
    expect(await names('{a1,c}.*')).toEqual(['a1.csv', 'c.txt']);
    expect(await names('**/*.csv')).toEqual(['a1.csv', 'a2.csv', 'b1.csv', 'deep/er/y.csv', 'deep/x.csv']);
    expect(await names('*/*.csv')).toEqual(['deep/x.csv']);
    expect(await names('nothing*')).toEqual([]);
    expect(await names('nowhere/x')).toEqual([]);
  });

  test('what is special elsewhere is not special in a pattern', () => {
    expect(segmentExpression('a.b+c(d)*').test('a.b+c(d)e')).toBe(true);
    expect(segmentExpression('a.b').test('axb')).toBe(false);
  });
});

describe('files read once', () => {
  test('every file from beginning to end, a last line without line break too', async () => {
    await writeFile(path('a'), '1\n2\n3');
    await writeFile(path('b'), '4\n');
    await writeFile(path('c'), '');
    const { collector, done, reader } = start({});
    await done;
    expect(collector.list()).toEqual(['1', '2', '3', '4']);
    expect(reader.health().state).toBe('closed');
  });

  test('gzip, of several members', async () => {
    await writeFile(path('a.gz'), Buffer.concat([gzipSync('1\n2'), gzipSync('3\n4\n')]));
    const { collector, done } = start({});
    await done;
    expect(collector.list()).toEqual(['1', '23', '4']);
  });

  test('damaged gzip is an error', async () => {
    await writeFile(path('a.gz'), gzipSync('1\n'.repeat(10_000)).subarray(0, 30));
    const { done } = start({});
    await expect(done).rejects.toMatchObject({ sqlstate: '22P04' });
  });

  test('large files arrive in parts, and a slow consumer holds the reader back', async () => {
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i}`);
    await writeFile(path('a'), lines.join('\n'));
    let open = (): void => undefined;
    const { collector, done, reader } = start({});
    collector.gate = new Promise((resolve) => (open = resolve));
    const first = reader.metrics().bytes;
    expect(first).toBe(0);
    await new Promise(setImmediate);
    open();
    await done;
    expect(collector.history.length).toBeGreaterThan(5);
    expect(collector.list().length).toBe(lines.length);
  });

  test('the path as a column', async () => {
    await writeFile(path('a'), '1\n');
    const { collector, done } = start({}, ['path']);
    await done;
    expect(collector.list()).toEqual([`1|${path('a')}`]);
  });

  test('records that do not decode are reported', async () => {
    await writeFile(path('a'), '1\n!\n2\n');
    const { collector, done, ingest } = start({});
    await done;
    expect(collector.list()).toEqual(['1', '2']);
    expect(collector.refused).toMatchObject([{ diff: 1, count: 1, first: { line: 2 } }]);
    expect(ingest.counters()).toMatchObject({ rows: 2, rejected: 1 });
  });
});

describe('files that are followed', () => {
  /** Waits until the source holds these rows. */
  async function holds(collector: Collector, rows: string[]): Promise<void> {
    await collector.until(() => JSON.stringify(collector.list()) === JSON.stringify([...rows].sort()));
  }

  test('new files and appended lines', async () => {
    await writeFile(path('a'), '1\n');
    const { collector, reader } = start({ follow: true });
    await holds(collector, ['1']);
    await appendFile(path('a'), '2\n3');
    await holds(collector, ['1', '2', '3']);
    await writeFile(path('b'), 'b\n');
    await holds(collector, ['1', '2', '3', 'b']);
    // The line break of the line that was taken as whole, and another line.
    await appendFile(path('a'), '\n4\n');
    await holds(collector, ['1', '2', '3', '4', 'b']);
    expect(reader.metrics().partitions).toBe(2);
  });

  test('a line that goes on after all', async () => {
    await writeFile(path('a'), 'x\nhal');
    const { collector } = start({ follow: true });
    await holds(collector, ['x', 'hal']);
    await appendFile(path('a'), 'f\n');
    await holds(collector, ['x', 'half']);
    for (const state of collector.history) expect(state.filter((row) => row === 'x').length).toBe(1);
  });

  test('a changed file is taken back and read again in one commit', async () => {
    await writeFile(path('a'), '1\n2\n3\n');
    const { collector } = start({ follow: true });
    await holds(collector, ['1', '2', '3']);
    const before = collector.history.length;
    await writeFile(path('a'), '1\n9\n3\n');
    await holds(collector, ['1', '3', '9']);
    expect(collector.history.slice(before)).toEqual([['1', '3', '9']]);
    await truncate(path('a'), 2);
    await holds(collector, ['1']);
  });

  test('a file renamed over another replaces it in one commit', async () => {
    await writeFile(path('a'), 'old\n');
    const { collector } = start({ follow: true, path: join(folder, 'in', '*') });
    await holds(collector, ['old']);
    const before = collector.history.length;
    await writeFile(join(folder, 'new'), 'new\n');
    await rename(join(folder, 'new'), path('a'));
    await holds(collector, ['new']);
    expect(collector.history.slice(before)).toEqual([['new']]);
  });

  test('a renamed file keeps its rows', async () => {
    await writeFile(path('a'), '1\n');
    const { collector } = start({ follow: true });
    await holds(collector, ['1']);
    await rename(path('a'), path('z'));
    await appendFile(path('z'), '2\n');
    await holds(collector, ['1', '2']);
    for (const state of collector.history) expect(state).toContain('1');
  });

  test('a deleted file takes its rows with it', async () => {
    await writeFile(path('a'), '1\n!bad\nlast');
    await writeFile(path('b'), '2\n');
    const { collector } = start({ follow: true });
    await holds(collector, ['1', '2', 'last']);
    await rm(path('a'));
    await holds(collector, ['2']);
    expect(Object.keys(collector.offsets).length).toBe(1);
    expect(collector.refused.map(({ diff, count }) => diff * count)).toEqual([1, -1]);
  });

  test('ON DELETE keep leaves them', async () => {
    await writeFile(path('a'), '1\n');
    const { collector } = start({ follow: true, on_delete: 'keep' });
    await holds(collector, ['1']);
    await rm(path('a'));
    await collector.until(() => Object.keys(collector.offsets).length === 0);
    expect(collector.list()).toEqual(['1']);
  });

  test('gzip that grows by a member', async () => {
    await writeFile(path('a.gz'), gzipSync('1\n'));
    const { collector } = start({ follow: true });
    await holds(collector, ['1']);
    await appendFile(path('a.gz'), gzipSync('2\n'));
    await holds(collector, ['1', '2']);
  });

  test('a paused source reads nothing until it is resumed', async () => {
    await writeFile(path('a'), '1\n');
    const { collector, reader } = start({ follow: true });
    await holds(collector, ['1']);
    reader.pause();
    expect(reader.health().state).toBe('paused');
    await appendFile(path('a'), '2\n');
    reader.resume();
    await holds(collector, ['1', '2']);
    expect(reader.health().state).toBe('running');
  });
});

describe('the sink', () => {
  function open(identity = 'sink', overwrite = false) {
    return fileSink.open({
      options: { path: path('out'), overwrite },
      connection: null,
      format: { name: 'json', header: false },
      columns: ['a'],
      identity,
      context: { directory: join(folder, 'sink'), log: () => undefined },
    });
  }

  test('writes each change once, whatever happens in between', async () => {
    let writer = open();
    expect(await writer.recover()).toBeUndefined();
    await writer.write({ bytes: Buffer.from('1\n'), records: 1, upTo: 10, whole: true });
    await writer.write({ bytes: Buffer.from('2\n'), records: 1, upTo: 20, whole: true });
    await writer.close();
    // A crash between the bytes and their progress.
    await appendFile(path('out'), '3\nhalf');
    writer = open();
    expect(await writer.recover()).toBe(20);
    expect(await readFile(path('out'), 'utf8')).toBe('1\n2\n');
    await writer.write({ bytes: Buffer.from('3\n'), records: 1, upTo: 30, whole: true });
    await writer.write({ bytes: Buffer.alloc(0), records: 0, upTo: 40, whole: true });
    await writer.close();
    expect(await readFile(path('out'), 'utf8')).toBe('1\n2\n3\n');
    writer = open();
    expect(await writer.recover()).toBe(40);
    await writer.close();
  });

  test('does not write over a file of others', async () => {
    await writeFile(path('out'), 'precious\n');
    await expect(open().recover()).rejects.toMatchObject({ sqlstate: '58P02' });
    const first = open('first', true);
    await first.recover();
    expect(await readFile(path('out'), 'utf8')).toBe('');
    await first.write({ bytes: Buffer.from('1\n'), records: 1, upTo: 1, whole: true });
    await first.close();
    await expect(open('second').recover()).rejects.toMatchObject({ sqlstate: '58P02' });
  });

  test('notices a file that was cut', async () => {
    const writer = open();
    await writer.recover();
    await writer.write({ bytes: Buffer.from('1\n2\n'), records: 2, upTo: 1, whole: true });
    await writer.close();
    await truncate(path('out'), 1);
    await expect(open().recover()).rejects.toMatchObject({ sqlstate: '58P02' });
  });
});

test('validation says what is wrong with a path', async () => {
  const options = {
    path: path('none'),
    follow: false,
    on_delete: 'retract',
    poll_interval: 10,
    compression: 'auto',
  };
  const typed = options as Parameters<typeof fileSource.validate>[0];
  await expect(fileSource.validate(typed, null)).rejects.toMatchObject({ sqlstate: '58P01' });
  expect(await fileSource.validate({ ...typed, follow: true }, null)).toHaveLength(1);
});
