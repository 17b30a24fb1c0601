/**
 * Tests that need something of the machine besides Node and Rust. Where it is missing they are left out, and the end of
 * the run says which and why (`left-out-reporter.ts`); with CI=true a test that is left out fails.
 */
import { spawnSync } from 'node:child_process';
import { type SuiteFactory, describe, test } from 'vitest';
import { leftOutName } from './left-out-reporter.ts';
import type { Missing } from './set-up.ts';

/** The tests of this block need something. */
export function describeWith(missing: Missing, name: string, tests: SuiteFactory): void {
  if (missing === null) describe(name, tests);
  else if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(`left out: ${missing}; with CI=true everything must be here`);
    });
  } else describe.skip(leftOutName(name, missing), tests);
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** psql, of any version. */
export function psqlMissing(): Missing {
  return runs('psql', '--version') ? null : 'psql is not installed';
}
