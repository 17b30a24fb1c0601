/**
 * MIR: what lower makes of HIR, the optimizer rewrites and physical reads. Bag algebra with signed multiplicities:
 * columns by number, no names, no outer joins, no subqueries, no correlation. Constructors that compute the columns
 * stand in `mir/relation.ts` and `mir/scalar.ts`; nothing else builds these nodes.
 *
 * Equality law: wherever rows are matched or grouped (join equivalences, semi-join keys, reduce keys, distinct, top-k
 * partitions, guard keys) MIR compares *identity* of values. SQL's wider equality (1.0 = 1.00) is spelled out by lower
 * with `canonical`.
 *
 * Error law: no rewrite may make an error appear that the written order would not have raised. A scalar that can fail
 * (`canFail`) does not move below a filter, join or CASE branch that could have removed its row; predicates of one
 * Filter are evaluated in order, and a row stops at the first that is not true.
 */
import type {
  AggregateFunction,
  DomainSubject,
  Frame,
  TableFunction,
  WindowFunction,
} from '../engine/plan.generated.ts';
import type { ObjectId } from './catalog.ts';
import type { NullableType } from './types/type.ts';

/** A type and whether NULL can occur. */
export type MirType = NullableType;

/** A scalar over the columns of one row; every node carries its type. */
export type MirScalar = { readonly type: MirType } & (
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'literal'; readonly text: string | null }
  /** The user's parameters come first, session values after them. */
  | { readonly kind: 'parameter'; readonly index: number }
  | {
      readonly kind: 'call';
      readonly opcode: string;
      readonly name: string;
      readonly strict: boolean;
      readonly canError: boolean;
      readonly arguments: readonly MirScalar[];
      /** Which of the statement's volatile calls it is: two that are written alike have a value each. */
      readonly occurrence?: number;
    }
  | { readonly kind: 'input' | 'output'; readonly argument: MirScalar }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly MirScalar[] }
  | { readonly kind: 'not' | 'isNull' | 'isTrue'; readonly operand: MirScalar }
  | {
      readonly kind: 'case';
      readonly branches: readonly MirBranch[];
      readonly otherwise: MirScalar;
    }
  | { readonly kind: 'coalesce'; readonly operands: readonly MirScalar[] }
  | { readonly kind: 'inList'; readonly operand: MirScalar; readonly list: readonly MirScalar[] }
  /** The representative of a value under SQL equality; only in keys. */
  | { readonly kind: 'canonical'; readonly operand: MirScalar }
  | { readonly kind: 'notDistinct'; readonly left: MirScalar; readonly right: MirScalar }
  /** ARRAY[…]; nested: the elements are arrays, the parts of one of a dimension more. */
  | { readonly kind: 'array'; readonly elements: readonly MirScalar[]; readonly nested: boolean }
  /** Each element of an array through `body`, in which it is `element` 0. */
  | { readonly kind: 'mapArray'; readonly array: MirScalar; readonly body: MirScalar }
  /** `left op ANY|ALL (array)`: in `comparison` left's value is `element` 0, the array's `element` 1. */
  | {
      readonly kind: 'quantifiedArray';
      readonly all: boolean;
      readonly left: MirScalar;
      readonly array: MirScalar;
      readonly comparison: MirScalar;
    }
  /** What the innermost mapArray or quantifiedArray around it binds. */
  | { readonly kind: 'element'; readonly index: number }
  /** `body`, in which `value`, computed once, is the `local` of this binding. */
  | { readonly kind: 'once'; readonly binding: number; readonly value: MirScalar; readonly body: MirScalar }
  /** What a `once` around it binds. */
  | { readonly kind: 'local'; readonly binding: number }
  | {
      readonly kind: 'raise';
      readonly sqlstate: string;
      readonly message: string;
      readonly about?: DomainSubject;
    }
);

export interface MirBranch {
  readonly condition: MirScalar;
  readonly result: MirScalar;
}

export interface MirConstantRow {
  readonly values: readonly (string | null)[];
  readonly diff: number;
}

/**
 * A class of equal scalars over the join's columns (its inputs' columns, concatenated); each scalar reads one input
 * only and cannot fail. NULL equals nothing unless `nullSafe`.
 */
export interface MirEquivalence {
  readonly scalars: readonly MirScalar[];
  readonly nullSafe: boolean;
}

/** A key of a semi-join: `left` over the left columns, `right` over the right ones. */
export interface MirKeyPair {
  readonly left: MirScalar;
  readonly right: MirScalar;
  readonly nullSafe: boolean;
}

/** A key by which an aggregate's rows are put in order. */
export interface MirAggregateOrder {
  readonly scalar: MirScalar;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/**
 * `arguments` (none for count(*)), `order` and `filter` over the Reduce's input. `distinct` by SQL equality of the argument;
 * of a function of the class Basic, of the order keys.
 */
export interface MirAggregate {
  readonly function: AggregateFunction;
  readonly arguments: readonly MirScalar[];
  readonly distinct: boolean;
  readonly order: readonly MirAggregateOrder[];
  readonly filter: MirScalar | null;
  readonly type: MirType;
}

/** The call of a table function over the input's row. */
export interface MirTableCall {
  readonly function: TableFunction;
  readonly arguments: readonly MirScalar[];
}

/** One call of a Window; what it reads are columns of the input. */
export interface MirWindowCall {
  readonly function: WindowFunction;
  readonly arguments: readonly number[];
  readonly filter: number | null;
  readonly frame: Frame;
  readonly type: MirType;
}

export interface MirOrder {
  readonly column: number;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/**
 * What was found out of a relation, so that it is not looked for again: relations never change. It is not part of what
 * the relation is.
 */
export interface MirNotes {
  /** Its kind, and those of all nodes that it is made of, as bits (`mir/kinds.ts`). */
  readonly kind: number;
  kinds: number;
  /** The bindings that it reads and does not make (`mir/bindings.ts`). */
  free: ReadonlySet<number> | null;
  /** Whether reads of its own bindings carry the bindings' columns. */
  fresh: boolean;
  /** Its unique keys (`optimize/analysis/keys.ts`), if it reads no bindings of what is around. */
  keys: readonly (readonly number[])[] | null;
  /** Rules that leave it as it is, as bits (`optimize/local-rule.ts`). */
  settled: number;
  /** What the verifier found in order: bits of `optimize/verify.ts`. */
  verified: number;
}

export type MirRelation = { readonly columns: readonly MirType[]; readonly notes: MirNotes } & (
  | { readonly kind: 'constant'; readonly rows: readonly MirConstantRow[] }
  /** A named relation. */
  | { readonly kind: 'get'; readonly object: ObjectId }
  /** `value` is computed once and may be read many times in `body`. Bindings are unique in a query. */
  | {
      readonly kind: 'let';
      readonly binding: number;
      readonly value: MirRelation;
      readonly body: MirRelation;
    }
  | { readonly kind: 'getLet'; readonly binding: number }
  | { readonly kind: 'filter'; readonly input: MirRelation; readonly predicates: readonly MirScalar[] }
  /** Appends columns; a scalar may read the input's columns and the scalars before it. */
  | { readonly kind: 'map'; readonly input: MirRelation; readonly scalars: readonly MirScalar[] }
  | { readonly kind: 'project'; readonly input: MirRelation; readonly indexes: readonly number[] }
  /**
   * Appends the functions' columns, and with `ordinality` the row's number (int8, from 1) within the input's row. Several
   * functions run in step: the shorter give NULLs.
   */
  | {
      readonly kind: 'flatMap';
      readonly input: MirRelation;
      readonly calls: readonly MirTableCall[];
      readonly ordinality: boolean;
    }
  /** Inner join: columns of all inputs, concatenated; then `residual`, in order, over them. */
  | {
      readonly kind: 'join';
      readonly inputs: readonly MirRelation[];
      readonly equivalences: readonly MirEquivalence[];
      readonly residual: readonly MirScalar[];
    }
  /** Left rows, with their multiplicities, that have (anti: don't have) a match on the right. */
  | {
      readonly kind: 'semiJoin';
      readonly anti: boolean;
      readonly left: MirRelation;
      readonly right: MirRelation;
      readonly keys: readonly MirKeyPair[];
    }
  /** Keys, then aggregates; one row a group that exists (none over empty input, even without keys). */
  | {
      readonly kind: 'reduce';
      readonly input: MirRelation;
      readonly keys: readonly MirScalar[];
      readonly aggregates: readonly MirAggregate[];
    }
  /** Each row present, once. */
  | { readonly kind: 'distinct'; readonly input: MirRelation }
  | {
      readonly kind: 'topK';
      readonly input: MirRelation;
      readonly partition: readonly MirScalar[];
      readonly order: readonly MirOrder[];
      readonly limit: MirScalar | null;
      readonly offset: MirScalar | null;
      readonly withTies: boolean;
    }
  /** Input columns, then the calls' results over the rows of each partition, in order. */
  | {
      readonly kind: 'window';
      readonly input: MirRelation;
      readonly partition: readonly MirScalar[];
      readonly order: readonly MirOrder[];
      readonly calls: readonly MirWindowCall[];
    }
  /** Input unchanged; a second row under one key is the error. */
  | {
      readonly kind: 'guard';
      readonly input: MirRelation;
      readonly keys: readonly MirScalar[];
      readonly sqlstate: string;
      readonly message: string;
      readonly hint?: string | undefined;
    }
  | { readonly kind: 'negate'; readonly input: MirRelation }
  /** Rows of positive multiplicity keep it, others go. */
  | { readonly kind: 'threshold'; readonly input: MirRelation }
  /** `keys`: unique keys of the result that lower knows (an outer join's, a default row's). */
  | {
      readonly kind: 'union';
      readonly inputs: readonly MirRelation[];
      readonly keys: readonly (readonly number[])[];
    }
);

/** ORDER BY, LIMIT, OFFSET and the visible columns of a one-shot result. */
export interface MirFinishing {
  readonly order: readonly MirOrder[];
  readonly limit: MirScalar | null;
  readonly offset: MirScalar | null;
  readonly withTies: boolean;
  readonly projection: readonly number[];
}
