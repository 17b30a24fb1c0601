/**
 * HIR: what bind makes of the AST and lower reads. Names are gone, SQL's shape is kept: subqueries stand in
 * expressions, outer joins and set operations are themselves, every cast is an explicit node. Column `i` at level 0
 * is column `i` of the node's input (for a join: left columns, then right columns). Level 1 is the row around the
 * innermost subquery that the reference stands in, or around the lateral side of a join (then the left side's row);
 * level 2 the row around that, and so on. A derived table that is not lateral makes no level.
 */
import type {
  AggregateFunction,
  DomainSubject,
  Frame,
  TableFunction,
  WindowFunction,
} from '../engine/plan.generated.ts';
import type { ObjectId, UniqueKey } from './catalog.ts';
import type { NullableType, SqlType } from './types/type.ts';

/** Values that are fixed when a statement is sequenced, not when it is planned. */
export type SessionValue =
  | 'transactionTimestamp'
  | 'statementTimestamp'
  | 'clockTimestamp'
  | 'currentUser'
  | 'sessionUser'
  | 'currentSchema'
  | 'currentDatabase'
  /** What sequences know a session by. */
  | 'sessionNumber'
  /** Whether the transaction is READ ONLY. */
  | 'readOnly'
  /** The text that the client sent. */
  | 'currentQuery'
  /** What clients know the session's connection by. */
  | 'backendProcess'
  /** Of transactions a later one's is greater. */
  | 'transactionNumber'
  /** All settings by lower-case name, as jsonb. */
  | 'settings'
  /** What relations take, by oid, as jsonb: own bytes, those of indexes, all; under `database` the sum. */
  | 'objectSizes'
  /** Sequences by oid, as jsonb: the last value, and whether it was given out. */
  | 'sequenceValues'
  /** What sessions do, as jsonb: an array of objects. */
  | 'sessionActivity'
  /** The session's cursors and prepared statements, as jsonb: an array of objects for each. */
  | 'sessionObjects';

export type HirScalar =
  | { readonly kind: 'literal'; readonly type: SqlType; readonly text: string | null }
  /** `type` may be another type of the same representation than the input's column has: varchar read as text, oid as regclass. */
  | {
      readonly kind: 'column';
      readonly index: number;
      /** Whose row it is a column of; absent: 0, the node's own input. */
      readonly level?: number;
      readonly type: NullableType;
    }
  /** `$index + 1` of a prepared statement. */
  | { readonly kind: 'parameter'; readonly index: number; readonly type: SqlType }
  | { readonly kind: 'session'; readonly value: SessionValue; readonly type: SqlType }
  /** `opcode` is `pg_proc.prosrc`; `strict`, `canError`, `volatility` are the overload's properties. */
  | {
      readonly kind: 'call';
      readonly opcode: string;
      /** The SQL name, for EXPLAIN and messages: `+`, `lower`. */
      readonly name: string;
      readonly strict: boolean;
      readonly canError: boolean;
      readonly arguments: readonly HirScalar[];
      readonly type: SqlType;
    }
  /** I/O cast from text: `typmod` of `type` is applied by the input function. */
  | { readonly kind: 'input'; readonly argument: HirScalar; readonly type: SqlType }
  /** I/O cast to text. */
  | { readonly kind: 'output'; readonly argument: HirScalar; readonly type: SqlType }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly HirScalar[] }
  | { readonly kind: 'not' | 'isNull' | 'isTrue'; readonly operand: HirScalar }
  | {
      readonly kind: 'case';
      readonly branches: readonly { readonly condition: HirScalar; readonly result: HirScalar }[];
      readonly otherwise: HirScalar;
      readonly type: SqlType;
    }
  | { readonly kind: 'coalesce'; readonly operands: readonly HirScalar[]; readonly type: SqlType }
  /** operand IN (constants), all of one type. */
  | { readonly kind: 'inList'; readonly operand: HirScalar; readonly list: readonly HirScalar[] }
  | { readonly kind: 'notDistinct'; readonly left: HirScalar; readonly right: HirScalar }
  /** ARRAY[…]; nested: the elements are arrays, the parts of one of a dimension more. */
  | {
      readonly kind: 'array';
      readonly elements: readonly HirScalar[];
      readonly nested: boolean;
      readonly type: SqlType;
    }
  /** Each element of an array through `body`, in which it is `element` 0. */
  | { readonly kind: 'mapArray'; readonly array: HirScalar; readonly body: HirScalar; readonly type: SqlType }
  /** `left op ANY|ALL (array)`: in `comparison` left's value is `element` 0, the array's `element` 1. */
  | {
      readonly kind: 'quantifiedArray';
      readonly all: boolean;
      readonly left: HirScalar;
      readonly array: HirScalar;
      readonly comparison: HirScalar;
    }
  /** What the innermost mapArray or quantifiedArray around it binds. */
  | { readonly kind: 'element'; readonly index: number; readonly type: NullableType }
  /** `body` over the same row, in which `value`, computed once, is the `local` of this binding. */
  | {
      readonly kind: 'once';
      /** Unique in the statement. */
      readonly binding: number;
      readonly value: HirScalar;
      readonly body: HirScalar;
      readonly type: SqlType;
    }
  /** What a `once` around it binds. */
  | { readonly kind: 'local'; readonly binding: number; readonly type: NullableType }
  | {
      readonly kind: 'raise';
      readonly sqlstate: string;
      readonly message: string;
      /** The domain that it is about. */
      readonly about?: DomainSubject;
      readonly type: SqlType;
    }
  | { readonly kind: 'exists'; readonly relation: HirRelation }
  /** One column; no row gives NULL, more than one row is error 21000. */
  | { readonly kind: 'scalarSubquery'; readonly relation: HirRelation; readonly type: SqlType }
  /**
   * `left op ANY|ALL (subquery)`. `comparison` is a bool expression over column 0 (left's value) and column 1 (the
   * subquery's column). `equality` says that it is plain equality (IN is ANY with equality; NOT IN is not(ANY =)).
   */
  | {
      readonly kind: 'quantified';
      readonly quantifier: 'any' | 'all';
      readonly left: HirScalar;
      readonly comparison: HirScalar;
      readonly equality: boolean;
      readonly relation: HirRelation;
    };

/** Output column: a name for people and the type. */
export interface HirColumn {
  readonly name: string;
  readonly type: NullableType;
  /** The domain that its values are of, for messages; its type is the one that the domain is over. */
  readonly domain?: ObjectId | undefined;
  /** The relation's column that it shows as it is, for clients. */
  readonly origin?: ColumnOrigin | undefined;
}

/** A column of a relation of the catalog, counted from 1. */
export interface ColumnOrigin {
  readonly relation: ObjectId;
  readonly number: number;
}

/** A sort key over a column of the input. */
export interface HirOrder {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** A key by which an aggregate's rows are put in order. */
export interface HirAggregateOrder {
  readonly scalar: HirScalar;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** `arguments` (none for count(*)), `order` and `filter` over the Aggregate node's input. */
export interface HirAggregate {
  readonly function: AggregateFunction;
  readonly arguments: readonly HirScalar[];
  readonly distinct: boolean;
  readonly order: readonly HirAggregateOrder[];
  readonly filter: HirScalar | null;
  readonly type: NullableType;
}

/** One call of a Window; what it reads are columns of the input. */
export interface HirWindowCall {
  readonly function: WindowFunction;
  readonly arguments: readonly number[];
  /** FILTER of an aggregate: a bool column. */
  readonly filter: number | null;
  readonly frame: Frame;
  readonly type: NullableType;
}

/** The call of a table function; its arguments read the rows around it (level 1 and up). */
export interface HirTableCall {
  readonly function: TableFunction;
  readonly arguments: readonly HirScalar[];
  /** Can raise an error though its arguments do not. */
  readonly canError: boolean;
}

export type HirRelation = { readonly columns: readonly HirColumn[] } & (
  | { readonly kind: 'constant'; readonly rows: readonly (readonly HirScalar[])[] }
  /** A table, source, materialized view or system table. Plain views are already inlined by bind. */
  | { readonly kind: 'get'; readonly object: ObjectId }
  /** A CTE of an enclosing `let`. */
  | { readonly kind: 'getLet'; readonly binding: number }
  | {
      readonly kind: 'let';
      /** Unique in the statement. */
      readonly binding: number;
      readonly name: string;
      readonly value: HirRelation;
      readonly body: HirRelation;
    }
  /** The functions' rows in step (the shorter give NULLs), and with `ordinality` their number from 1. */
  | { readonly kind: 'tableFunction'; readonly calls: readonly HirTableCall[]; readonly ordinality: boolean }
  | { readonly kind: 'filter'; readonly input: HirRelation; readonly condition: HirScalar }
  /** Appends columns. */
  | { readonly kind: 'map'; readonly input: HirRelation; readonly scalars: readonly HirScalar[] }
  | { readonly kind: 'project'; readonly input: HirRelation; readonly indexes: readonly number[] }
  /**
   * `on` over left columns then right columns; null means true (cross join). In a lateral join (inner or left) the right
   * side is computed for each row of the left, whose columns are its level 1.
   */
  | {
      readonly kind: 'join';
      readonly type: 'inner' | 'left' | 'right' | 'full';
      readonly lateral?: boolean;
      readonly left: HirRelation;
      readonly right: HirRelation;
      readonly on: HirScalar | null;
    }
  /** Output: keys, then aggregates. Without keys: exactly one row, always. */
  | {
      readonly kind: 'aggregate';
      readonly input: HirRelation;
      readonly keys: readonly HirScalar[];
      readonly aggregates: readonly HirAggregate[];
      /** GROUP BY () and aggregates without GROUP BY: one row over empty input. */
      readonly global: boolean;
      /**
       * The keys of each grouping set; the others are NULL in its groups. The set's number (int4) is then the last
       * column. A set without keys has one row over empty input.
       */
      readonly groupingSets: readonly (readonly number[])[] | null;
    }
  | { readonly kind: 'distinct'; readonly input: HirRelation }
  /** DISTINCT ON is limit 1 within `partition`. */
  | {
      readonly kind: 'topK';
      readonly input: HirRelation;
      readonly partition: readonly number[];
      readonly order: readonly HirOrder[];
      readonly limit: HirScalar | null;
      readonly offset: HirScalar | null;
      readonly withTies: boolean;
    }
  /** Appends the calls' results over the rows of each partition, in order. */
  | {
      readonly kind: 'window';
      readonly input: HirRelation;
      readonly partition: readonly number[];
      readonly order: readonly HirOrder[];
      readonly calls: readonly HirWindowCall[];
    }
  | {
      readonly kind: 'setOperation';
      readonly operation: 'union' | 'intersect' | 'except';
      readonly all: boolean;
      readonly left: HirRelation;
      readonly right: HirRelation;
    }
  /**
   * TUMBLE and HOP: the input's columns, then window_start and window_end (of the column's type). `slide`, `size` and `offset`
   * are literals; null: windows are counted from 1970.
   */
  | {
      readonly kind: 'timeWindow';
      readonly input: HirRelation;
      readonly column: number;
      readonly slide: HirScalar;
      readonly size: HirScalar;
      readonly offset: HirScalar | null;
    }
);

/** A bound query with what the outermost ORDER BY and LIMIT ask for. */
export interface HirQuery {
  readonly relation: HirRelation;
  /** Outermost ORDER BY, over `relation`'s columns (which may have more columns than the client sees). */
  readonly finishing: {
    readonly order: readonly HirOrder[];
    readonly limit: HirScalar | null;
    readonly offset: HirScalar | null;
    readonly withTies: boolean;
    readonly projection: readonly number[];
  };
  /** What the client sees: one for each entry of `projection`. */
  readonly columns: readonly HirColumn[];
  /** Types of `$1…`, as given or inferred. */
  readonly parameters: readonly SqlType[];
}

/** INSERT, UPDATE, DELETE, MERGE, bound. */
export interface HirWrite {
  readonly operation: 'insert' | 'update' | 'delete' | 'merge';
  readonly object: ObjectId;
  /**
   * insert: the new rows in the table's column order. delete: the old rows. update: old row's columns, then the new
   * row's. Values are cast, defaults filled in, NOT NULL checked by `raise`. update and delete: behind these come the columns of FROM or
   * USING if RETURNING reads them. merge: as update (what there is not is NULL), then `merge_action()` as text, then
   * what RETURNING reads; a row for each row that is written.
   */
  readonly relation: HirRelation;
  /**
   * update, delete: the number of the table's columns where its rows are joined with others: a row of the table that
   * comes several times counts once, whichever comes first. Else null.
   */
  readonly joined: number | null;
  /** merge: columns that tell one row of the table from any other. An old row that comes twice is error 21000. */
  readonly identity?: readonly number[];
  readonly conflict?: HirConflict | null;
  /** insert: the last column, an int8, says in which order the rows are taken, and is not part of them. */
  readonly ordered?: boolean;
  /** Over `relation`'s columns; with `conflict`: over the old row's columns (NULL if there is none) and the new row's. */
  readonly returning: readonly HirReturned[] | null;
  readonly parameters: readonly SqlType[];
}

/** A column of RETURNING. */
export interface HirReturned {
  readonly name: string;
  readonly scalar: HirScalar;
  readonly type: NullableType;
  /** What the client is told that it is, where `scalar` is a text that stands for a value. */
  readonly shownType?: NullableType;
  readonly origin?: ColumnOrigin | undefined;
}

/** ON CONFLICT. */
export interface HirConflict {
  /** The keys that decide. */
  readonly arbiters: readonly UniqueKey[];
  /** How many columns the table has. Behind them the relation can have others, for DO UPDATE. */
  readonly width: number;
  /** DO UPDATE, over the old row's columns and then those of the row that conflicts: when, and the new row. Null: DO NOTHING. */
  readonly update: { readonly condition: HirScalar | null; readonly values: readonly HirScalar[] } | null;
  /** Over a row that conflicts with none: true, or an error. */
  readonly check: HirScalar | null;
}
