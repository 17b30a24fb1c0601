import type { Node } from '@pgsql/types';
import type { QualifiedName } from './name.ts';
import type { ObjectKind } from './object-kind.ts';
import type { Statement } from './statement.ts';

/** Which form of the plan EXPLAIN prints. */
export type ExplainStage =
  'raw' | 'decorrelated' | 'optimized' | 'physical' | 'timestamp' | 'memory' | 'lineage';

/** EXPLAIN [(options)] [stage PLAN] [WITH (options)] [AS format] [FOR] statement | kind name. */
export interface Explain {
  kind: 'explain';
  /** Undefined when no stage was named. */
  stage: ExplainStage | undefined;
  /** `{ DefElem }` options: PostgreSQL's ANALYZE, VERBOSE, FORMAT…, and ARRANGEMENTS. */
  options: Node[];
  target:
    | { kind: 'statement'; statement: Statement; text: string; location: number }
    | { kind: 'object'; objectKind: ObjectKind; name: QualifiedName };
}
