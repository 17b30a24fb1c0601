import type { QualifiedName } from './name.ts';
import type { Option } from './options.ts';
import type { TableElement } from './table-element.ts';

/** CREATE TABLE t FROM SOURCE s (REFERENCE upstream, …). */
export interface CreateTableFromSource {
  kind: 'create_table_from_source';
  ifNotExists: boolean;
  name: QualifiedName;
  elements: TableElement[] | undefined;
  source: QualifiedName;
  /** The upstream table: a name, or the string of RisingWave's `FROM source TABLE 'name'`. */
  reference: string[];
  referenceLocation: number;
  options: Option[];
}
