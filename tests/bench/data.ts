/**
 * The benchmarks' data as files, made by the project's own generator (`bench-data` of engine/crates/generate) and kept
 * in .cache/bench. At full scale the files must have the sums of data.sha256: the same bytes everywhere, so figures
 * taken on different machines are about the same data.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/root.ts';

/** Records at scale 1. */
export const EVENTS = 2_000_000;
export const WORDS = 5_000_000;
export const EDGES = 400_000;

/** Where benchmarks keep what is expensive to make. */
export const benchCache: string = process.env['TIDEWIRE_BENCH_CACHE'] ?? join(projectRoot, '.cache/bench');

export interface Data {
  readonly folder: string;
  readonly scale: number;
  /** Records of each relation. */
  readonly rows: Readonly<Record<'persons' | 'auctions' | 'bids' | 'words' | 'edges', number>>;
}

const FILES = ['persons', 'auctions', 'bids', 'words', 'edges'].flatMap((name) => [
  `${name}.csv`,
  `${name}.jsonl`,
]);

/** Makes the files of a scale unless they are there. */
export async function benchData(scale: number): Promise<Data> {
  const folder = join(benchCache, `data-${scale}`);
  // Whole epochs of 50 events: one person, three auctions, 46 bids.
  const epochs = Math.max(1, Math.round((EVENTS * scale) / 50));
  const words = Math.max(1, Math.round(WORDS * scale));
  const edges = Math.max(1, Math.round(EDGES * scale));
  const complete = join(folder, 'complete');
  if (!existsSync(complete)) {
    mkdirSync(folder, { recursive: true });
    console.error(`• generating data in ${folder}`);
    generate(folder, 'nexmark', epochs * 50);
    generate(folder, 'words', words);
    generate(folder, 'graph', edges);
    if (scale === 1) await checkSums(folder);
    writeFileSync(complete, '');
  }
  return { folder, scale, rows: { persons: epochs, auctions: epochs * 3, bids: epochs * 46, words, edges } };
}

function generate(folder: string, data: string, count: number): void {
  const target = process.env['CARGO_TARGET_DIR'] ?? join(projectRoot, 'target');
  const program = join(target, 'release/bench-data');
  const result = spawnSync(program, [folder, data, String(count)], { stdio: 'inherit' });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${program} ended with ${String(result.status ?? result.signal)}`);
}

/** Compares the files with the sums in the tree. */
async function checkSums(folder: string): Promise<void> {
  const lines = readFileSync(join(projectRoot, 'tests/bench/data.sha256'), 'utf8').trim().split('\n');
  const expected = new Map(lines.map((line) => line.split(/\s+/).toReversed() as [string, string]));
  for (const file of FILES) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(folder, file), { highWaterMark: 1 << 20 }))
      hash.update(chunk);
    const sum = hash.digest('hex');
    if (sum !== expected.get(file)) {
      throw new Error(
        `${join(folder, file)} has the sum ${sum}, not ${expected.get(file)}: the generator changed`,
      );
    }
  }
}
