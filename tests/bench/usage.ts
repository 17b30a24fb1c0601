/** What a server costs, from the kernel: CPU time and memory of a process with its children. */
import { readFileSync, readdirSync } from 'node:fs';

/** Of /proc's clock. */
const TICKS_A_SECOND = 100;

export interface Process {
  readonly pid: number;
  /** Own CPU seconds. */
  readonly cpu: number;
  /** CPU seconds of children that have ended. */
  readonly ended: number;
}

function read(pid: number): Process | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
    return {
      pid,
      cpu: (utime + stime) / TICKS_A_SECOND,
      ended: (cutime + cstime) / TICKS_A_SECOND,
    };
  } catch {
    return null; // it ended meanwhile
  }
}

/** The numbers of the processes that a process started: its threads each have a list of theirs. */
function children(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return []; // it ended meanwhile
  }
}

/** A process and those that it started, and they. */
function tree(root: number): Process[] {
  const pids = [root];
  for (const pid of pids) pids.push(...children(pid));
  return pids.map(read).filter((each) => each !== null);
}

/** CPU seconds of a process with its children, ended ones included. */
export function cpuSeconds(root: number): number {
  return tree(root).reduce((sum, { cpu, ended }) => sum + cpu + ended, 0);
}

function kilobytes(pid: number, field: string): number {
  try {
    return Number(
      new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0,
    );
  } catch {
    return 0;
  }
}

/** What a process has in memory now. */
export function residentMegabytes(pid: number): number {
  return kilobytes(pid, 'VmRSS') / 1024;
}

/**
 * Peak memory in megabytes. Of one process it is what the kernel kept; of several the highest sum that was sampled of
 * what they have alone, and once what they share.
 */
export class PeakMemory {
  private readonly root: number;
  private highest = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(root: number) {
    this.root = root;
    this.timer = setInterval(() => this.sample(), 100);
    this.timer.unref();
  }

  private sample(): number {
    const pids = tree(this.root).map(({ pid }) => pid);
    const alone = pids.reduce((sum, pid) => sum + kilobytes(pid, 'RssAnon'), 0);
    const shared = Math.max(0, ...pids.map((pid) => kilobytes(pid, 'RssShmem')));
    this.highest = Math.max(this.highest, alone + shared);
    return pids.length;
  }

  /** Ends the sampling. */
  stop(): number {
    clearInterval(this.timer);
    const processes = this.sample();
    return (processes === 1 ? kilobytes(this.root, 'VmHWM') : this.highest) / 1024;
  }
}

/**
 * Resident megabytes of a process, when they have not changed for three seconds: what is under way has ended by then, and what
 * is given back after a while is given back.
 */
export async function settledMegabytes(pid: number): Promise<number> {
  const deadline = performance.now() + 15_000;
  let last = Infinity;
  for (let same = 0; same < 20 && performance.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const now = kilobytes(pid, 'VmRSS') / 1024;
    same = Math.abs(now - last) < Math.max(1, now * 0.002) ? same + 1 : 0;
    last = now;
  }
  return last;
}
