import type { ObjectKind } from '../../ast/object-kind.ts';
import type { Cursor } from '../cursor.ts';

const SINGLE = [
  'table',
  'view',
  'index',
  'sequence',
  'schema',
  'source',
  'sink',
  'connection',
  'secret',
] as const;

/** Takes the name of an object kind: TABLE, MATERIALIZED VIEW, SOURCE…. */
export function eatObjectKind(cursor: Cursor): ObjectKind | undefined {
  if (cursor.eat('materialized', 'view')) return 'materialized view';
  return cursor.eatOneOf(SINGLE);
}
