// `npm run profile -- NAME --option value`: runs a benchmark as `npm run bench` does, and draws a flame graph of each server
// of Tidewire that it started. Needs Linux' perf; the program that draws comes from crates.io and is kept.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, step } from './setup.mjs';

const INFERNO = '0.12.4';

if (spawnSync('perf', ['--version']).error) {
  console.error('tidewire: perf is needed to sample a server (packages: linux-perf, linux-tools, perf)');
  process.exit(1);
}
const programs = join(root, '.cache', `inferno-${INFERNO}`);
if (!existsSync(join(programs, 'bin/inferno-flamegraph'))) {
  step(`building inferno ${INFERNO}, which draws flame graphs`);
  run('cargo', ['install', '--quiet', '--locked', '--root', programs, '--version', INFERNO, 'inferno']);
}
const folder = join(root, '.cache/profiles');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
run(process.execPath, [join(root, 'scripts/bench.mjs'), ...process.argv.slice(2)], {
  env: { ...process.env, TIDEWIRE_PROFILES: folder },
});
for (const file of readdirSync(folder).filter((name) => name.endsWith('.perf'))) {
  const data = join(folder, file);
  const [stacks, folded, picture] = ['stacks', 'folded', 'svg'].map(
    (ending) => `${data.slice(0, -5)}.${ending}`,
  );
  pipe('perf', ['script', '-i', data], stacks);
  pipe(join(programs, 'bin/inferno-collapse-perf'), [stacks], folded);
  pipe(join(programs, 'bin/inferno-flamegraph'), ['--title', 'Tidewire', folded], picture);
  rmSync(stacks);
  console.log(`${picture} (perf report --no-children -i ${data} says more)`);
}

/** Runs a program whose output is a file. */
function pipe(program, args, file) {
  const output = openSync(file, 'w');
  run(program, args, { stdio: ['ignore', output, 'ignore'] });
  closeSync(output);
}
