/** The benchmarks' clients run in threads of their own, so that one does not wait for another. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker, parentPort } from 'node:worker_threads';

/** Starts a program of this folder. */
export const thread = (name: string, workerData: unknown): Worker =>
  new Worker(new URL(`./${name}.js`, import.meta.url), { workerData });

/** The next message of a thread; its error if it fails. */
export function said(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Sends a message to a thread. */
export function tell(to: Worker, message: unknown): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of windows; threads have no origin
  to.postMessage(message);
}

/**
 * Collects the garbage of this thread: else that is done while a server is measured, on a core that it wants. So does V8
 * again, by itself, with heaps that have little to do.
 */
export function collectGarbage(): void {
  setFlagsFromString('--no-memory-reducer');
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** From a thread: sends a message to the one that started it. */
export function report(message: unknown): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of windows; threads have no origin
  parentPort?.postMessage(message);
}
