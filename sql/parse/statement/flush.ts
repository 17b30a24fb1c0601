import type { Flush } from '../../ast/flush.ts';
import { noEffect } from '../context.ts';
import type { Cursor } from '../cursor.ts';

/** FLUSH, from FLUSH: every commit is complete here when it is acknowledged. */
export function parseFlush(cursor: Cursor): Flush {
  const at = cursor.offset;
  cursor.expect('flush');
  cursor.expectEnd();
  noEffect(cursor.context, 'FLUSH', at);
  return { kind: 'flush' };
}
