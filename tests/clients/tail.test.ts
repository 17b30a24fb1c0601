/** `tidewire tail`, as a program of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/root.ts';
import { testServer } from '../support/test-server.ts';
import { startTidewire } from '../support/tidewire.ts';

let writer: pg.Client;

const server = testServer({}, async () => {
  writer = await server.connect();
  await writer.query("CREATE TABLE t (id int8, v numeric, note text); INSERT INTO t VALUES (1, 1.50, 'one')");
});

interface Tail {
  readonly process: ChildProcessWithoutNullStreams;
  /** Complete lines so far. */
  lines(): string[];
  err(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

function tail(port: number, ...args: string[]): Tail {
  const url = `postgres://tidewire@127.0.0.1:${port}/tidewire`;
  const main = join(projectRoot, 'build/server/main.js');
  const child = spawn(process.execPath, [main, 'tail', ...args, '--url', url]);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return {
    process: child,
    lines: () => out.split('\n').slice(0, -1),
    err: () => err,
    ended: new Promise((resolve) => child.on('close', resolve)),
  };
}

async function lines(running: Tail, count: number): Promise<string[]> {
  await expect
    .poll(() => running.lines().length, { timeout: 15_000, message: `${count} lines; ${running.err()}` })
    .toBeGreaterThanOrEqual(count);
  return running.lines();
}

test('a relation as JSON lines, until it is interrupted', async () => {
  const running = tail(server.port, 't');
  expect((await lines(running, 1)).map((line) => JSON.parse(line))).toEqual([
    { timestamp: expect.any(Number), diff: 1, row: { id: 1, v: '1.50', note: 'one' } },
  ]);
  await writer.query("INSERT INTO t VALUES (9007199254740993, NULL, 'two')");
  expect(JSON.parse((await lines(running, 2))[1]!)).toMatchObject({
    row: { id: '9007199254740993', v: null },
  });
  running.process.kill('SIGINT');
  expect(await running.ended).toBe(0);
  expect(running.err()).toBe('');
});

test('a query as text, without its contents; SIGTERM ends it too', async () => {
  const running = tail(
    server.port,
    'SELECT id, note FROM t',
    '--format',
    'text',
    '--no-snapshot',
    '--progress',
  );
  await lines(running, 1);
  await writer.query("BEGIN; DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (3, 1, 'three'); COMMIT");
  const changes = (): string[] => running.lines().filter((line) => !line.endsWith('  progressed'));
  await expect.poll(() => changes().length, { timeout: 15_000 }).toBe(2);
  expect(
    changes()
      .map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}/, ''))
      .toSorted(),
  ).toEqual(['+1  3\tthree', '-1  1\tone']);
  running.process.kill('SIGTERM');
  expect(await running.ended).toBe(0);
});

test('a whole statement that ends, ends it', async () => {
  const running = tail(
    server.port,
    'SUBSCRIBE (SELECT 7 AS n) UP TO 9000000000000000 ENVELOPE UPSERT (KEY (n))',
    '--format',
    'json',
  );
  expect(JSON.parse((await lines(running, 1))[0]!)).toMatchObject({ state: 'upsert', row: { n: 7 } });
  expect(await running.ended).toBe(0);
});

test('a reader that has seen enough', async () => {
  const running = tail(server.port, 't', '--progress');
  await lines(running, 1);
  running.process.stdout.destroy();
  expect(await running.ended).toBe(0);
});

test('errors are said on standard error, with status 1', async () => {
  const running = tail(server.port, 'SELECT nothing FROM t');
  expect(await running.ended).toBe(1);
  expect(running.err()).toBe('tidewire tail: column "nothing" does not exist (42703)\n');
  expect(await tail(1, 't').ended).toBe(1);
});

test('mistakes on the command line have status 2', async () => {
  expect(await tail(server.port).ended).toBe(2);
  const running = tail(server.port, 't', '--format', 'xml');
  expect(await running.ended).toBe(2);
  expect(running.err()).toContain('--format takes one of text, json');
});

test('a server that goes ends it with status 1', async () => {
  const own = await startTidewire();
  const running = tail(own.port, 'SELECT oid FROM pg_catalog.pg_namespace');
  await lines(running, 1);
  await own.stop();
  expect(await running.ended).toBe(1);
  expect(running.err()).toContain('57P01');
});
