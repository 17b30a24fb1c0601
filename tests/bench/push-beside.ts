/** A thread that runs what goes on beside the push bench, one statement after another. */
import { parentPort, workerData } from 'node:worker_threads';
import type { BesideTask } from './push-task.ts';
import { report } from './threads.ts';
import { WireClient } from './wire.ts';

const { address, statements } = workerData as BesideTask;
const client = await WireClient.open(address);
let done = 0;
parentPort!.on('message', () => report(done));
for (const sql of statements) await client.run(sql);
report('ready');
for (;;) {
  await client.run(statements[done % statements.length]!);
  done++;
}
