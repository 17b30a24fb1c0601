/**
 * Hand-written circuits on the DBSP library, built with Cargo from tests/bench/dbsp and kept in the benchmarks' cache: what
 * a system can reach that stores and serves nothing. The queries are those of queries.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answerOfLines, buildPeer, runPeer } from './peer.ts';
import type { System } from './system.ts';

const VERSION = '0.349.0';

/** Builds the program unless it is there; that takes minutes. A text says why it cannot be had. */
export function dbsp(threads: number): System | string {
  const { home, failure } = buildPeer({
    name: `dbsp-${VERSION}`,
    sources: 'tests/bench/dbsp',
    command: ['cargo', 'build', '--release', '--locked', '--quiet', '--target-dir', 'target'],
  });
  if (failure !== null) return failure;
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
