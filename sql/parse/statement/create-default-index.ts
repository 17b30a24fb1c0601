import type { CreateDefaultIndex } from '../../ast/create-default-index.ts';
import type { Cursor } from '../cursor.ts';
import { parseInCluster } from './create-source.ts';

/** CREATE DEFAULT INDEX ON relation, from behind INDEX. */
export function parseCreateDefaultIndex(cursor: Cursor): CreateDefaultIndex {
  parseInCluster(cursor);
  cursor.expect('on');
  const relation = cursor.qualifiedName('a relation');
  cursor.expectEnd();
  return { kind: 'create_default_index', relation };
}
