/** What a server's process holds. */
import { readFileSync } from 'node:fs';
import type { Tidewire } from './tidewire.ts';

/** Resident memory in MiB, as Linux counts it. */
export function residentMegabytes(server: Tidewire): number {
  const status = readFileSync(`/proc/${server.process.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
