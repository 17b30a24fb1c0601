// `npm run oracle`: compares Tidewire with PostgreSQL on random queries and update streams. See tests/oracle/run.ts.
import { join } from 'node:path';
import { buildEngine, buildServer, installPackages, root, run } from './setup.mjs';

installPackages();
buildEngine();
buildServer();
run(process.execPath, [join(root, 'build/tests/oracle/run.js'), ...process.argv.slice(2)]);
