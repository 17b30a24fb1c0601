/** Calls whose value is another each time: they are neither folded nor shared, and each is made as often as it is written. */
import { functions } from '../functions/table.ts';
import type { MirScalar } from '../mir.ts';
import { visitScalar } from './scalar.ts';

const VOLATILE: ReadonlySet<string> = new Set(
  functions.filter((entry) => entry.volatility === 'volatile').map((entry) => entry.opcode),
);

/** Whether the node itself is such a call. */
export function isVolatileCall(scalar: MirScalar): boolean {
  return scalar.kind === 'call' && VOLATILE.has(scalar.opcode);
}

/** Whether such a call is in it. */
export function isVolatile(scalar: MirScalar): boolean {
  let volatile = false;
  visitScalar(scalar, (node) => {
    volatile ||= isVolatileCall(node);
  });
  return volatile;
}
