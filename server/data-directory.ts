/**
 * The data directory has one owner: a lock file with the owner's process, and a format version that says who may read
 * what lies in it. Until data is stored there, that is all it holds.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FORMAT_VERSION = 1;
const LOCK = 'tidewire.lock';
const VERSION = 'FORMAT_VERSION';

interface Owner {
  readonly pid: number;
  /** When the process began, where the system tells it: a process number is used again. */
  readonly started: string | null;
}

export interface DataDirectory {
  readonly path: string;
  release(): void;
}

/** Something about the directory keeps the server from starting; the message says what to do. */
export class DataDirectoryError extends Error {}

export function openDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory);
  mkdirSync(path, { recursive: true });
  const entries = readdirSync(path);
  if (!entries.includes(VERSION) && entries.some((entry) => entry !== LOCK)) {
    throw new DataDirectoryError(`${path} is not empty and no Tidewire data directory: choose another one`);
  }
  lock(path);
  try {
    checkVersion(path, entries.includes(VERSION));
  } catch (error) {
    rmSync(join(path, LOCK), { force: true });
    throw error;
  }
  let released = false;
  return {
    path,
    release() {
      if (released) return;
      released = true;
      rmSync(join(path, LOCK), { force: true });
    },
  };
}

function lock(path: string): void {
  const file = join(path, LOCK);
  const own: Owner = { pid: process.pid, started: startOf(process.pid) };
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, `${JSON.stringify(own)}\n`, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(file);
    if (owner && lives(owner)) {
      throw new DataDirectoryError(
        `${path} is in use by process ${owner.pid}: stop that server or choose another --data directory`,
      );
    }
    rmSync(file, { force: true });
  }
  throw new DataDirectoryError(`${path} is being taken by another server: choose another --data directory`);
}

function checkVersion(path: string, present: boolean): void {
  const file = join(path, VERSION);
  if (!present) {
    writeFileSync(file, `${FORMAT_VERSION}\n`);
    return;
  }
  const version = readFileSync(file, 'utf8').trim();
  if (version === String(FORMAT_VERSION)) return;
  throw new DataDirectoryError(
    `${path} has format version ${version}, this server reads version ${FORMAT_VERSION}: use the Tidewire that wrote it`,
  );
}

function readOwner(file: string): Owner | null {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Partial<Owner>;
    return typeof owner.pid === 'number' ? { pid: owner.pid, started: owner.started ?? null } : null;
  } catch {
    return null;
  }
}

function lives(owner: Owner): boolean {
  // Our own number in a lock that we have not made is left over, in a container say.
  if (owner.pid === process.pid && owner.started !== startOf(process.pid)) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const started = startOf(owner.pid);
  return owner.started === null || started === null || owner.started === started;
}

/** Linux: boot and start time of a process. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return null;
  }
}
