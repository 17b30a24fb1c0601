/** Accepts connections, counts them, and ends them with the server. */
import { type Server, createServer } from 'node:net';
import { AdvisoryLocks } from '../session/advisory-locks.ts';
import { Sessions } from '../session/sessions.ts';
import type { StatementExecutor } from '../session/statement.ts';
import type { SessionHost } from '../session/session.ts';
import { MAX_CONNECTIONS } from '../session/settings/table.ts';
import type { Log } from '../log.ts';
import { CancelKeys } from './cancel-keys.ts';
import { Connection, type ConnectionHost } from './connection.ts';

export interface ListenerOptions {
  readonly executor: StatementExecutor;
  readonly engine: SessionHost['engine'];
  readonly log: Log;
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly database?: string;
  readonly maxConnections?: number;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #cancelKeys = new CancelKeys();
  #stopping = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const limit = options.maxConnections ?? MAX_CONNECTIONS;
    const host: ConnectionHost = {
      executor: options.executor,
      engine: options.engine,
      advisoryLocks: new AdvisoryLocks(),
      sessions: new Sessions(),
      log: options.log,
      cancelKeys: this.#cancelKeys,
      user: options.user ?? 'tidewire',
      database: options.database ?? 'tidewire',
      refusal: () => {
        if (this.#stopping) return { sqlstate: '57P03', message: 'the server is shutting down' };
        // The connection that asks is one of them.
        if (this.#connections.size <= limit) return null;
        return { sqlstate: '53300', message: 'sorry, too many clients already' };
      },
    };
    this.#server = createServer({ allowHalfOpen: false }, (socket) => {
      const connection = new Connection(socket, host);
      this.#connections.add(connection);
      socket.once('close', () => this.#connections.delete(connection));
    });
  }

  /** Resolves with the port that is listened on. */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Accepts nothing more and ends every connection with this error; resolves when they are gone. */
  async stop(error: {
    readonly sqlstate: string;
    readonly message: string;
    readonly hint?: string;
  }): Promise<void> {
    this.#stopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.terminate(error);
    await closed;
  }
}
