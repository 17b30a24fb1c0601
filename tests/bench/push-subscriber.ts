/** A thread that reads a subscription and notes when the effect of each row has come. */
import { workerData } from 'node:worker_threads';
import { now } from './clock.ts';
import { GROUPS, type PushTask } from './push-task.ts';
import { collectGarbage, report } from './threads.ts';
import { COPY_DATA, WireClient, simpleQuery } from './wire.ts';

const COPY_OUT = 0x48; // H
const TAB = 0x09;

const task = workerData as PushTask;
const { arrived, first } = task;
/** By group: the row whose effect has not come yet. */
const waiting = Float64Array.from({ length: GROUPS }, (_, group) => group);
let left = arrived.length;

const client = await WireClient.open(task.address);
collectGarbage();
client.onMessage = (type, buffer, start, end) => {
  if (type === COPY_OUT) report('subscribed');
  else if (type === COPY_DATA) line(buffer, start, end);
  else if (type === 0x45) throw new Error(`SUBSCRIBE failed: ${buffer.toString('utf8', start, end)}`);
};
client.socket.write(
  simpleQuery('COPY (SUBSCRIBE (SELECT category, latest FROM sales) WITH (SNAPSHOT = false)) TO STDOUT'),
);

/** tw_timestamp, tw_diff, category, latest. */
function line(buffer: Buffer, start: number, end: number): void {
  const time = now();
  const diff = buffer.indexOf(TAB, start) + 1;
  if (buffer[diff] === 0x2d) return; // the group as it was: -1
  const category = buffer.indexOf(TAB, diff) + 1;
  const latest = buffer.indexOf(TAB, category) + 1;
  const group = integer(buffer, category, latest - 1);
  const seen = integer(buffer, latest, end) - first;
  let row = waiting[group]!;
  for (; row <= seen; row += GROUPS) {
    arrived[row] = time;
    left--;
  }
  waiting[group] = row;
  if (left === 0) report('complete');
}

/** Of digits, with a sign before them or not; a line feed may stand behind. No garbage, as strings would be. */
function integer(buffer: Buffer, start: number, end: number): number {
  const negative = buffer[start] === 0x2d;
  let value = 0;
  for (let at = negative ? start + 1 : start; at < end && buffer[at] !== 0x0a; at++)
    value = value * 10 + buffer[at]! - 0x30;
  return negative ? -value : value;
}
