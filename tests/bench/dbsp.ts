/**
 * Hand-written circuits on the DBSP library, built with Cargo from tests/bench/dbsp and kept in the benchmarks' cache: what
 * a system can reach that stores and serves nothing. The queries are those of queries.ts.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/root.ts';
import { benchCache } from './data.ts';
import { answerOfLines, runPeer } from './peer.ts';
import type { System } from './system.ts';

const VERSION = '0.349.0';

/** Builds the program unless it is there; that takes minutes. A text says why it cannot be had. */
export function dbsp(threads: number): System | string {
  const home = join(benchCache, `dbsp-${VERSION}`);
  const built = join(home, 'built');
  if (!existsSync(built)) {
    console.error(`• building DBSP ${VERSION} in ${home}: 440 crates`);
    cpSync(join(projectRoot, 'tests/bench/dbsp'), home, { recursive: true });
    const args = ['build', '--release', '--locked', '--quiet', '--target-dir', join(home, 'target')];
    const { status, error, stderr } = spawnSync('cargo', args, { cwd: home, encoding: 'utf8' });
    if (status !== 0) return `DBSP could not be built: ${error?.message ?? stderr.slice(-500)}`;
    writeFileSync(built, '');
  }
  const program = join(home, 'target/release/dbsp-peer');
  return {
    name: 'DBSP',
    version: `DBSP ${VERSION} with ${threads} thread${threads === 1 ? '' : 's'}, hand-written circuits over CSV`,
    rounds: true,
    run(query, data, checked) {
      const folder = mkdtempSync(join(tmpdir(), 'tidewire-dbsp-'));
      try {
        const result = join(folder, 'result');
        const args = [query.name, String(threads), data.folder, ...(checked ? [result] : [])];
        const taken = runPeer(`DBSP's ${query.name}`, program, args);
        return Promise.resolve({ ...taken, exact: null, rounded: checked ? answerOfLines(result) : null });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
