import type { Node, TypeName } from '@pgsql/types';
import type { Identifier } from './name.ts';

/** AS OF [AT LEAST] expr: the timestamp that a query is read at. */
export interface AsOf {
  atLeast: boolean;
  expression: Node;
  location: number;
}

/**
 * A clause that PostgreSQL's grammar lacks. It was blanked before parsing and belongs to the node at its key in
 * `Extensions.at`. All locations are UTF-8 bytes.
 */
export type Extension =
  /** `a [LEFT] ASOF JOIN b [MATCH_CONDITION (expr)]`; key: first token of the right operand. */
  | { kind: 'asof_join'; location: number; match?: Node }
  /** `WITH MUTUALLY RECURSIVE`; key: location of the WithClause. */
  | { kind: 'mutually_recursive'; location: number; limit?: { count: number; onLimit: 'error' | 'return' } }
  /** Typed columns of a binding of WITH MUTUALLY RECURSIVE; key: location of the CommonTableExpr. */
  | { kind: 'cte_types'; location: number; columns: { name: Identifier; type: TypeName }[] }
  /** `t FOR SYSTEM_TIME AS OF expr`; key: location of the RangeVar. */
  | { kind: 'system_time'; location: number; expression: Node }
  /** `SESSION(relation, column, gap PARTITION BY expr, …)`; key: location of the FuncCall. */
  | { kind: 'session_partition'; location: number; partition: Node[] }
  /** `SECRET name` inside an expression; key: location of the ColumnRef that stands for it. */
  | { kind: 'secret'; location: number };

/** The clauses of one statement that PostgreSQL's grammar lacks. */
export interface Extensions {
  /** AS OF of the statement's outermost query. */
  asOf?: AsOf;
  /** Location of EMIT ON WINDOW CLOSE. */
  emitOnWindowClose?: number;
  /** BEGIN or SET TRANSACTION … ISOLATION LEVEL STRICT SERIALIZABLE. */
  strictSerializable?: number;
  /** Clauses that belong to a node, by that node's location. Binding takes out what it understands. */
  at: Map<number, Extension>;
}

/** How an extension is called in a message. */
export function extensionName(extension: Extension): string {
  switch (extension.kind) {
    case 'asof_join':
      return 'ASOF JOIN';
    case 'mutually_recursive':
    case 'cte_types':
      return 'WITH MUTUALLY RECURSIVE';
    case 'system_time':
      return 'FOR SYSTEM_TIME AS OF';
    case 'session_partition':
      return 'PARTITION BY in SESSION';
    case 'secret':
      return 'SECRET in an expression';
  }
}

/** What is written in place of an extension that is not supported. */
export function extensionHint(extension: Extension): string | undefined {
  switch (extension.kind) {
    case 'asof_join':
      return 'Use JOIN LATERAL (SELECT … WHERE … ORDER BY time DESC LIMIT 1) ON true.';
    case 'system_time':
      return 'Leave it out: a view follows both sides of a join.';
    case 'mutually_recursive':
    case 'cte_types':
      return 'Recursive queries are not there yet.';
    default:
      return undefined;
  }
}
