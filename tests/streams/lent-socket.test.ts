/**
 * A subscription's rows go straight to its client's socket while nobody else writes there: what a client sees is the same as if
 * they did not.
 */
import { type Socket, connect } from 'node:net';
import { serialize } from 'pg-protocol';
import type pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testServer } from '../support/test-server.ts';

let client: pg.Client;
const open: Follower[] = [];

const server = testServer({}, async () => {
  client = await server.connect();
});

beforeEach(() => client.query('CREATE TABLE t (k int, v text)'));
afterEach(async () => {
  for (const follower of open.splice(0)) follower.socket.destroy();
  await client.query('DROP TABLE t');
});

/** A client that sends a query and keeps all that comes. */
class Follower {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);

  constructor(query: string) {
    this.socket = connect({ host: '127.0.0.1', port: server.port });
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => (this.#bytes = Buffer.concat([this.#bytes, chunk])));
    this.socket.write(serialize.startup({ user: 'tidewire', database: 'tidewire' }));
    this.socket.write(serialize.query(query));
    open.push(this);
  }

  /** Types and bodies of the whole messages that have come. Throws where they are none. */
  messages(): { readonly type: string; readonly body: string }[] {
    const found = [];
    for (let at = 0; at + 5 <= this.#bytes.length;) {
      const type = String.fromCharCode(this.#bytes[at]!);
      const end = at + 1 + this.#bytes.readInt32BE(at + 1);
      expect(type, `a message's type at ${at}`).toMatch(/[A-Za-z0-9]/);
      if (end > this.#bytes.length) break;
      found.push({ type, body: this.#bytes.toString('latin1', at + 5, end) });
      at = end;
    }
    return found;
  }

  bodies(type: string): string[] {
    return this.messages().flatMap((message) => (message.type === type ? [message.body] : []));
  }

  /** The numbers k of the copied rows. */
  keys(): number[] {
    return this.bodies('d').map((line) => Number(line.split('\t')[2]));
  }

  async begun(): Promise<void> {
    await expect.poll(() => this.bodies('H').length, { timeout: 10_000 }).toBe(1);
  }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

test('the rows that went there are counted', async () => {
  const now = Number(
    (await client.query('SELECT extract(epoch FROM clock_timestamp()) * 1e6 AS t')).rows[0].t,
  );
  const upTo = Math.round(now) + 3_000_000;
  const copy = new Follower(`COPY (SUBSCRIBE t UP TO ${upTo}) TO STDOUT`);
  const plain = new Follower(`SUBSCRIBE t UP TO ${upTo}`);
  await copy.begun();
  for (const k of numbers(0, 50)) {
    await client.query(`INSERT INTO t VALUES (${k}, 'v')`);
    await expect.poll(() => copy.keys().length, { timeout: 5000, interval: 1 }).toBe(k + 1);
  }
  await expect.poll(() => copy.bodies('C'), { timeout: 10_000 }).toEqual(['COPY 50\0']);
  await expect.poll(() => plain.bodies('C'), { timeout: 10_000 }).toEqual(['SUBSCRIBE 50\0']);
  expect(copy.keys()).toEqual(numbers(0, 50));
  expect(plain.bodies('D')).toHaveLength(50);
});

test('a reader that stops for a while gets every row once, in order', async () => {
  const reader = new Follower('COPY (SUBSCRIBE t) TO STDOUT');
  await reader.begun();
  const wide = 'x'.repeat(4000);
  for (const [from, to] of [
    [0, 2000],
    [2000, 5000],
  ] as const) {
    reader.socket.pause();
    // 8 and 12 MB: more than the socket holds.
    for (const k of numbers(from, to)) await client.query('INSERT INTO t VALUES ($1, $2)', [k, wide]);
    reader.socket.resume();
    await expect.poll(() => reader.keys().length, { timeout: 20_000 }).toBe(to);
  }
  expect(reader.keys()).toEqual(numbers(0, 5000));
});

test('an error comes behind whole rows', async () => {
  const reader = new Follower('COPY (SUBSCRIBE t) TO STDOUT');
  await reader.begun();
  const [pid] = (await client.query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY (SUBSCRIBE%'"))
    .rows;
  const writing = (async () => {
    for (const k of numbers(0, 500)) await client.query(`INSERT INTO t VALUES (${k}, 'v')`);
  })();
  await expect.poll(() => reader.keys().length, { timeout: 5000, interval: 1 }).toBeGreaterThan(50);
  const other = await server.connect();
  await other.query('SELECT pg_cancel_backend($1)', [pid.pid]);
  await other.end();
  await writing;
  await expect.poll(() => reader.bodies('Z').length, { timeout: 10_000 }).toBe(2);
  const types = reader.messages().map(({ type }) => type);
  expect(types.slice(types.indexOf('H')).join('')).toMatch(/^Hd+EZ$/);
  expect(reader.bodies('E')[0]).toContain('57014');
  expect(reader.keys()).toEqual(numbers(0, reader.keys().length));
});

test('connections that come after one that left get nothing of its rows', async () => {
  const writing = { over: false };
  const writer = (async () => {
    for (let k = 0; !writing.over; k++) await client.query(`INSERT INTO t VALUES (${k}, 'v')`);
  })();
  for (let round = 0; round < 30; round++) {
    const reader = new Follower('COPY (SUBSCRIBE t WITH (SNAPSHOT = false)) TO STDOUT');
    await expect.poll(() => reader.keys().length, { timeout: 10_000, interval: 1 }).toBeGreaterThan(5);
    if (round % 2 === 0) reader.socket.destroy();
    else reader.socket.end(Buffer.from('X\0\0\0\x04', 'latin1'));
    const next = await server.connect();
    expect((await next.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await next.end();
  }
  writing.over = true;
  await writer;
});
