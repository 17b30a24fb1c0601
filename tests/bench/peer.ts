/** Systems that run as a program of their own, which prints what it took as the JSON of its last line. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type Answer, fields, roundedAnswer } from './answer.ts';

export interface Taken {
  readonly seconds: number;
  readonly cpu: number;
  readonly megabytes: number;
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
