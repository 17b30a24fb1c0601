/** Readers that do not read: they are cut off, the server stays small, and others go on. */
import { type Socket, connect } from 'node:net';
import { serialize } from 'pg-protocol';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { residentMegabytes } from '../support/memory.ts';
import { testServer } from '../support/test-server.ts';

/** What the server lets wait for one reader. */
const BUFFER = 64;
const EVENTS = 400_000;
/** A thousand bytes a row: 400 MB for each reader, while the source itself keeps 8 bytes a row. */
const WIDE = "SUBSCRIBE (SELECT counter, repeat('x', 1000) AS pad FROM events)";

let client: pg.Client;

const server = testServer({}, async () => {
  client = await server.connect();
});

/** A client that sends a query and never reads the answer. */
async function silentReader(query: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: server.port });
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.pause();
  socket.write(serialize.startup({ user: 'tidewire', database: 'tidewire' }));
  socket.write(serialize.query(query));
  return socket;
}

/** All that still comes, and the fields of the error that it ends with. */
async function rest(socket: Socket): Promise<{ bytes: number; code: string | undefined }> {
  let bytes = 0;
  let tail = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    tail = Buffer.concat([tail, chunk]).subarray(-4096);
  });
  socket.resume();
  await expect.poll(() => tail.toString('latin1').includes('\0C53400\0'), { timeout: 30_000 }).toBe(true);
  return { bytes, code: /\0C(\w{5})\0/.exec(tail.toString('latin1'))?.[1] };
}

test('a socket that is never read, a cursor that is never fetched, a COPY: cut off at the bound, others see everything', async () => {
  await client.query(`CREATE SOURCE events FROM GENERATOR COUNTER (EVENTS ${EVENTS}, RATE 100000)`);
  await client.query('CREATE MATERIALIZED VIEW seen AS SELECT count(*) AS n FROM events');
  const before = residentMegabytes(server);
  const plain = await silentReader(WIDE);
  const copy = await silentReader(`COPY (${WIDE}) TO STDOUT`);
  const idle = await server.connect();
  await idle.query('BEGIN');
  await idle.query(`DECLARE c CURSOR FOR ${WIDE}`);
  const reader = await server.connect();
  await reader.query('BEGIN');
  await reader.query('DECLARE c CURSOR FOR SUBSCRIBE (SELECT counter FROM events)');
  let read = 0;
  let highest = before;
  while (read < EVENTS) {
    const { rowCount } = await reader.query("FETCH ALL FROM c WITH (TIMEOUT = '10 s')");
    expect(rowCount, `rows in time, after ${read} of ${EVENTS}`).toBeGreaterThan(0);
    read += rowCount!;
    highest = Math.max(highest, residentMegabytes(server));
  }
  expect(read).toBe(EVENTS);
  await reader.end();
  expect((await client.query('SELECT n FROM seen')).rows).toEqual([{ n: String(EVENTS) }]);
  // Three readers' buffers, and something for the rows of the source and for garbage; unbounded it would be 1200.
  expect(highest - before, 'growth of the server in MiB').toBeLessThan(3 * BUFFER + 300);

  // What had been sent before the cut can still be read; then comes the error.
  for (const socket of [plain, copy]) {
    const { bytes, code } = await rest(socket);
    expect(code).toBe('53400');
    expect(bytes).toBeLessThan((BUFFER << 20) * 2);
    socket.destroy();
  }
  const fetched = idle.query('FETCH ALL FROM c').then(() => idle.query('FETCH ALL FROM c'));
  const cut = await fetched.then(() => idle.query('FETCH ALL FROM c')).catch((error: unknown) => error);
  expect(cut).toMatchObject({ code: '53400', severity: 'ERROR' });
  await idle.end();
  await client.query('DROP SOURCE events CASCADE');
});

test('a snapshot may be larger than the buffer: it is no overrun', async () => {
  const count = 150_000;
  await client.query(
    `CREATE SOURCE large FROM GENERATOR COUNTER (EVENTS ${count}); CREATE TABLE more (n int8)`,
  );
  const generated = async (): Promise<unknown> =>
    (await client.query('SELECT count(*) AS n FROM large')).rows[0].n;
  await expect.poll(generated, { timeout: 30_000 }).toBe(String(count));
  const wide = "SELECT counter, repeat('x', 1000) AS pad FROM large UNION ALL SELECT n, 'last' FROM more";
  const socket = await silentReader(`COPY (SUBSCRIBE (${wide})) TO STDOUT`);
  // Nobody reads while it begins and changes.
  for (let round = 1; round <= 10; round++) await client.query(`INSERT INTO more VALUES (${-round})`);
  let received = '';
  let rows = 0;
  socket.on('data', (chunk: Buffer) => {
    const text = received + chunk.toString('latin1');
    rows += text.match(/\t(x{1000}|last)\n/g)?.length ?? 0;
    received = text.slice(text.lastIndexOf('\n') + 1);
  });
  socket.resume();
  await expect.poll(() => rows, { timeout: 30_000 }).toBe(count + 10);
  socket.destroy();
  await client.query('DROP SOURCE large; DROP TABLE more');
});
