/** Setting up what tests and benchmarks need of the machine besides Node and Rust. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './root.ts';

/** Why something cannot be had here; null: it can. */
export type Missing = string | null;

/** Where what was fetched is kept. */
export const CACHE: string = join(projectRoot, '.cache');
/** Whose process fetches something. */
const FETCHING = join(CACHE, 'fetching');
const PATIENCE_MILLISECONDS = 600_000;

/** `steps` in order; the first that throws says what is missing. */
export function setUp(steps: () => void): Missing {
  try {
    steps();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Runs a command to its end and gives what it said; throws `missing` and its last line where it failed. */
export function run(missing: string, command: string, args: readonly string[], cwd = '/'): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd });
  if (status === 0) return stdout + stderr;
  const reason = error ? '' : `: ${(stderr || stdout).trim().split('\n').at(-1)}`;
  throw new Error(`${missing}${reason}`);
}

/**
 * The folder `name` of .cache, which `make` fills once. Test files run in processes of their own: one fetches at a time, since
 * Maven's own folder is not made for several, and the others wait.
 */
export function kept(name: string, make: (folder: string) => void): string {
  const folder = join(CACHE, name);
  const ready = join(folder, 'ready');
  if (existsSync(ready)) return folder;
  mkdirSync(CACHE, { recursive: true });
  lock();
  try {
    if (!existsSync(ready)) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      make(folder);
      writeFileSync(ready, '');
    }
  } finally {
    rmSync(FETCHING, { force: true });
  }
  return folder;
}

/** Waits until no other process that is alive holds the lock. */
function lock(): void {
  const bell = new Int32Array(new SharedArrayBuffer(4));
  for (const deadline = Date.now() + PATIENCE_MILLISECONDS; Date.now() < deadline;) {
    try {
      writeFileSync(FETCHING, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (!holderIsAlive()) rmSync(FETCHING, { force: true });
    Atomics.wait(bell, 0, 0, 100);
  }
  throw new Error(`another process is fetching for too long, see ${FETCHING}`);
}

/** Also while the lock has no number yet, or is gone. */
function holderIsAlive(): boolean {
  try {
    const holder = readFileSync(FETCHING, 'utf8');
    if (holder !== '') process.kill(Number(holder), 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  return true;
}
