/**
 * The drivers of other languages, at the versions that stand here: installed on first use, through their registries'
 * ordinary clients, into .cache/clients, and kept.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Missing, kept, run, setUp } from '../support/set-up.ts';
import { projectRoot } from '../support/root.ts';

const here = join(projectRoot, 'tests/clients');

const JDBC = 'org.postgresql:postgresql:42.7.7';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';

/** A folder that `make` fills, once for each content of `key`. */
function made(name: string, key: string, make: (folder: string) => void): string {
  return kept(`clients/${name}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`, make);
}

/** Python with the drivers of requirements.txt. */
export function python(): { missing: Missing; command(program: string): string[] } {
  let folder = '';
  const missing = setUp(() => {
    const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
    run('Python 3.10 or newer with venv is not installed', 'python3', ['-c', check]);
    const requirements = join(here, 'python/requirements.txt');
    folder = made('python', readFileSync(requirements, 'utf8'), (target) => {
      run('a Python environment could not be made', 'python3', ['-m', 'venv', target]);
      const pip = join(target, 'bin/pip');
      run("Python's drivers could not be installed", pip, ['install', '--quiet', '-r', requirements]);
    });
  });
  return { missing, command: (program) => [join(folder, 'bin/python'), join(here, 'python', program)] };
}

/** Java with the JDBC driver. */
export function java(): { missing: Missing; command(program: string): string[] } {
  let folder = '';
  const missing = setUp(() => {
    const version = run('Java 17 or newer is not installed', 'java', ['-version']);
    const major = Number(/version "(\d+)/.exec(version)?.[1]);
    if (!(major >= 17)) throw new Error(`Java 17 or newer is not installed: it is ${major}`);
    folder = made('jdbc', JDBC, (target) => {
      run('Maven is not installed', 'mvn', ['--version']);
      const args = ['--quiet', '--batch-mode', COPY, `-Dartifact=${JDBC}`, `-DoutputDirectory=${target}`];
      run('the JDBC driver could not be installed', 'mvn', args);
    });
  });
  return {
    missing,
    command: (program) => ['java', '-cp', join(folder, '*'), join(here, 'java', program)],
  };
}
