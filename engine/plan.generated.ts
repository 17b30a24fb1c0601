// Generated from engine/crates/plan by `npm run generate`; a test holds it equal. Do not edit.
export const FORMAT_VERSION = 1;
export type Plan = { 
/**
 * Must equal [`FORMAT_VERSION`].
 */
formatVersion: number, 
/**
 * Name for logs and metrics, e.g. `materialized view public.totals`.
 */
name: string, 
/**
 * Types of the values that `Expr::Parameter` reads, by index. Empty in maintained plans.
 */
parameters: Array<ScalarType>, 
/**
 * Operators in dependency order.
 */
nodes: Array<Node>, 
/**
 * What becomes of the result.
 */
output: Output, };
export type BaseType = "bool" | "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "text" | "varchar" | "bpchar" | "bytea" | "date" | "time" | "timestamp" | "timestamptz" | "interval" | "uuid" | "inet" | "cidr" | "macaddr" | "macaddr8" | "bit" | "varbit" | "jsonb" | "json" | "jsonpath" | "oid" | "name" | "char" | "int4range" | "int8range" | "numrange" | "daterange" | "tsrange" | "tstzrange" | "int4multirange" | "int8multirange" | "nummultirange" | "datemultirange" | "tsmultirange" | "tstzmultirange";
export type ScalarType = BaseType | `_${BaseType}` | `(${string})` | `_(${string})` | `enum:${number}` | `_enum:${number}`;
export type ColumnType = { 
/**
 * The type.
 */
scalar: ScalarType, 
/**
 * PostgreSQL's `atttypmod`; -1 if none.
 */
typmod: number, 
/**
 * Whether the planner could not exclude NULL.
 */
nullable: boolean, };
export type Expr = { "kind": "column", index: number, } | { "kind": "literal", scalar: ScalarType, text: string | null, } | { "kind": "parameter", index: number, } | { "kind": "logicalNow" } | { "kind": "call", opcode: string, arguments: Array<Expr>, scalar: ScalarType, } | { "kind": "input", argument: Expr, scalar: ScalarType, typmod: number, } | { "kind": "output", argument: Expr, from: ScalarType, } | { "kind": "and", operands: Array<Expr>, } | { "kind": "or", operands: Array<Expr>, } | { "kind": "not", operand: Expr, } | { "kind": "isNull", operand: Expr, } | { "kind": "isTrue", operand: Expr, } | { "kind": "case", branches: Array<CaseBranch>, otherwise: Expr, scalar: ScalarType, } | { "kind": "coalesce", operands: Array<Expr>, scalar: ScalarType, } | { "kind": "inList", operand: Expr, list: Array<Expr>, of: ScalarType, } | { "kind": "canonical", operand: Expr, of: ScalarType, } | { "kind": "notDistinct", left: Expr, right: Expr, of: ScalarType, } | { "kind": "array", elements: Array<Expr>, nested: boolean, scalar: ScalarType, } | { "kind": "mapArray", array: Expr, body: Expr, scalar: ScalarType, } | { "kind": "quantified", all: boolean, left: Expr, array: Expr, comparison: Expr, } | { "kind": "element", index: number, scalar: ScalarType, } | { "kind": "once", binding: number, value: Expr, body: Expr, scalar: ScalarType, } | { "kind": "local", binding: number, scalar: ScalarType, } | { "kind": "raise", sqlstate: string, message: string, 
/**
 * The domain that it is about.
 */
about?: DomainSubject, scalar: ScalarType, };
export type CaseBranch = { 
/**
 * A bool expression.
 */
condition: Expr, 
/**
 * The branch's value.
 */
result: Expr, };
export type DomainSubject = { 
/**
 * The domain's schema.
 */
schema: string, 
/**
 * The domain's name.
 */
datatype: string, 
/**
 * None: NOT NULL.
 */
constraint: string | null, };
export type Node = { 
/**
 * For EXPLAIN, logs and metrics.
 */
label: string, 
/**
 * The columns of an output row.
 */
columns: Array<ColumnType>, 
/**
 * What it does.
 */
operator: Operator, };
export type Layout = { 
/**
 * Key expressions over the row's columns; for types whose equality is wider than identity they are `Canonical`.
 */
key: Array<KeyExpr>, 
/**
 * Columns of the row that the value row holds, in order. Columns that the key holds unchanged are left out.
 */
value: Array<number>, 
/**
 * For each column of the row: where it is found.
 */
restore: Array<ColumnPlace>, };
export type KeyExpr = { 
/**
 * The expression over the row's columns.
 */
expr: Expr, 
/**
 * Its type.
 */
column: ColumnType, };
export type ColumnPlace = { "in": "key", index: number, } | { "in": "value", index: number, };
export type Mfp = { 
/**
 * Appended columns; each may read the input's columns and the expressions before it.
 */
expressions: Array<Expr>, 
/**
 * `(position, predicate)`: evaluated when the first `position` columns (input, then expressions) are there.
 * In the order in which they must be evaluated.
 */
predicates: Array<Predicate>, 
/**
 * The output's columns.
 */
projection: Array<number>, };
export type Predicate = { 
/**
 * How many columns (input, then expressions) must stand before it is evaluated.
 */
position: number, 
/**
 * A bool expression.
 */
condition: Expr, };
export type OrderKey = { 
/**
 * Column of the row.
 */
column: number, 
/**
 * DESC.
 */
descending: boolean, 
/**
 * NULLS FIRST.
 */
nullsFirst: boolean, };
export type ConstantRow = { 
/**
 * Text form of each column by its type; None is NULL.
 */
values: Array<string | null>, 
/**
 * Multiplicity.
 */
diff: number, };
export type AggregateFunction = "countAll" | "count" | "sum" | "avg" | "boolAnd" | "boolOr" | "min" | "max" | "leastRepresentation" | "varPop" | "varSamp" | "stddevPop" | "stddevSamp" | "corr" | "covarPop" | "covarSamp" | "regrAvgx" | "regrAvgy" | "regrCount" | "regrIntercept" | "regrR2" | "regrSlope" | "regrSxx" | "regrSxy" | "regrSyy" | "bitAnd" | "bitOr" | "bitXor" | "stringAgg" | "arrayAgg" | "jsonbAgg" | "jsonbAggStrict" | "jsonbObjectAgg" | "jsonbObjectAggStrict" | "jsonbObjectAggUnique" | "jsonbObjectAggUniqueStrict" | "jsonAgg" | "jsonAggStrict" | "jsonObjectAgg" | "jsonObjectAggStrict" | "jsonObjectAggUnique" | "jsonObjectAggUniqueStrict" | "rangeAgg" | "rangeIntersectAgg" | "first" | "percentileCont" | "percentileDisc" | "mode";
export type Aggregate = { 
/**
 * Which.
 */
function: AggregateFunction, 
/**
 * The arguments over the input row; none for count(*). Rows with a NULL argument do not take part, but for functions
 * of the class Basic, which say themselves what they do with NULL.
 */
arguments: Array<KeyExpr>, 
/**
 * FILTER (WHERE …): rows for which it is not true do not take part (and the argument is not evaluated).
 */
filter: Expr | null, 
/**
 * The result's type.
 */
result: ColumnType, };
export type AggregateOrder = { 
/**
 * The key over the input row.
 */
key: KeyExpr, 
/**
 * DESC.
 */
descending: boolean, 
/**
 * NULLS FIRST.
 */
nullsFirst: boolean, };
export type ReduceClass = { "class": "distinct" } | { "class": "accumulable", aggregates: Array<Aggregate>, monotonic?: boolean, } | { "class": "hierarchical", aggregates: Array<Aggregate>, } | { "class": "basic", aggregates: Array<Aggregate>, order: Array<AggregateOrder>, distinct: boolean, };
export type KeyRange = { 
/**
 * An expression without columns, of the field's type.
 */
from: Expr | null, 
/**
 * The same.
 */
to: Expr | null, 
/**
 * NULL, which is behind all values, is not among them.
 */
present?: boolean, };
export type TableCall = { 
/**
 * Which.
 */
function: TableFunction, 
/**
 * Its arguments.
 */
arguments: Array<Expr>, };
export type TableFunction = "hop" | "generateSeries" | "stringToTable" | "regexpSplitToTable" | "jsonbArrayElements" | "jsonbArrayElementsText" | "jsonbEach" | "unnest" | "expandArray" | "jsonArrayElements" | "jsonArrayElementsText" | "jsonEach" | "jsonEachText" | "jsonObjectKeys" | "generateSubscripts" | "regexpMatches" | "jsonbEachText" | "jsonbObjectKeys" | "jsonbPathQuery" | "jsonbPathQueryTz" | "jsonPopulateRecord" | "jsonPopulateRecordset";
export type WindowFunction = { "kind": "rowNumber" } | { "kind": "rank" } | { "kind": "denseRank" } | { "kind": "percentRank" } | { "kind": "cumeDist" } | { "kind": "ntile" } | { "kind": "lag" } | { "kind": "lead" } | { "kind": "firstValue" } | { "kind": "lastValue" } | { "kind": "nthValue" } | { "kind": "aggregate", function: AggregateFunction, };
export type FrameMode = "rows" | "range" | "groups";
export type FrameBound = { "kind": "unboundedPreceding" } | { "kind": "preceding", column: number, } | { "kind": "currentRow" } | { "kind": "following", column: number, } | { "kind": "unboundedFollowing" };
export type FrameExclusion = "noOthers" | "currentRow" | "group" | "ties";
export type Frame = { 
/**
 * What bounds count.
 */
mode: FrameMode, 
/**
 * Its first row.
 */
start: FrameBound, 
/**
 * Its last row.
 */
end: FrameBound, 
/**
 * What it leaves out.
 */
exclusion: FrameExclusion, };
export type WindowCall = { 
/**
 * Which.
 */
function: WindowFunction, 
/**
 * Its arguments: columns of the input.
 */
arguments: Array<number>, 
/**
 * FILTER of an aggregate: a bool column; rows for which it is not true do not take part.
 */
filter: number | null, 
/**
 * The frame; of no effect where PostgreSQL ignores it (ranks, lag, lead).
 */
frame: Frame, 
/**
 * The result's type.
 */
result: ColumnType, };
export type DeltaPath = { 
/**
 * The input's rows.
 */
source: number, 
/**
 * Over the source's columns; it cannot fail.
 */
start: Mfp, 
/**
 * What it gives.
 */
columns: Array<ColumnType>, 
/**
 * The other inputs, each once.
 */
stages: Array<DeltaStage>, };
export type DeltaStage = { 
/**
 * The input, by the number of its path.
 */
input: number, 
/**
 * A node that yields an arrangement of it.
 */
arrangement: number, 
/**
 * The arrangement's whole key, over the columns that the stages before give.
 */
key: Array<KeyExpr>, 
/**
 * As of a join.
 */
nullSafe: Array<boolean>, 
/**
 * Over the columns that the stages before give, followed by the arrangement's.
 */
closure: Mfp, 
/**
 * What it gives.
 */
columns: Array<ColumnType>, };
export type Operator = { "kind": "constant", rows: Array<ConstantRow>, } | { "kind": "import", arrangement: number, layout: Layout, } | { "kind": "lookup", arrangement: number, layout: Layout, keys: Array<Array<Expr>>, range?: KeyRange, descending?: boolean, each?: Array<number>, } | { "kind": "mfp", input: number, mfp: Mfp, } | { "kind": "flatMap", input: number, calls: Array<TableCall>, ordinality: boolean, } | { "kind": "arrange", input: number, layout: Layout, } | { "kind": "join", left: number, right: number, nullSafe: Array<boolean>, closure: Mfp, } | { "kind": "deltaJoin", paths: Array<DeltaPath>, } | { "kind": "reduce", input: number, key: Array<KeyExpr>, class: ReduceClass, layout: Layout, } | { "kind": "topK", input: number, key: Array<KeyExpr>, order: Array<OrderKey>, limit: Expr | null, offset: Expr | null, withTies: boolean, monotonic?: boolean, sorted?: number, } | { "kind": "window", input: number, key: Array<KeyExpr>, order: Array<OrderKey>, calls: Array<WindowCall>, } | { "kind": "negate", input: number, } | { "kind": "threshold", input: number, } | { "kind": "union", inputs: Array<number>, } | { "kind": "guard", input: number, key: Array<KeyExpr>, sqlstate: string, message: string, hint?: string, };
export type Output = { "kind": "arrangement", node: number, arrangement: number, layout: Layout, } | { "kind": "subscription", node: number, } | { "kind": "rows", node: number, finishing: Finishing, } | { "kind": "write", arrangement: number, deleted: number | null, inserted: number | null, returned: number | null, 
/**
 * For foreign keys that follow a change: of each row that is replaced the old one's columns, then the new one's.
 */
replaced?: number, returning: Mfp | null, 
/**
 * Makes what the client sees of the rows that `returning` gives, which it reads as [`WRITTEN`]; everything else
 * it reads as it was before the command. A plan with [`Output::Rows`], with the same parameters.
 */
returningQuery?: Plan, 
/**
 * The last column of `inserted`, an int8, says in which order its rows are taken, and is not part of them.
 */
ordered?: boolean, 
/**
 * With `ordered`: what makes the rows that are written of those of `inserted`, one after the other in their order. It
 * has what must be computed in that order, like the next number of a sequence.
 */
completed?: Mfp, conflict: OnConflict | null, };
export type Finishing = { 
/**
 * Sort keys over the node's columns; rows that tie come in the order of their packed bytes.
 */
order: Array<OrderKey>, 
/**
 * The rows come in the order of so many of the first sort keys: what is behind the limit need not be computed.
 */
sorted?: number, 
/**
 * LIMIT, an int8 expression without columns; NULL means none.
 */
limit: Expr | null, 
/**
 * OFFSET, an int8 expression without columns.
 */
offset: Expr | null, 
/**
 * WITH TIES.
 */
withTies: boolean, 
/**
 * Runs over the rows that are wanted (and those that OFFSET leaves out), one after the other in their order: what must be
 * computed so, and for no other row, like the next number of a sequence. `projection` is of what it makes.
 */
completed?: Mfp, 
/**
 * The columns that the client sees.
 */
projection: Array<number>, };
export type OnConflict = { 
/**
 * The unique keys that decide: arrangements of the table. A row conflicts when one of them has its key.
 */
arbiters: Array<Arbiter>, 
/**
 * None: a row that conflicts is left out. Else, with exactly one arbiter: the row that is there is replaced by what
 * this makes of its columns followed by the columns of the row that conflicts; it stays where a predicate drops it.
 */
update: Mfp | null, 
/**
 * Runs over each row that conflicts with none, before it is inserted, for the errors that it raises.
 */
check?: Mfp, };
export type Arbiter = { 
/**
 * The arrangement by the key.
 */
arrangement: number, 
/**
 * Its layout.
 */
layout: Layout, 
/**
 * Whether a key with a NULL in it conflicts with its like (NULLS NOT DISTINCT).
 */
nullsEqual: boolean, };
export type Constraints = { 
/**
 * The table's name, as messages call it.
 */
relation: string, 
/**
 * The columns' names.
 */
columns: Array<string>, 
/**
 * Virtual generated columns: messages show no values of theirs.
 */
virtual?: Array<number>, 
/**
 * Conditions of the columns' domains, which raise what a value breaks: they are looked at before all others.
 */
domains: Array<Expr>, 
/**
 * Columns that are never NULL.
 */
notNull: Array<number>, 
/**
 * CHECK, in the order in which they are evaluated.
 */
checks: Array<Check>, 
/**
 * Unique keys besides the primary key.
 */
unique: Array<UniqueConstraint>, 
/**
 * FOREIGN KEY: what its rows refer to. Commits check them, on both sides.
 */
foreign: Array<ForeignKey>, };
export type Check = { 
/**
 * Its name.
 */
name: string, 
/**
 * A bool over the row; the row is refused where it is false.
 */
condition: Expr, };
export type UniqueConstraint = { 
/**
 * Its name.
 */
name: string, 
/**
 * The table arranged by the key.
 */
arrangement: number, 
/**
 * Its layout. Where only some rows count, the key of others has a NULL.
 */
layout: Layout, 
/**
 * What messages call the parts of the key; none: the columns that it is made of.
 */
elements: Array<string>, 
/**
 * Whether keys with a NULL can be duplicates (NULLS NOT DISTINCT).
 */
nullsEqual: boolean, };
export type ForeignKey = { 
/**
 * Its name.
 */
name: string, 
/**
 * The referring table arranged by the columns that refer.
 */
arrangement: number, 
/**
 * Its layout: the key is made of columns.
 */
layout: Layout, 
/**
 * The referenced table's own arrangement.
 */
parent: number, 
/**
 * The referenced table arranged by the referenced key, whose values are of the same types, or of other numeric ones.
 */
parentArrangement: number, 
/**
 * Its layout.
 */
parentLayout: Layout, 
/**
 * The referring columns in the order in which they were declared, and those that they refer to.
 */
columns: Array<number>, parentColumns: Array<number>, 
/**
 * What a statement that deletes a key does with the rows that refer to it.
 */
onDelete: ReferentialAction, 
/**
 * The same, of one that changes it.
 */
onUpdate: ReferentialAction, 
/**
 * MATCH FULL: a row has all of the columns or none.
 */
full: boolean, 
/**
 * Looked at by the commit alone unless the transaction says otherwise; else also when a statement ends.
 */
deferred: boolean, };
export type ReferentialAction = { "kind": "noAction" } | { "kind": "restrict" } | { "kind": "delete" } | { "kind": "replace", row: Mfp, };
