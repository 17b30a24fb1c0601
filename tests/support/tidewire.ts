/**
 * The server as users start it: the built program in a process of its own, on an empty data directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './ports.ts';
import { PROFILED_FLAGS, profile } from './profile.ts';
import { projectRoot } from './root.ts';

export { projectRoot };

export interface Tidewire {
  readonly port: number;
  readonly process: ChildProcess;
  /** What the server wrote to standard error so far. */
  log(): string;
  connect(options?: Partial<pg.ClientConfig>): Promise<pg.Client>;
  stop(): Promise<number | null>;
}

export interface TidewireOptions {
  readonly workers?: number;
  /** More arguments of the command. */
  readonly args?: readonly string[];
}

/** Starts a server and waits until it answers. */
export async function startTidewire(options: TidewireOptions = {}): Promise<Tidewire> {
  const data = mkdtempSync(join(tmpdir(), 'tidewire-data-'));
  const port = await freePort();
  const server = spawn(
    process.execPath,
    [
      '--no-memory-reducer',
      ...PROFILED_FLAGS,
      join(projectRoot, 'build/server/main.js'),
      ...['serve', '--data', data, '--port', String(port), '--workers', String(options.workers ?? 1)],
      ...(options.args ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  const keep = (chunk: Buffer): string => (log = (log + chunk.toString()).slice(-20_000));
  server.stderr.on('data', keep);
  server.stdout.on('data', keep);
  const connect = async (overrides: Partial<pg.ClientConfig> = {}): Promise<pg.Client> => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'tidewire',
      database: 'tidewire',
      ...overrides,
    });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await (await connect()).end();
      break;
    } catch (error) {
      if (Date.now() > deadline || server.exitCode !== null) {
        server.kill('SIGKILL');
        throw new Error(`Tidewire did not start: ${String(error)}\n${log}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const endProfile = profile(server.pid!);
  return {
    port,
    process: server,
    log: () => log,
    connect,
    async stop() {
      await endProfile?.();
      if (server.exitCode === null && server.signalCode === null) {
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGTERM');
        await ended;
      }
      rmSync(data, { recursive: true, force: true });
      return server.exitCode;
    },
  };
}
