/**
 * Sockets that read into one buffer, which all of them share. For every read Node allocates 64 KiB else and gives most of it
 * back, which costs more than a small statement's parsing.
 *
 * `net` does this for sockets that are opened with `onread`; a server's accepted sockets can't be given it, so it is set here
 * as `net` itself sets it. Where Node is made otherwise, chunks come by `data`.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';

const shared = Buffer.allocUnsafeSlow(64 << 10);

/** The properties by which `net` knows where a socket reads to. */
const { kBuffer, kBufferCb } = (() => {
  const callback = (): boolean => true;
  const options: SocketConstructorOpts = { onread: { buffer: shared, callback } } as object;
  const probe: object = new Socket(options);
  const properties = Object.getOwnPropertySymbols(probe).map(
    (symbol) => [symbol, (probe as Record<symbol, unknown>)[symbol]] as const,
  );
  return {
    kBuffer: properties.find(([, value]) => value === shared)?.[0],
    kBufferCb: properties.find(([, value]) => value === callback)?.[0],
  };
})();

interface Handle {
  useUserBuffer?(buffer: Buffer): void;
}

/**
 * Calls `received` with what an accepted socket reads. `isShared`: the chunk is overwritten when `received` has come back, by
 * this socket's next chunk or another's.
 */
export function readShared(socket: Socket, received: (chunk: Buffer, isShared: boolean) => void): void {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null };
  const properties = socket as unknown as Record<symbol, unknown>;
  const isKnown = kBuffer && kBufferCb && properties[kBuffer] === null && properties[kBufferCb] === null;
  if (!isKnown || !handle?.useUserBuffer) {
    socket.on('data', (chunk: Buffer) => received(chunk, false));
    return;
  }
  properties[kBuffer] = shared;
  properties[kBufferCb] = (length: number) => received(shared.subarray(0, length), true);
  handle.useUserBuffer(shared);
}
