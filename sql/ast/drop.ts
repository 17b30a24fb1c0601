import type { QualifiedName } from './name.ts';
import type { ObjectKind } from './object-kind.ts';

/** DROP kind [IF EXISTS] names [CASCADE | RESTRICT]. */
export interface Drop {
  kind: 'drop';
  objectKind: ObjectKind;
  ifExists: boolean;
  names: QualifiedName[];
  cascade: boolean;
  /** Of an index: CONCURRENTLY. */
  concurrently: boolean;
}
