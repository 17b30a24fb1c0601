import type { Node } from '@pgsql/types';
import type { QualifiedName } from './name.ts';
import type { ObjectKind } from './object-kind.ts';
import type { Statement } from './statement.ts';

/** Which form of the plan EXPLAIN prints. */
export type ExplainStage =
  'raw' | 'decorrelated' | 'optimized' | 'physical' | 'timestamp' | 'memory' | 'lineage';

/** EXPLAIN [(options)] [stage PLAN FOR] statement | kind name. */
export interface Explain {
  kind: 'explain';
  /** Undefined when no stage was named. */
  stage: ExplainStage | undefined;
  /** PostgreSQL's `{ DefElem }` options: ANALYZE, VERBOSE, FORMAT …. */
  options: Node[];
  target:
    | { kind: 'statement'; statement: Statement; text: string; location: number }
    | { kind: 'object'; objectKind: ObjectKind; name: QualifiedName };
}
