/** The protocol's side of the server before statements that are a fake's. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { silentLog } from '../../server/log.ts';
import { SHUTDOWN } from '../../server/pgwire/endings.ts';
import { Listener } from '../../server/pgwire/listener.ts';
import { FakeExecutor } from './fake-executor.ts';
import { TranscriptClient } from './transcript.ts';

/** The columns of the fake's `SELECT n`. */
export const N = 'RowDescription n:23/4/-1/text';

export interface FakeServer {
  readonly executor: FakeExecutor;
  readonly port: number;
  /** A client in a session, until the test ends. */
  open(parameters?: Record<string, string>): Promise<TranscriptClient>;
  /** A client that has sent nothing. */
  raw(): TranscriptClient;
}

/** On a port that is free. */
export function listenerOf(executor: FakeExecutor): Listener {
  const engine = {
    cancellation: () => ({ cancel() {} }),
    forgetSequences() {},
    forgetSession() {},
    seedSession() {},
  };
  return new Listener({ executor, engine, log: silentLog, host: '127.0.0.1', port: 0 });
}

/** A server for the tests of a file. */
export function fakeServer(): FakeServer {
  const executor = new FakeExecutor();
  const listener = listenerOf(executor);
  const clients: TranscriptClient[] = [];
  let port = 0;
  beforeAll(async () => {
    port = await listener.listen();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    executor.log.length = 0;
    executor.copied.length = 0;
  });
  afterAll(() => listener.stop(SHUTDOWN));
  return {
    executor,
    get port() {
      return port;
    },
    async open(parameters = {}) {
      const client = await TranscriptClient.open(port, parameters);
      clients.push(client);
      return client;
    },
    raw() {
      const client = new TranscriptClient(port);
      clients.push(client);
      return client;
    },
  };
}
