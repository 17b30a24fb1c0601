/**
 * A profile of a server while it is measured, when `TIDEWIRE_PROFILES` names a folder for it (scripts/profile.mjs): samples
 * of all its threads by Linux' perf, with JavaScript's functions by name.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const SAMPLES_A_SECOND = 999;

const folder = process.env['TIDEWIRE_PROFILES'];

/** What Node is told so that perf can name JavaScript's functions. */
export const PROFILED_FLAGS: readonly string[] =
  folder === undefined ? [] : ['--perf-basic-prof', '--interpreted-frames-native-stack'];

/** Samples a process from now on. Gives how to end that, before the process ends; null: nobody wants a profile. */
export function profile(pid: number): (() => Promise<void>) | null {
  if (folder === undefined) return null;
  const data = join(folder, `${pid}.perf`);
  const perf = spawn(
    'perf',
    ['record', '-q', '-F', `${SAMPLES_A_SECOND}`, '-g', '-p', `${pid}`, '-o', data],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const ended = new Promise<void>((resolve) => perf.once('close', () => resolve()));
  return () => {
    perf.kill('SIGINT');
    return ended;
  };
}
