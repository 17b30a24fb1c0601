/** A live query as an async iterator. */
import { type ConnectOptions, Connection } from './connection.ts';
import { type Column, decoders } from './values.ts';

export interface Change<R> {
  /** Microseconds since the Unix epoch; all changes of one timestamp belong to one state. */
  readonly timestamp: number;
  readonly progressed: false;
  /** Rows added, or removed where negative. With an envelope 1, or -1 for a key that went. */
  readonly diff: number;
  /** With an envelope: what became of the key. */
  readonly state?: 'insert' | 'upsert' | 'delete' | 'key_violation';
  readonly row: R;
}

/** Every change before this timestamp was given. */
export interface Progress {
  readonly timestamp: number;
  readonly progressed: true;
}

export interface SubscribeOptions {
  /** Begin with the contents as they are; default true. */
  readonly snapshot?: boolean;
  /** Tell how far time has come, too. */
  readonly progress?: boolean;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/** Changes that wait here before the socket is no longer read. */
const WAITING = 4096;

export async function* subscribe<R extends object>(
  connect: ConnectOptions,
  source: string,
  options: SubscribeOptions,
): AsyncGenerator<Change<R> | Progress, void> {
  options.signal?.throwIfAborted();
  const connection = await Connection.open(connect);
  let waiting: (Change<R> | Progress)[] = [];
  let wake = (): void => {};
  let ended = false;
  let failure: Error | null = null;
  let paused = false;
  let toChange: ((fields: readonly (string | null)[]) => Change<R> | Progress) | null = null;
  const abort = (): void => connection.close();
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    connection.run(statement(source, options), null, {
      columns: (columns) => void (toChange = changeReader<R>(columns)),
      row(fields) {
        waiting.push(toChange!(fields));
        if (waiting.length >= WAITING && !paused) {
          paused = true;
          connection.pause(true);
        }
        wake();
      },
      complete() {},
      end(error) {
        ended = true;
        failure = error;
        wake();
      },
    });
    for (;;) {
      if (waiting.length > 0) {
        const changes = waiting;
        waiting = [];
        yield* changes;
        if (options.signal?.aborted) return;
        continue;
      }
      if (ended) {
        if (failure && !options.signal?.aborted) throw failure;
        return;
      }
      if (paused) {
        paused = false;
        connection.pause(false);
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    connection.close();
  }
}

/** A whole statement stays as it is; a query or a name becomes one. */
export function statement(source: string, options: Pick<SubscribeOptions, 'snapshot' | 'progress'>): string {
  const text = source.trim().replace(/;\s*$/, '');
  if (/^(subscribe|tail)\b/i.test(text)) return text;
  const wanted = [
    ...(options.snapshot === false ? ['SNAPSHOT = false'] : []),
    ...(options.progress === true ? ['PROGRESS'] : []),
  ];
  const clause = wanted.length > 0 ? ` WITH (${wanted.join(', ')})` : '';
  const query = /^(select|values|with|table|\()/i.test(text);
  return `SUBSCRIBE ${query ? `(${text}\n)` : text}${clause}`;
}

function changeReader<R extends object>(
  columns: readonly Column[],
): (fields: readonly (string | null)[]) => Change<R> | Progress {
  // The statement's own columns come first, so that a relation may have columns of these names.
  const place = (name: string): number => {
    const index = columns.findIndex((column) => column.name === name);
    return index >= 0 && index < 3 ? index : -1;
  };
  const [timestamp, progressed] = [place('tw_timestamp'), place('tw_progressed')];
  const [diff, state] = [place('tw_diff'), place('tw_state')];
  const decode = decoders(columns);
  const shown = columns.map((column, index) => ({ ...column, index })).slice(Math.max(diff, state) + 1);
  return (fields) => {
    const time = Number(fields[timestamp]);
    if (fields[progressed] === 't') return { timestamp: time, progressed: true };
    const row = Object.fromEntries(
      shown.map(({ name, index }) => [name, decode[index]!(fields[index] ?? null)]),
    ) as R;
    if (state < 0) return { timestamp: time, progressed: false, diff: Number(fields[diff]), row };
    const became = fields[state] as NonNullable<Change<R>['state']>;
    return { timestamp: time, progressed: false, diff: became === 'delete' ? -1 : 1, state: became, row };
  };
}
