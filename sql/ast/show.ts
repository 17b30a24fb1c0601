import type { Node } from '@pgsql/types';
import type { Identifier, QualifiedName } from './name.ts';
import type { ObjectKind } from './object-kind.ts';

/** What SHOW lists. */
export type ShowList =
  | 'objects'
  | 'tables'
  | 'views'
  | 'materialized views'
  | 'sources'
  | 'sinks'
  | 'indexes'
  | 'schemas'
  | 'databases'
  | 'connections'
  | 'secrets'
  | 'columns'
  | 'functions'
  | 'types'
  | 'roles'
  | 'subscriptions';

/** SHOW plural [FROM schema | ON relation] [LIKE pattern | WHERE condition]. */
export interface ShowObjects {
  kind: 'show_objects';
  list: ShowList;
  /** The schema, or for columns the relation. */
  from?: QualifiedName;
  /** The relation whose indexes are shown. */
  on?: QualifiedName;
  like?: { pattern: string; location: number };
  where?: Node;
}

/** SHOW CREATE kind name. A function's name stands for all of that name. */
export interface ShowCreate {
  kind: 'show_create';
  objectKind: ObjectKind | 'function';
  name: QualifiedName;
}

/** SHOW setting, SHOW ALL. */
export interface ShowSetting {
  kind: 'show_setting';
  /** Folded, dots kept; `all` for SHOW ALL. */
  name: Identifier;
}
