/** A thread that runs scans and joins over the relations of the push bench, one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { report } from './threads.ts';
import { type Address, WireClient } from './wire.ts';

const QUERIES = [
  'SELECT count(*), sum(amount) FROM orders WHERE amount % 7 = 3',
  'SELECT count(*) FROM orders o JOIN products p ON o.product = p.id WHERE p.price > 50',
];

const client = await WireClient.open(workerData as Address);
let done = 0;
parentPort!.on('message', () => report(done));
for (const sql of QUERIES) await client.run(sql);
report('ready');
for (;;) {
  await client.run(QUERIES[done % QUERIES.length]!);
  done++;
}
