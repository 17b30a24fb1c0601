/** Systems that run as a program of their own, which prints what it took as the JSON of its last line. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/root.ts';
import { type Answer, fields, roundedAnswer } from './answer.ts';
import { benchCache } from './data.ts';

export interface Taken {
  readonly seconds: number;
  readonly cpu: number;
  readonly megabytes: number;
}

export interface PeerBuild {
  /** With the version: the folder's name in the benchmarks' cache, and what is told. */
  readonly name: string;
  /** In the project. */
  readonly sources: string;
  readonly command: readonly [string, ...string[]];
}

/** Copies a program's sources into the benchmarks' cache and builds it there, unless it was built of the same. */
export function buildPeer({ name, sources, command: [program, ...args] }: PeerBuild): {
  readonly home: string;
  /** Why it cannot be had. */
  readonly failure: string | null;
} {
  const home = join(benchCache, name);
  const from = join(projectRoot, sources);
  const [digest, built] = [digestOf(from), join(home, 'built')];
  if (existsSync(built) && readFileSync(built, 'utf8') === digest) return { home, failure: null };
  console.error(`• building ${name} in ${home}: that may take minutes`);
  cpSync(from, home, { recursive: true });
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd: home, encoding: 'utf8' });
  if (status !== 0) {
    const said = error?.message ?? `${stdout}${stderr}`.slice(-500);
    return { home, failure: `${name} could not be built: ${said}` };
  }
  writeFileSync(built, digest);
  return { home, failure: null };
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(`${file.slice(folder.length)}\0`).update(readFileSync(file));
  return hash.digest('hex');
}

/** Runs it to its end. `what`: for the message where it fails. */
export function runPeer(what: string, program: string, args: readonly string[]): Taken {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`${what} failed: ${error?.message ?? stderr.slice(-2000)}`);
  const taken = JSON.parse(stdout.trim().split('\n').at(-1)!) as Partial<Taken>;
  const { seconds = NaN, cpu = NaN, megabytes = NaN } = taken;
  return { seconds, cpu, megabytes };
}

/** The answer in a file of lines whose fields are apart by tabs. */
export function answerOfLines(file: string): Answer {
  const lines = readFileSync(file, 'latin1').split('\n').slice(0, -1);
  return roundedAnswer(fields(lines.map((line) => Buffer.from(line, 'latin1'))));
}
