// `npm run oracle`: compares Tidewire with PostgreSQL on random queries and update streams. See tests/oracle/run.ts;
// `npm run oracle -- mutants` seeds bugs that it must find, see tests/oracle/mutate.ts.
import { join } from 'node:path';
import { buildEngine, buildServer, installPackages, root, run } from './setup.mjs';

installPackages();
buildEngine();
buildServer();
const [first, ...rest] = process.argv.slice(2);
const [program, args] = first === 'mutants' ? ['mutate.js', rest] : ['run.js', process.argv.slice(2)];
run(process.execPath, [join(root, 'build/tests/oracle', program), ...args]);
