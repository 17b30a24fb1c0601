/** Loopback ports for the servers of tests. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what Linux gives to connections (`net.ipv4.ip_local_port_range`, from 32768): a server that is down for a moment
 * finds its port again. A port of that range may meanwhile be somebody's own end, even of a client that tries to reach
 * the very server: without a listener, TCP connects such a socket to itself.
 */
const FIRST = 10_000;
const LAST = 32_767;

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(FIRST, LAST + 1);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
  throw new Error('no port is free');
}
