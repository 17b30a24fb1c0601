/** A thread that writes single rows at a steady rate, into a file or by INSERT without waiting for the answers. */
import { openSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { now } from './clock.ts';
import { PRODUCTS, type PushTask } from './push-task.ts';
import { WireClient, bindExecute, parse, sync } from './wire.ts';

const task = workerData as PushTask;
const clients: WireClient[] = [];
for (let i = 0; i < (task.file === null ? task.connections : 0); i++) {
  const client = await WireClient.open(task.address);
  await client.request(
    Buffer.concat([parse('write', 'INSERT INTO orders (number, product, amount) VALUES ($1, $2, $3)'), sync]),
  );
  clients.push(client);
}
for (const client of clients) {
  client.onMessage = (type, buffer, start, end) => {
    if (type === 0x45) throw new Error(`INSERT failed: ${buffer.toString('utf8', start, end)}`);
  };
}

/** Sends the row with this number. */
type Send = (number: number) => void;

const inserted: Send = (number) => {
  clients[number % clients.length]!.socket.write(
    Buffer.concat([bindExecute('write', [String(number), String(number % PRODUCTS), '1']), sync]),
  );
};

function appendedTo(file: string): Send {
  const descriptor = openSync(file, 'a');
  return (number) => writeSync(descriptor, `${number},${number % PRODUCTS},1\n`);
}

const send = task.file === null ? inserted : appendedTo(task.file);
const interval = 1e6 / task.rate;
const begin = now() + 10_000;
const asleep = new Int32Array(new SharedArrayBuffer(4));
let next = 0;

/** Sends what is due; sleeps at most until the next row is, more precisely than a timer would. */
function turn(): void {
  const time = now();
  while (next < task.due.length && begin + next * interval <= time) {
    const number = task.first + next;
    task.due[next] = begin + next * interval;
    send(number);
    next++;
  }
  if (next === task.due.length) return;
  const milliseconds = (begin + next * interval - now()) / 1000;
  // Answers are read between naps.
  if (milliseconds > 0.02) Atomics.wait(asleep, 0, 0, Math.min(milliseconds, 5));
  setImmediate(turn);
}
setImmediate(turn);
