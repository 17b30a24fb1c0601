import type { Node } from '@pgsql/types';
import type { AsOf } from './extension.ts';
import type { Identifier, QualifiedName } from './name.ts';
import type { Option } from './options.ts';
import type { Query } from './query.ts';

/** SUBSCRIBE, or TAIL, its older name. */
export interface Subscribe {
  kind: 'subscribe';
  target: { kind: 'relation'; name: QualifiedName } | { kind: 'query'; query: Query };
  /** SNAPSHOT, PROGRESS, DURABLE. */
  with: Option[];
  asOf?: AsOf;
  upTo?: { expression: Node; location: number };
  envelope?: { name: 'upsert' | 'debezium'; key: Identifier[]; location: number };
  /** `{ SortBy }` nodes of WITHIN TIMESTAMP ORDER BY. */
  withinTimestampOrderBy?: { sort: Node[]; location: number };
  /** UTF-8 byte offset of the statement. */
  location: number;
}
