// `npm test`: installs, builds, checks formats and types, and runs every test. `npm test -- PATTERN` runs some.
import { join } from 'node:path';
import { buildEngine, buildServer, installPackages, root, run, step } from './setup.mjs';

const patterns = process.argv.slice(2);
const bin = (name) => join(root, 'node_modules', '.bin', name);

installPackages();
if (patterns.length === 0) {
  step('checking formats and lint');
  run(bin('prettier'), ['--check', '--log-level', 'warn', '.']);
  run(bin('oxlint'), [
    '--deny-warnings',
    'server',
    'sql',
    'engine',
    'connectors',
    'clients',
    'tests',
    'scripts',
  ]);
  run('cargo', ['fmt', '--all', '--check']);
  run('cargo', ['clippy', '--release', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings']);
}
buildEngine();
buildServer();
if (patterns.length === 0) {
  step('testing the engine');
  run('cargo', ['test', '--release', '--locked', '--workspace', '--quiet']);
}
step('testing');
run(bin('vitest'), ['run', ...patterns]);
