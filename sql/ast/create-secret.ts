import type { Node } from '@pgsql/types';
import type { QualifiedName } from './name.ts';
import type { Option } from './options.ts';

/** CREATE SECRET name AS constant. The statement's text must not be logged or echoed. */
export interface CreateSecret {
  kind: 'create_secret';
  ifNotExists: boolean;
  name: QualifiedName;
  value: Node;
  with: Option[];
}
