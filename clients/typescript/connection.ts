/** One connection on pg-protocol: statements one at a time, rows as they come, the socket paused when nobody takes them. */
import { type Socket, connect as connectSocket } from 'node:net';
import { type DatabaseError, parse, serialize } from 'pg-protocol';
import type { Column } from './values.ts';

export interface ConnectOptions {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly database?: string;
  readonly applicationName?: string;
}

/** What a running statement is told. */
export interface Receiver {
  columns(columns: readonly Column[]): void;
  row(fields: readonly (string | null)[]): void;
  complete(tag: string): void;
  /** The statement is over: with an error, or null. */
  end(error: Error | null): void;
}

interface FieldMessage {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

export class Connection {
  readonly #socket: Socket;
  #receiver: Receiver | null = null;
  #error: Error | null = null;
  #closed: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (error) => this.#lost(error));
    socket.on('close', () => this.#lost(new Error('the server closed the connection')));
    void parse(socket, (message) => this.#received(message)).catch(() => {});
  }

  /** Connects; rejects with the server's error when it refuses. */
  static open(options: ConnectOptions = {}): Promise<Connection> {
    const { host = '127.0.0.1', port = 7432, user = 'tidewire', database = 'tidewire' } = options;
    return new Promise((resolve, reject) => {
      const socket = connectSocket({ host, port });
      const connection = new Connection(socket);
      socket.setNoDelay(true);
      socket.once('connect', () =>
        socket.write(
          serialize.startup({
            user,
            database,
            application_name: options.applicationName ?? 'tidewire-client',
          }),
        ),
      );
      connection.#receiver = {
        columns() {},
        row() {},
        complete() {},
        end: (error) => (error ? reject(error) : resolve(connection)),
      };
    });
  }

  /** Runs a text by the simple protocol, or with parameters by the extended one. */
  run(text: string, parameters: readonly (string | null)[] | null, receiver: Receiver): void {
    if (this.#closed) throw this.#closed;
    if (this.#receiver) throw new Error('the connection is busy: one statement at a time');
    this.#receiver = receiver;
    this.#error = null;
    if (!parameters) {
      this.#socket.write(serialize.query(text));
      return;
    }
    this.#socket.write(
      Buffer.concat([
        serialize.parse({ text }),
        serialize.bind({ values: [...parameters] }),
        serialize.describe({ type: 'P', name: '' }),
        serialize.execute({}),
        serialize.sync(),
      ]),
    );
  }

  /** Stops and goes on reading: what is not read makes the server wait. */
  pause(paused: boolean): void {
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  }

  /** Ends the connection, and what runs on it. */
  close(): void {
    this.#closed ??= new Error('the connection is closed');
    if (!this.#socket.destroyed) this.#socket.end(serialize.end());
    this.#socket.resume();
    this.#finish(null);
  }

  #received(message: { readonly name: string }): void {
    const receiver = this.#receiver;
    switch (message.name) {
      case 'rowDescription':
        receiver?.columns(
          (message as unknown as FieldMessage).fields.map((field) => ({
            name: field.name,
            typeOid: field.dataTypeID,
          })),
        );
        return;
      case 'dataRow':
        receiver?.row((message as unknown as { fields: (string | null)[] }).fields);
        return;
      case 'commandComplete':
        receiver?.complete((message as unknown as { text: string }).text);
        return;
      case 'error':
        this.#error = message as unknown as DatabaseError;
        return;
      case 'readyForQuery':
        this.#finish(this.#error);
        return;
      case 'authenticationOk':
        return;
      default:
        if (message.name.startsWith('authentication')) {
          this.#lost(new Error('the server asks for a password, which this client does not send'));
          this.#socket.destroy();
        }
    }
  }

  #finish(error: Error | null): void {
    const receiver = this.#receiver;
    this.#receiver = null;
    receiver?.end(error);
  }

  #lost(error: Error): void {
    this.#closed ??= this.#error ?? error;
    this.#finish(this.#closed);
  }
}
