/** Unmodified drivers against the protocol; what their statements mean is the fake's, and tested elsewhere. */
import { spawn } from 'node:child_process';
import { Client, type QueryConfig } from 'pg';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { connect } from '../../clients/typescript/index.ts';
import { SqlError } from '../../sql/error.ts';
import { describeWith, psqlMissing } from '../support/left-out.ts';
import { fakeServer } from './fake-server.ts';

const server = fakeServer();
const { executor } = server;

test('node-postgres: simple, parameters, named statements, errors, transactions', async () => {
  const client = new Client({ host: '127.0.0.1', port: server.port, user: 'tidewire', database: 'tidewire' });
  await client.connect();
  try {
    const notices: string[] = [];
    client.on('notice', (notice) => notices.push(notice.message ?? ''));
    expect((await client.query('SELECT n FROM numbers(3)')).rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect((await client.query('SELECT $1', ['it'])).rows).toEqual([{ value: 'it' }]);
    for (let round = 0; round < 2; round++) {
      const named = { name: 'echo', text: 'SELECT $1', values: [`${round}`] };
      expect((await client.query(named)).rows).toEqual([{ value: `${round}` }]);
    }
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({
      code: '22012',
      severity: 'ERROR',
      hint: 'a hint',
      position: '9',
    });
    await client.query('BEGIN');
    expect((await client.query('INSERT INTO t VALUES (1)')).rowCount).toBe(1);
    await client.query('ROLLBACK');
    expect(notices).toEqual(['inserted']);
    expect(
      (await client.query({ text: 'SELECT n FROM numbers(5)', rows: 2 } as QueryConfig)).rows,
    ).toHaveLength(5);
  } finally {
    await client.end();
  }
});

test('postgres.js: pipelines, prepared statements, a cursor', async () => {
  const sql = postgres({
    host: '127.0.0.1',
    port: server.port,
    user: 'tidewire',
    database: 'tidewire',
    max: 1,
    fetch_types: false,
    onnotice() {},
  });
  try {
    const [first, second] = await Promise.all([sql`SELECT n FROM numbers(2)`, sql`SELECT ${'it'}`]);
    expect([...first]).toEqual([{ n: 1 }, { n: 2 }]);
    expect([...second]).toEqual([{ value: 'it' }]);
    const batches: number[] = [];
    await sql`SELECT n FROM numbers(5)`.cursor(2, (rows) => void batches.push(rows.length));
    expect(batches).toEqual([2, 2, 1]);
    await sql.begin(async (transaction) => {
      await transaction`INSERT INTO t VALUES (1)`;
      await transaction`INSERT INTO t VALUES (2)`;
    });
    expect(executor.log.splice(0)).toContain('commit 2');
  } finally {
    await sql.end();
  }
});

function psql(
  args: readonly string[],
  input = '',
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(
      'psql',
      ['-X', '-h', '127.0.0.1', '-p', String(server.port), '-U', 'tidewire', ...args, 'tidewire'],
      {
        env: { ...process.env, PGCONNECT_TIMEOUT: '10' },
      },
    );
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

describeWith(psqlMissing(), 'psql', () => {
  test('queries, errors with their place, COPY, cursors', async () => {
    expect(await psql(['-At', '-c', 'SELECT n FROM numbers(2)'])).toEqual({
      code: 0,
      out: '1\n2\n',
      err: '',
    });
    const failed = await psql(['-c', 'SELECT 1/0']);
    expect(failed.err).toBe(
      'ERROR:  division by zero\nLINE 1: SELECT 1/0\n                ^\nHINT:  a hint\n',
    );
    expect((await psql(['-c', 'COPY t TO STDOUT'])).out).toBe('id\tname\n1\ta\n2\tb\n');
    executor.copied.length = 0;
    expect((await psql([], '\\copy t from stdin\n1\ta\n2\tb\n\\.\n')).out).toBe('COPY 2\n');
    const cursor =
      'BEGIN;\nDECLARE c CURSOR FOR SELECT n FROM numbers(3);\nFETCH 2 FROM c;\nFETCH ALL FROM c;\nCOMMIT;\n';
    expect((await psql(['-At'], cursor)).out).toBe('BEGIN\nDECLARE CURSOR\n1\n2\n3\nCOMMIT\n');
    const fetched = await psql(
      ['-At', '-v', 'FETCH_COUNT=2', '-c', '\\echo', '-f', '-'],
      'SELECT n FROM numbers(5);\n',
    );
    expect(fetched.out.trim().split('\n')).toEqual(['1', '2', '3', '4', '5']);
  });
});

test('the typed client: queries and changes', async () => {
  const client = await connect({ port: server.port });
  try {
    expect((await client.query<{ n: number }>('SELECT n FROM numbers(2)')).rows).toEqual([
      { n: 1 },
      { n: 2 },
    ]);
    expect((await client.query('SELECT $1', ['it'])).rows).toEqual([{ value: 'it' }]);
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' });
    const seen: unknown[] = [];
    const changes = client.subscribe<{ n: number; name: string | null }>('SELECT * FROM changes');
    const reading = (async () => {
      for await (const change of changes) {
        seen.push(change);
        if (seen.length === 3) return;
      }
    })();
    await expect.poll(() => executor.streams.has('changes')).toBe(true);
    const stream = executor.streams.get('changes')!;
    stream.pushRows(['1700000000000000', '1', 1, 'a'], ['1700000000000000', '1', 2, null]);
    stream.pushRows(['1700000000000001', '-1', 1, 'a']);
    await reading;
    expect(seen).toEqual([
      { timestamp: 1700000000000000, progressed: false, diff: 1, row: { n: 1, name: 'a' } },
      { timestamp: 1700000000000000, progressed: false, diff: 1, row: { n: 2, name: null } },
      { timestamp: 1700000000000001, progressed: false, diff: -1, row: { n: 1, name: 'a' } },
    ]);
    await expect.poll(() => stream.closed).toBe(true);
  } finally {
    client.close();
  }
});

test('the typed client: errors of a subscription, and its end by a signal', async () => {
  const client = await connect(`postgres://tidewire@127.0.0.1:${server.port}/tidewire`);
  try {
    const failing = client.subscribe('changes_failing').next();
    await expect.poll(() => executor.streams.has('changes_failing')).toBe(true);
    executor.streams.get('changes_failing')!.end(new SqlError({ sqlstate: '53400', message: 'cut off' }));
    await expect(failing).rejects.toMatchObject({ code: '53400' });
    const controller = new AbortController();
    const stopped = client.subscribe('changes_stopped', { signal: controller.signal }).next();
    await expect.poll(() => executor.streams.has('changes_stopped')).toBe(true);
    controller.abort();
    expect(await stopped).toEqual({ done: true, value: undefined });
    await expect.poll(() => executor.streams.get('changes_stopped')!.closed).toBe(true);
  } finally {
    client.close();
  }
});

test('a reader that does not read makes the server wait, not grow', async () => {
  const client = new Client({ host: '127.0.0.1', port: server.port, user: 'tidewire', database: 'tidewire' });
  await client.connect();
  try {
    const socket = (client as unknown as { connection: { stream: import('node:net').Socket } }).connection
      .stream;
    const result = client.query('SELECT n FROM numbers(300000)');
    socket.pause();
    const other = await connect({ port: server.port });
    expect((await other.query("SELECT 'alive'")).rows).toEqual([{ '?column?': 'alive' }]);
    other.close();
    socket.resume();
    expect((await result).rowCount).toBe(300_000);
  } finally {
    await client.end();
  }
});
