// `npm run bench`: installs, builds and measures. `npm run bench -- NAME --option value` runs one of the benchmarks.
import { join } from 'node:path';
import { buildBenchData, buildEngine, buildServer, installPackages, root, run } from './setup.mjs';

const benches = ['compare', 'push', 'point', 'kafka', 'size', 'tpch', 'one-shot', 'planning'];
const args = process.argv.slice(2);
const name = args[0] === undefined || args[0].startsWith('--') ? 'compare' : args.shift();
if (!benches.includes(name)) {
  console.error(`tidewire: no bench "${name}"; there are: ${benches.join(', ')}`);
  process.exit(2);
}
installPackages();
buildEngine();
if (name === 'compare') buildBenchData();
buildServer();
run(process.execPath, [join(root, `build/tests/bench/${name}.js`), ...args]);
