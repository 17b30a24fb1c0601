/** The life of a server process: lock, ready text, clean stop, engine panic. Parts behind the protocol are the fake's. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentLog } from '../../server/log.ts';
import { type StartSystem, serve } from '../../server/serve.ts';
import { freePort } from '../support/ports.ts';
import { FakeExecutor } from './fake-executor.ts';
import { TranscriptClient } from './transcript.ts';

let directory: string;
let ready: string;
let panic: (message: string) => void;
let stopped: boolean;
let busy: Promise<void>;

const startSystem: StartSystem = async (options) => {
  ({ panic } = options);
  const engine = {
    cancellation: () => ({ cancel() {} }),
    forgetSequences() {},
    forgetSession() {},
    seedSession() {},
  };
  return {
    executor: new FakeExecutor(),
    engine,
    stop: async () => {
      stopped = true;
      await busy;
    },
  };
};

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tidewire-serve-'));
  ready = '';
  stopped = false;
  busy = Promise.resolve();
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    ready += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

async function start(): Promise<{ exit: Promise<number>; port: number; client: TranscriptClient }> {
  const port = await freePort();
  const options = {
    data: directory,
    host: '127.0.0.1',
    port,
    workers: 1,
    version: '0.0.0',
    stopMilliseconds: 50,
  };
  const exit = serve(options, startSystem, silentLog);
  await expect.poll(() => ready).toContain(`psql -h 127.0.0.1 -p ${port} -U tidewire tidewire`);
  return { exit, port, client: await TranscriptClient.open(port) };
}

test('SIGTERM ends clients with 57P01, stops the system and frees the directory', async () => {
  const { exit, client } = await start();
  const second = serve(
    { data: directory, host: '127.0.0.1', port: 0, workers: 1, version: '0.0.0' },
    startSystem,
    silentLog,
  );
  await expect(second).rejects.toThrow('is in use by process');
  process.emit('SIGTERM');
  expect(await client.rest()).toEqual([
    'ErrorResponse FATAL 57P01 terminating connection due to administrator command',
  ]);
  expect(await exit).toBe(0);
  expect(stopped).toBe(true);
  expect(existsSync(join(directory, 'tidewire.lock'))).toBe(false);
});

test('an engine that does not end what it does keeps no server from stopping', async () => {
  const { exit, client } = await start();
  busy = new Promise(() => undefined);
  process.emit('SIGTERM');
  expect(await exit).toBe(0);
  expect(await client.rest()).toHaveLength(1);
  expect(existsSync(join(directory, 'tidewire.lock'))).toBe(false);
});

test('an engine panic ends clients with 57P02 and the server with a failure', async () => {
  const { exit, client } = await start();
  panic('worker 0 panicked');
  expect((await client.rest())[0]).toContain('ErrorResponse FATAL 57P02');
  expect(await exit).toBe(70);
});
