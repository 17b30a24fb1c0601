import type { QualifiedName } from './name.ts';

/** CREATE DEFAULT INDEX ON relation: an index on its key, or on all columns. */
export interface CreateDefaultIndex {
  kind: 'create_default_index';
  relation: QualifiedName;
}
