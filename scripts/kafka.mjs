// `npm run kafka`: the tests that need a Kafka broker, over each version that is supported. `npm run kafka -- [--endless]
// [--versions 4.3.1,3.9.1] [PATTERN…]`: endless goes on with another round of them until one fails.
import { join } from 'node:path';
import { buildEngine, buildServer, installPackages, root, run, step } from './setup.mjs';

/** The newest of each major version that kafkajs's requests and the tests' tools can be had of. */
const VERSIONS = ['4.3.1', '3.9.1'];

const args = process.argv.slice(2);
const endless = args.includes('--endless');
const at = args.indexOf('--versions');
const versions = at < 0 ? VERSIONS : args[at + 1].split(',');
const patterns = args.filter(
  (arg, index) => arg !== '--endless' && (at < 0 || (index !== at && index !== at + 1)),
);

installPackages();
buildEngine();
buildServer();
for (let round = 1; ; round++) {
  for (const version of versions) {
    step(`round ${round}: Apache Kafka ${version}`);
    process.env.TIDEWIRE_KAFKA_VERSION = version;
    run(join(root, 'node_modules', '.bin', 'vitest'), [
      'run',
      ...(patterns.length > 0 ? patterns : ['tests/kafka']),
    ]);
  }
  if (!endless) break;
}
