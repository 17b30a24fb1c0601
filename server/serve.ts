/** `tidewire serve`: one server from its start to its end. */
import type { Engine } from '../engine/index.ts';
import { openDataDirectory } from './data-directory.ts';
import type { Log } from './log.ts';
import { CRASH, SHUTDOWN } from './pgwire/endings.ts';
import { Listener } from './pgwire/listener.ts';
import type { StatementExecutor } from './session/statement.ts';

/** The assembled parts behind the protocol. */
export interface RunningSystem {
  readonly executor: StatementExecutor;
  readonly engine: Pick<Engine, 'cancellation' | 'forgetSequences' | 'forgetSession' | 'seedSession'>;
  stop(): Promise<void>;
}

/** Starts engine, catalog and the rest. `panic` is called when the engine is lost. */
export type StartSystem = (options: {
  readonly workers: number;
  readonly log: Log;
  panic(message: string): void;
}) => Promise<RunningSystem>;

export interface ServeOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  readonly version: string;
  /** How long the engine gets to end what it does when the server stops; what lives in memory is lost either way. */
  readonly stopMilliseconds?: number;
}

const STOP_MILLISECONDS = 10_000;
/** The process's exit code after an engine panic (EX_SOFTWARE). */
const PANICKED = 70;
/** How long clients get to take their last message after a panic. */
const PANIC_MILLISECONDS = 2000;

/** Runs until it is told to stop; resolves with the exit code. */
export async function serve(options: ServeOptions, startSystem: StartSystem, log: Log): Promise<number> {
  const directory = openDataDirectory(options.data);
  let finish!: (code: number) => void;
  const finished = new Promise<number>((resolve) => (finish = resolve));
  let listener: Listener | null = null;
  let ending = false;

  const panic = (message: string): void => {
    log.error('the engine failed', { reason: message });
    if (ending) return;
    ending = true;
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, PANIC_MILLISECONDS));
    void Promise.race([listener?.stop(CRASH), deadline]).then(() => finish(PANICKED));
  };
  const stop = (signal: string): void => {
    if (ending) return;
    ending = true;
    log.info('stopping', { signal });
    void shutDown(listener, system, options.stopMilliseconds ?? STOP_MILLISECONDS, log).then(
      () => finish(0),
      (error: unknown) => {
        log.error('stopping failed', { error });
        finish(1);
      },
    );
  };

  let system: RunningSystem | null = null;
  const onTerm = (): void => stop('SIGTERM');
  const onInt = (): void => stop('SIGINT');
  process.on('SIGTERM', onTerm);
  process.on('SIGINT', onInt);
  try {
    system = await startSystem({ workers: options.workers, log, panic });
    const { executor, engine } = system;
    listener = new Listener({ executor, engine, log, host: options.host, port: options.port });
    if (!ending) {
      const port = await listener.listen();
      log.info('listening', { host: options.host, port, workers: options.workers, data: directory.path });
      process.stdout.write(readyText(options, port));
    }
    return await finished;
  } finally {
    process.off('SIGTERM', onTerm);
    process.off('SIGINT', onInt);
    directory.release();
  }
}

async function shutDown(
  listener: Listener | null,
  system: RunningSystem | null,
  milliseconds: number,
  log: Log,
): Promise<void> {
  const stopped = (async () => {
    await listener?.stop(SHUTDOWN);
    await system?.stop();
  })();
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>(
    (resolve) => (timer = setTimeout(() => resolve('late'), milliseconds)),
  );
  const outcome = await Promise.race([stopped, deadline]);
  clearTimeout(timer);
  if (outcome === 'late') log.warn('the engine was still busy', { milliseconds });
}

/** The ready line and a session to paste. */
function readyText(options: ServeOptions, port: number): string {
  const host = options.host === '0.0.0.0' || options.host === '::' ? '127.0.0.1' : options.host;
  return `
Tidewire ${options.version} is ready on ${options.host}:${port}, ${options.workers} ${options.workers === 1 ? 'worker' : 'workers'}. Data lives in memory until the server stops.

  psql -h ${host} -p ${port} -U tidewire tidewire

Then paste:

  CREATE TABLE orders (id int PRIMARY KEY, city text NOT NULL, amount numeric NOT NULL);
  CREATE MATERIALIZED VIEW sales AS SELECT city, count(*), sum(amount) FROM orders GROUP BY city;
  INSERT INTO orders VALUES (1, 'Lisbon', 12.50), (2, 'Oslo', 7), (3, 'Lisbon', 30);
  SELECT * FROM sales ORDER BY city;

Watch it change from a second terminal, while you insert more:

  psql -h ${host} -p ${port} -U tidewire tidewire -c "COPY (SUBSCRIBE sales) TO STDOUT"

`;
}
