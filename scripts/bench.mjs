// `npm run bench -- smoke`: installs, builds and measures.
import { join } from 'node:path';
import { buildEngine, buildServer, installPackages, root, run } from './setup.mjs';

const name = process.argv[2] ?? 'smoke';
if (name !== 'smoke') {
  console.error(`tidewire: no bench "${name}"; there is: smoke`);
  process.exit(2);
}
installPackages();
buildEngine();
buildServer();
run(process.execPath, [join(root, 'build/tests/bench/smoke.js')]);
