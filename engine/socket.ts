/** Sending through a socket without a write request: most answers of a server are small and taken by the kernel at once. */
import type { Socket } from 'node:net';
import { loadAddon } from './load-addon.ts';

interface Handle {
  readonly fd?: number;
}

/**
 * Sends the first `length` of the bytes as far as the kernel takes them now, and gives how many those are; also 0, where
 * something else still waits to be sent, or it fails: `write` of the rest says why.
 */
export function sendAtOnce(socket: Socket, bytes: Buffer, length: number): number {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null };
  const fd = handle?.fd ?? -1;
  if (fd < 0 || socket.writableLength > 0 || !socket.writable) return 0;
  return loadAddon().send(fd, bytes, length);
}
