/** The server of a test file. */
import { afterAll, beforeAll } from 'vitest';
import { type Tidewire, type TidewireOptions, startTidewire } from './tidewire.ts';

/**
 * A server from before the first test of the file, or of the block, that calls this until after the last. `setUp` runs once it
 * answers. Clients need not be ended: their connections end with the server.
 */
export function testServer(options: TidewireOptions = {}, setUp?: () => Promise<void>): Tidewire {
  let started: Tidewire | undefined;
  const running = (): Tidewire => {
    if (started === undefined) throw new Error('The server starts before the first test');
    return started;
  };
  beforeAll(async () => {
    started = await startTidewire(options);
    await setUp?.();
  });
  afterAll(async () => {
    await started?.stop();
  });
  return {
    get port() {
      return running().port;
    },
    get process() {
      return running().process;
    },
    log: () => running().log(),
    connect: (overrides) => running().connect(overrides),
    stop: () => running().stop(),
  };
}
