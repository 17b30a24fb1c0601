/**
 * `npm run oracle -- mutants [--only TEXT] [--checks N] [--seed N] [--rust]`: the mutation score. Each bug of
 * mutants.ts is put into a copy of the source, built, and given to the oracle, which must fail.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../support/root.ts';
import { MUTANTS, type Mutant } from './mutants.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    checks: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    /** Those of the engine too: each is a build of some minutes. */
    rust: { type: 'boolean', default: false },
  },
});

const copy = mkdtempSync(join(tmpdir(), 'tidewire-mutants-'));
for (const name of [
  'server',
  'sql',
  'engine',
  'connectors',
  'clients',
  'tests',
  'tsconfig.json',
  'package.json',
]) {
  cpSync(join(projectRoot, name), join(copy, name), { recursive: true });
}
for (const name of ['package-lock.json', 'Cargo.toml', 'Cargo.lock'])
  cpSync(join(projectRoot, name), join(copy, name));
symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
const addon = join(copy, 'engine/tidewire.node');

let missed = 0;
try {
  const chosen = MUTANTS.filter(
    ({ name, file }) => name.includes(options.only) && (options.rust || !file.endsWith('.rs')),
  );
  for (const mutant of chosen) {
    const started = Date.now();
    const found = isFound(mutant);
    if (!found) missed++;
    const seconds = Math.round((Date.now() - started) / 1000);
    console.log(
      `${found ? 'found ' : 'MISSED'} ${mutant.name} (${found ?? `${options.checks} checks`}, ${seconds} s)`,
    );
  }
  console.log(`mutation score: ${chosen.length - missed} of ${chosen.length}`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exit(missed === 0 ? 0 : 1);

/** The first line of the failure, or null if there is none. */
function isFound(mutant: Mutant): string | null {
  const path = join(copy, mutant.file);
  const original = readFileSync(path, 'utf8');
  const engine = readFileSync(addon);
  writeFileSync(
    path,
    original.replace(mutant.from, () => mutant.to),
  );
  try {
    build(mutant);
    const args = [
      'build/tests/oracle/run.js',
      '--no-shrink',
      '--checks',
      options.checks,
      '--seed',
      options.seed,
    ];
    const run = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    if (run.status === 0) return null;
    return /^-- (seed.*)$/m.exec(run.stdout)?.[1] ?? `the server failed: ${run.stderr.slice(0, 200)}`;
  } finally {
    writeFileSync(path, original);
    if (mutant.file.endsWith('.rs')) writeFileSync(addon, engine);
  }
}

function build(mutant: Mutant): void {
  if (mutant.file.endsWith('.rs')) {
    const target = join(copy, 'target');
    const args = ['build', '-q', '--release', '--locked', '-p', 'tidewire-napi', '--target-dir', target];
    const cargo = spawnSync('cargo', args, { cwd: copy, stdio: 'inherit' });
    if (cargo.status !== 0) throw new Error(`${mutant.name} does not compile`);
    cpSync(join(target, 'release/libtidewire_napi.so'), addon);
  }
  // Types may be wrong in a mutant: the program is written all the same.
  spawnSync('npx', ['tsc', '-p', 'tsconfig.json'], { cwd: copy });
}
