/** A live query as an async iterator. */
import { type ConnectOptions, Connection } from './connection.ts';
import { type Column, decoders } from './values.ts';

export interface Change<R> {
  /** Microseconds since the Unix epoch; all changes of one timestamp belong to one state. */
  readonly timestamp: number;
  /** Rows added, or removed where negative. */
  readonly diff: number;
  readonly row: R;
}

export interface SubscribeOptions {
  /** Begin with the contents as they are; default true. */
  readonly snapshot?: boolean;
  /** Ends the subscription. */
  readonly signal?: AbortSignal;
}

/** Changes that wait here before the socket is no longer read. */
const WAITING = 4096;

export async function* subscribe<R extends object>(
  connect: ConnectOptions,
  source: string,
  options: SubscribeOptions,
): AsyncGenerator<Change<R>, void> {
  options.signal?.throwIfAborted();
  const connection = await Connection.open(connect);
  let waiting: Change<R>[] = [];
  let wake = (): void => {};
  let ended = false;
  let failure: Error | null = null;
  let paused = false;
  let toChange: ((fields: readonly (string | null)[]) => Change<R>) | null = null;
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
export function statement(source: string, options: Pick<SubscribeOptions, 'snapshot'>): string {
  const text = source.trim().replace(/;\s*$/, '');
  if (/^(subscribe|tail)\b/i.test(text)) return text;
  const clause = options.snapshot === false ? ' WITH (SNAPSHOT = false)' : '';
  const query = /^(select|values|with|table|\()/i.test(text);
  return `SUBSCRIBE ${query ? `(${text}\n)` : text}${clause}`;
}

function changeReader<R extends object>(
  columns: readonly Column[],
): (fields: readonly (string | null)[]) => Change<R> {
  const timestamp = columns.findIndex(({ name }) => name === 'tw_timestamp');
  const diff = columns.findIndex(({ name }) => name === 'tw_diff');
  const decode = decoders(columns);
  const own = columns.map((column, index) => ({ ...column, index }));
  const shown = own.filter(({ index }) => index !== timestamp && index !== diff);
  return (fields) => ({
    timestamp: Number(fields[timestamp]),
    // ENVELOPE UPSERT and progress rows have no count.
    diff: diff < 0 ? 1 : Number(fields[diff] ?? 0),
    row: Object.fromEntries(
      shown.map(({ name, index }) => [name, decode[index]!(fields[index] ?? null)]),
    ) as R,
  });
}
