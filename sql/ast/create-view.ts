import type { Identifier, QualifiedName } from './name.ts';
import type { Option } from './options.ts';
import type { CheckOption } from '../catalog.ts';
import type { Query } from './query.ts';

/** CREATE [OR REPLACE] [MATERIALIZED | TEMPORARY] VIEW. */
export interface CreateView {
  kind: 'create_view';
  orReplace: boolean;
  materialized: boolean;
  temporary: boolean;
  ifNotExists: boolean;
  name: QualifiedName;
  /** Names of its columns, undefined when no list was written. */
  columns: Identifier[] | undefined;
  query: Query;
  with: Option[];
  /** WITH NO DATA was written. */
  withNoData: boolean;
  /** WITH CHECK OPTION. */
  checkOption: CheckOption | undefined;
}
