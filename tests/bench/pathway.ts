/** Pathway, in a virtual environment of its own that is kept in the benchmarks' cache. Needs Python 3.10 or newer. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/root.ts';
import { type Answer, roundedAnswer } from './answer.ts';
import { type Data, benchCache } from './data.ts';
import { runPeer } from './peer.ts';
import type { System } from './system.ts';
import type { Format } from './tidewire.ts';

const VERSION = '0.33.0';

/** Installs Pathway unless it is there. A text says why it cannot be had. */
export function pathway(threads: number, format: Format): System | string {
  const home = join(benchCache, `pathway-${VERSION}`);
  const python = join(home, 'bin/python');
  const installed = join(home, 'installed');
  if (!existsSync(installed)) {
    console.error(`• installing Pathway ${VERSION} in ${home}`);
    mkdirSync(benchCache, { recursive: true });
    const steps: [string, ...string[]][] = [
      ['python3', '-m', 'venv', home],
      [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `pathway==${VERSION}`],
    ];
    for (const [program, ...args] of steps) {
      const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
      if (status !== 0) return `Pathway could not be installed: ${error?.message ?? stderr.trim()}`;
    }
    writeFileSync(installed, '');
  }
  return {
    name: 'Pathway',
    version: `Pathway ${VERSION} with ${threads} thread${threads === 1 ? '' : 's'}, static mode`,
    rounds: true,
    run(query, data, checked) {
      if (format === 'csv') renameIds(data);
      const folder = mkdtempSync(join(tmpdir(), 'tidewire-pathway-'));
      try {
        const result = join(folder, 'result.csv');
        const script = join(projectRoot, 'tests/bench/pathway_queries.py');
        const args = [script, query.name, format, data.folder, String(threads), ...(checked ? [result] : [])];
        const taken = runPeer(`Pathway's ${query.name}`, python, args);
        return Promise.resolve({ ...taken, exact: null, rounded: checked ? answerOf(result) : null });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Files with `id` under another name, which Pathway keeps for itself. */
function renameIds(data: Data): void {
  for (const file of ['persons', 'auctions']) {
    const renamed = join(data.folder, `${file}.pathway.csv`);
    if (existsSync(renamed)) continue;
    writeFileSync(
      renamed,
      readFileSync(join(data.folder, `${file}.csv`), 'latin1').replace(/^id,/, 'key,'),
      'latin1',
    );
  }
}

/** Of a file that Pathway wrote: its last two columns are time and difference. No text of the data has quotes in it. */
function answerOf(file: string): Answer {
  const rows = function* (): Generator<readonly string[]> {
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    for (let i = 1; i < lines.length; i++) {
      const row = lines[i]!.split(',').map((field) => field.replace(/^"(.*)"$/, '$1'));
      if (row.pop() !== '1') throw new Error(`Pathway took back a row of ${file}`);
      row.pop();
      yield row;
    }
  };
  return roundedAnswer(rows());
}
