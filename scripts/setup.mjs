// Installs and builds what is not there yet. Runs before any dependency is installed: only Node's own modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamps = join(root, '.cache');

/** Runs a command with its output shown; ends the process with its status when it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) {
    console.error(`tidewire: cannot run ${command}: ${result.error.message}`);
    if (result.error.code === 'ENOENT' && command === 'cargo') {
      console.error('tidewire: Rust is needed to build the engine: https://rustup.rs');
    }
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

export function step(message) {
  console.error(`\u2022 ${message}`);
}

/** npm ci, unless node_modules already matches the lock file. */
export function installPackages() {
  const digest = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(stamps, 'npm-ci.sha256');
  if (existsSync(join(root, 'node_modules')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest)
    return;
  step('installing packages');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, digest);
}

/** Builds the native engine (cargo decides what is stale) and puts it where engine/index.ts looks for it. */
export function buildEngine() {
  step('building the engine (the first time takes some minutes)');
  run('cargo', ['build', '--release', '--locked', '-p', 'tidewire-napi']);
  const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
  const library = process.platform === 'darwin' ? 'libtidewire_napi.dylib' : 'libtidewire_napi.so';
  const addon = join(root, 'engine', 'tidewire.node');
  copyFileSync(join(target, 'release', library), `${addon}.new`);
  renameSync(`${addon}.new`, addon); // a running server keeps the file that it loaded
}

/** Builds the generator of the benchmarks' data. */
export function buildBenchData() {
  run('cargo', ['build', '--release', '--locked', '-p', 'tidewire-generate', '--bin', 'bench-data']);
}

/** Compiles TypeScript to build/. */
export function buildServer() {
  step('compiling the server');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']);
}
