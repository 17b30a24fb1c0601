/** A table on the terminal or as Markdown, and what it was measured with. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { projectRoot } from '../support/root.ts';

/** Rows of cells; the first one is the header. The first column is text, the others are figures. */
export function table(rows: readonly (readonly string[])[], markdown: boolean): string {
  const [header = []] = rows;
  if (markdown) {
    const lines = rows.map((row) => `| ${row.join(' | ')} |`);
    return [lines[0], `|${header.map(() => '---|').join('')}`, ...lines.slice(1)].join('\n');
  }
  const widths = header.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
}

/** Machine, versions, date and how busy the machine was before. */
export function circumstances(versions: readonly string[]): string {
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const os = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
  return [
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores of ${cpu}, ${gigabytes} GB, Linux ${os}`,
    `Tidewire ${revision()}, Node ${process.versions.node}`,
    ...versions,
  ].join('; ');
}

/** One-minute load when the program began: above half of the cores, wall times say little. */
export const loadAtStart: number = loadavg()[0] ?? 0;

export function loadWarning(): string | null {
  if (loadAtStart < availableParallelism() / 2) return null;
  return `the machine was busy when this began (load ${loadAtStart.toFixed(1)}): do not publish these figures`;
}

function revision(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, {
        cwd: projectRoot,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim();
    return git('describe', '--always', '--dirty', '--exclude=*');
  } catch {
    return 'of unknown revision';
  }
}
