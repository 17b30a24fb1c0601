/**
 * A small typed client: queries, and live queries as async iterators.
 *
 * @example
 *   const client = await connect('postgres://tidewire@127.0.0.1:7432/tidewire');
 *   for await (const { timestamp, diff, row } of client.subscribe<{ city: string; count: bigint }>('SELECT * FROM sales')) {
 *     console.log(timestamp, diff > 0 ? '+' : '-', row.city, row.count);
 *   }
 */
import { type ConnectOptions, Connection } from './connection.ts';
import { type Change, type Progress, type SubscribeOptions, subscribe } from './subscribe.ts';
import { type Column, type Value, decoders } from './values.ts';

export type { Change, Column, ConnectOptions, Progress, SubscribeOptions, Value };

export type Row = Record<string, Value>;

export interface Result<R> {
  readonly rows: R[];
  readonly columns: readonly Column[];
  /** The command tag, such as `INSERT 0 3`. */
  readonly tag: string;
}

export class Client {
  readonly #options: ConnectOptions;
  readonly #connection: Connection;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ConnectOptions, connection: Connection) {
    this.#options = options;
    this.#connection = connection;
  }

  /** Runs a statement; calls made meanwhile wait. Parameters `$1…` are sent as text. */
  query<R extends object = Row>(
    text: string,
    parameters?: readonly (string | number | bigint | boolean | null)[],
  ): Promise<Result<R>> {
    const values = parameters?.map((value) => (value === null ? null : String(value))) ?? null;
    const result = this.#last.then(() => collect<R>(this.#connection, text, values));
    this.#last = result.catch(() => {});
    return result;
  }

  /**
   * The changes of a relation, a query or a whole SUBSCRIBE statement, on a connection of its own. Leaving the loop
   * ends the subscription. A lost connection is an error of the loop: what came before it was complete up to the last
   * timestamp but one, or up to the last progress.
   */
  subscribe<R extends object = Row>(
    source: string,
    options?: SubscribeOptions & { readonly progress?: false },
  ): AsyncGenerator<Change<R>, void>;
  subscribe<R extends object = Row>(
    source: string,
    options: SubscribeOptions,
  ): AsyncGenerator<Change<R> | Progress, void>;
  subscribe<R extends object = Row>(
    source: string,
    options: SubscribeOptions = {},
  ): AsyncGenerator<Change<R> | Progress, void> {
    return subscribe<R>(this.#options, source, options);
  }

  close(): void {
    this.#connection.close();
  }
}

/** Connects, by URL or options. */
export async function connect(target: string | ConnectOptions = {}): Promise<Client> {
  const options = typeof target === 'string' ? parseUrl(target) : target;
  return new Client(options, await Connection.open(options));
}

/** `postgres://user@host:port/database`. */
export function parseUrl(text: string): ConnectOptions {
  const url = new URL(text);
  if (!['postgres:', 'postgresql:', 'tidewire:'].includes(url.protocol)) {
    throw new Error(`a URL starts with postgres://, not ${url.protocol}//`);
  }
  return {
    host: url.hostname === '' ? '127.0.0.1' : url.hostname.replaceAll(/^\[|\]$/g, ''),
    port: url.port === '' ? 7432 : Number(url.port),
    user: url.username === '' ? 'tidewire' : decodeURIComponent(url.username),
    database: url.pathname.length > 1 ? decodeURIComponent(url.pathname.slice(1)) : 'tidewire',
  };
}

function collect<R extends object>(
  connection: Connection,
  text: string,
  parameters: readonly (string | null)[] | null,
): Promise<Result<R>> {
  return new Promise((resolve, reject) => {
    let columns: readonly Column[] = [];
    let decode = decoders([]);
    let rows: R[] = [];
    let tag = '';
    connection.run(text, parameters, {
      columns(described) {
        columns = described;
        decode = decoders(described);
        rows = [];
      },
      row: (fields) => void rows.push(rowObject<R>(columns, decode, fields)),
      complete: (completed) => void (tag = completed),
      end: (error) => (error ? reject(error) : resolve({ rows, columns, tag })),
    });
  });
}

function rowObject<R extends object>(
  columns: readonly Column[],
  decode: ReturnType<typeof decoders>,
  fields: readonly (string | null)[],
): R {
  return Object.fromEntries(
    columns.map(({ name }, index) => [name, decode[index]!(fields[index] ?? null)]),
  ) as R;
}
