/** Sending through a socket without a write request: most answers of a server are small and taken by the kernel at once. */
import type { Socket } from 'node:net';
import { loadAddon } from './load-addon.ts';

interface Handle {
  readonly fd?: number;
}

/** The socket's descriptor; -1 where something still waits to be sent, or nothing can be sent. */
export function idleDescriptor(socket: Socket): number {
  if (socket.writableLength > 0 || !socket.writable) return -1;
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null };
  return handle?.fd ?? -1;
}

/**
 * Sends the first `length` of the bytes as far as the kernel takes them now, and gives how many those are; also 0, where
 * something else still waits to be sent, or it fails: `write` of the rest says why.
 */
export function sendAtOnce(socket: Socket, bytes: Buffer, length: number): number {
  const descriptor = idleDescriptor(socket);
  return descriptor < 0 ? 0 : loadAddon().send(descriptor, bytes, length);
}
