/**
 * A thread that runs short transactions with several clients, each sending its next when the last is answered. The
 * same for both systems: what differs is the server.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { now } from './clock.ts';
import { report } from './threads.ts';
import { type Address, READY, WireClient, bindExecute, parse, simpleQuery, sync } from './wire.ts';

/** Rows of the relation that is read and updated. */
export const ACCOUNTS = 100_000;

export type Protocol = 'prepared' | 'extended' | 'simple';
export type Operation = 'read' | 'insert' | 'update';

export interface Load {
  readonly address: Address;
  readonly operation: Operation;
  readonly protocol: Protocol;
  readonly clients: number;
  readonly seconds: number;
}

export interface Result {
  readonly transactions: number;
  readonly errors: number;
  readonly firstError: string | null;
  readonly seconds: number;
  /** Microseconds, of each transaction. */
  readonly latencies: Float64Array;
}

const STATEMENTS: Readonly<Record<Operation, string>> = {
  read: 'SELECT balance FROM accounts WHERE id = $1',
  insert: 'INSERT INTO history (account, delta) VALUES ($1, $2)',
  update: 'UPDATE accounts SET balance = balance + 1 WHERE id = $1',
};
const PARAMETERS: Readonly<Record<Operation, number>> = { read: 1, insert: 2, update: 1 };
const ERROR = 0x45;

function request(operation: Operation, protocol: Protocol): Buffer {
  const sql = STATEMENTS[operation];
  const values = Array.from({ length: PARAMETERS[operation] }, () =>
    String(Math.floor(Math.random() * ACCOUNTS)),
  );
  if (protocol === 'simple') return simpleQuery(sql.replace(/\$(\d)/g, (_, i) => values[Number(i) - 1]!));
  if (protocol === 'prepared') return Buffer.concat([bindExecute('point', values), sync]);
  return Buffer.concat([parse('', sql), bindExecute('', values), sync]);
}

/** Connects, and prepares the statement where the protocol wants it. */
async function open(load: Load): Promise<WireClient[]> {
  const clients: WireClient[] = [];
  for (let i = 0; i < load.clients; i++) clients.push(await WireClient.open(load.address));
  if (load.protocol === 'prepared') {
    for (const client of clients) {
      await client.request(Buffer.concat([parse('point', STATEMENTS[load.operation]), sync]));
    }
  }
  return clients;
}

async function run(load: Load, clients: readonly WireClient[], duration: number): Promise<Result> {
  let latencies = new Float64Array(1 << 16);
  let transactions = 0;
  let errors = 0;
  let firstError: string | null = null;
  const begin = now();
  const end = begin + duration * 1e6;
  const loops = clients.map(
    (client) =>
      new Promise<void>((resolve, reject) => {
        let sent = 0;
        const send = (): void => {
          const bytes = request(load.operation, load.protocol);
          sent = now();
          client.socket.write(bytes);
        };
        client.onError = reject;
        client.onMessage = (type, buffer, from, to) => {
          if (type === ERROR) {
            errors++;
            firstError ??= buffer.toString('utf8', from, to).replaceAll('\0', ' ');
          }
          if (type !== READY) return;
          const time = now();
          if (transactions === latencies.length) {
            const longer = new Float64Array(latencies.length * 2);
            longer.set(latencies);
            latencies = longer;
          }
          latencies[transactions++] = time - sent;
          if (time < end) send();
          else resolve();
        };
        send();
      }),
  );
  await Promise.all(loops);
  const seconds = (now() - begin) / 1e6;
  return { transactions, errors, firstError, seconds, latencies: latencies.slice(0, transactions) };
}

/** Posts `warm` after a quarter of the time, which is not counted, and the result at the end. */
if (parentPort !== null) {
  const load = workerData as Load;
  const clients = await open(load);
  await run(load, clients, load.seconds / 4);
  report('warm');
  report(await run(load, clients, load.seconds));
  for (const client of clients) client.end();
}
