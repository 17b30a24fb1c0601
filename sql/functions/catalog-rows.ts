/** Shapes of the rows in catalog.generated.ts, which are PostgreSQL 18's own catalog rows. */

/** A `pg_type` row. */
export interface TypeRow {
  readonly oid: number;
  readonly name: string;
  readonly length: number;
  readonly byValue: boolean;
  /** `typtype`: b base, p pseudo, c composite, r range, m multirange. */
  readonly kind: string;
  readonly category: string;
  readonly preferred: boolean;
  readonly delimiter: string;
  readonly element: number;
  readonly array: number;
  readonly align: string;
  readonly storage: string;
  readonly collation: number;
  /** `format_type(oid, null)`. */
  readonly display: string;
  /** oids of its input and output functions, text and binary. */
  readonly input: number;
  readonly output: number;
  readonly receive: number;
  readonly send: number;
}

/** A `pg_proc` row: [oid, proname, argument types, result type, prosrc, strict, volatility, kind, SQL body or '', description]. */
export type ProcRow = readonly [
  oid: number,
  name: string,
  argumentTypes: string,
  result: string,
  opcode: string,
  strict: 0 | 1,
  volatility: 'i' | 's' | 'v',
  kind: 'f' | 'a',
  body: string,
  description: string,
];

/**
 * Of a `pg_proc` row: [oid, names of the arguments, defaults of the last of them, as expressions parted by commas, what a
 * VARIADIC one is an array of].
 */
export type ArgumentRow = readonly [oid: number, names: string, defaults: string, variadic: string];

/** A `pg_operator` row: [oid, oprname, left type or '', right type, result type, oprcode, oprcom, oprnegate, canmerge, canhash]. */
export type OperatorRow = readonly [
  oid: number,
  name: string,
  left: string,
  right: string,
  result: string,
  proc: number,
  commutator: number,
  negator: number,
  canMerge: 0 | 1,
  canHash: 0 | 1,
];

/** A `pg_cast` row: [oid, source type, target type, castfunc or 0, context, method]. */
export type CastRow = readonly [
  oid: number,
  source: string,
  target: string,
  proc: number,
  context: 'i' | 'a' | 'e',
  method: 'f' | 'b' | 'i',
];

/** A `pg_range` row: [range type, type of its bounds, multirange type, rngcollation, rngsubopc, rngcanonical, rngsubdiff]. */
export type RangeRow = readonly [
  range: string,
  subtype: string,
  multirange: string,
  collation: number,
  operatorClass: number,
  canonical: number,
  difference: number,
];

/** A `pg_proc` row of what the binder makes of a call itself. */
export type BoundRow = readonly [
  oid: number,
  name: string,
  kind: 'f' | 'a' | 'w',
  result: string,
  returnsSet: 0 | 1,
  strict: 0 | 1,
  volatility: 'i' | 's' | 'v',
  defaults: number,
  variadic: string,
  argumentTypes: string,
  argumentNames: string,
  opcode: string,
  description: string,
];

/** What `pg_get_function_arguments`, `…_identity_arguments` and `…_result` show, where it is not the types alone. */
export type SignatureRow = readonly [oid: number, arguments: string, identity: string, result: string];
