import type { Flush } from '../../ast/flush.ts';
import type { Cursor } from '../cursor.ts';

/** FLUSH, from FLUSH: every commit is complete here when it is acknowledged. */
export function parseFlush(cursor: Cursor): Flush {
  cursor.expect('flush');
  cursor.expectEnd();
  return { kind: 'flush' };
}
