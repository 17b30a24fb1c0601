/** A thread that writes single rows at a steady rate, into a file or by INSERT without waiting for the answers. */
import { openSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { now } from './clock.ts';
import { PRODUCTS, type PushTask } from './push-task.ts';
import { collectGarbage } from './threads.ts';
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

/** What is sent for each row, one behind the other, and where each ends. Made before: no garbage while the server is measured. */
function messages(): { bytes: Buffer; ends: Uint32Array } {
  const parts = Array.from(task.due, (_, index) => {
    const [number, product] = [task.first + index, (task.first + index) % PRODUCTS];
    if (task.file !== null) return Buffer.from(`${number},${product},1\n`);
    return Buffer.concat([bindExecute('write', [String(number), String(product), '1']), sync]);
  });
  let end = 0;
  return { ends: Uint32Array.from(parts, ({ length }) => (end += length)), bytes: Buffer.concat(parts) };
}
const { bytes, ends } = messages();
collectGarbage();

/** Sends the row at this place. */
type Send = (index: number, start: number, end: number) => void;

const inserted: Send = (index, start, end) => {
  clients[index % clients.length]!.socket.write(bytes.subarray(start, end));
};

function appendedTo(file: string): Send {
  const descriptor = openSync(file, 'a');
  return (_, start, end) => writeSync(descriptor, bytes, start, end - start);
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
    task.due[next] = begin + next * interval;
    task.sent[next] = now();
    send(next, next === 0 ? 0 : ends[next - 1]!, ends[next]!);
    next++;
  }
  if (next === task.due.length) return;
  const milliseconds = (begin + next * interval - now()) / 1000;
  // Answers are read between naps.
  if (milliseconds > 0.02) Atomics.wait(asleep, 0, 0, Math.min(milliseconds, 5));
  setImmediate(turn);
}
setImmediate(turn);
