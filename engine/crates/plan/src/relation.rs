//! Relational operators and the layout of arrangements.

use crate::scalar::{ColumnType, Expr};
use crate::window::WindowCall;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Index into `Plan::nodes`.
pub type NodeIndex = u32;

/// Engine-wide identity of a maintained arrangement. Issued by the catalog, never reused. Below 2^53.
pub type ArrangementId = u64;

/// One operator with the shape of its output rows.
///
/// Every operator yields an ok collection of rows (one packed row holding all `columns`) and an error collection.
/// Operators that also yield an arrangement say so; their consumers may use either form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Node {
    /// For EXPLAIN, logs and metrics.
    pub label: String,
    /// The columns of an output row.
    pub columns: Vec<ColumnType>,
    /// What it does.
    pub operator: Operator,
}

/// How rows stand in an arrangement: `(key row, value row)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Layout {
    /// Key expressions over the row's columns; for types whose equality is wider than identity they are `Canonical`.
    pub key: Vec<KeyExpr>,
    /// Columns of the row that the value row holds, in order. Columns that the key holds unchanged are left out.
    pub value: Vec<u32>,
    /// For each column of the row: where it is found.
    pub restore: Vec<ColumnPlace>,
}

/// An expression that a key or an aggregate reads, and the type of its result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyExpr {
    /// The expression over the row's columns.
    pub expr: Expr,
    /// Its type.
    pub column: ColumnType,
}

/// Where a column of the row stands in the arrangement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "in", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ColumnPlace {
    /// Field `index` of the key row.
    Key { index: u32 },
    /// Field `index` of the value row.
    Value { index: u32 },
}

/// Map, filter, project in one pass over a row.
///
/// Output column `i` is column `projection[i]` of the input columns followed by `expressions`. Steps run in order:
/// an expression is evaluated when a predicate or the projection needs it, and a predicate sees the expressions
/// before it. A row is dropped at the first predicate that is not true; a step's error makes the row an error.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mfp {
    /// Appended columns; each may read the input's columns and the expressions before it.
    pub expressions: Vec<Expr>,
    /// `(position, predicate)`: evaluated when the first `position` columns (input, then expressions) are there.
    /// In the order in which they must be evaluated.
    pub predicates: Vec<Predicate>,
    /// The output's columns.
    pub projection: Vec<u32>,
}

/// A predicate of an [`Mfp`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// How many columns (input, then expressions) must stand before it is evaluated.
    pub position: u32,
    /// A bool expression.
    pub condition: Expr,
}

/// A sort key. Text compares by code point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrderKey {
    /// Column of the row.
    pub column: u32,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST.
    pub nulls_first: bool,
}

/// A constant row with its multiplicity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConstantRow {
    /// Text form of each column by its type; None is NULL.
    pub values: Vec<Option<String>>,
    /// Multiplicity.
    #[ts(type = "number")]
    pub diff: i64,
}

/// The aggregates that the engine maintains. Names are PostgreSQL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum AggregateFunction {
    /// count(*): no argument.
    CountAll,
    /// count(x)
    Count,
    /// sum(x): int2, int4 → int8; int8 → numeric; float4 → float4; float8 → float8; numeric; interval.
    Sum,
    /// avg(x): integers, numeric → numeric; floats → float8; interval.
    Avg,
    /// bool_and, every
    BoolAnd,
    /// bool_or
    BoolOr,
    /// min(x) by the type's order.
    Min,
    /// max(x)
    Max,
    /// The least representation (by packed bytes) of the values of a column: shown for group keys whose equality is
    /// wider than identity. Also any_value.
    LeastRepresentation,
    /// var_pop(x): integers, numeric → numeric; floats → float8.
    VarPop,
    /// var_samp, variance
    VarSamp,
    /// stddev_pop
    StddevPop,
    /// stddev_samp, stddev
    StddevSamp,
    /// corr(y float8, x float8) → float8, as all of the family. A row with a NULL on either side does not take part.
    Corr,
    /// covar_pop
    CovarPop,
    /// covar_samp
    CovarSamp,
    /// regr_avgx
    RegrAvgx,
    /// regr_avgy
    RegrAvgy,
    /// regr_count → int8
    RegrCount,
    /// regr_intercept
    RegrIntercept,
    /// regr_r2
    RegrR2,
    /// regr_slope
    RegrSlope,
    /// regr_sxx
    RegrSxx,
    /// regr_sxy
    RegrSxy,
    /// regr_syy
    RegrSyy,
    /// bit_and(x) of an integer type.
    BitAnd,
    /// bit_or
    BitOr,
    /// bit_xor
    BitXor,
    /// string_agg(value, delimiter): text or bytea. Each value but the first stands behind its own delimiter.
    StringAgg,
    /// array_agg(x): NULLs too; arrays become the parts of one of a dimension more.
    ArrayAgg,
    /// jsonb_agg(x jsonb); `..Strict` leaves NULLs out.
    JsonbAgg,
    /// jsonb_agg_strict
    JsonbAggStrict,
    /// jsonb_object_agg(key text, value jsonb)
    JsonbObjectAgg,
    /// jsonb_object_agg_strict
    JsonbObjectAggStrict,
    /// jsonb_object_agg_unique
    JsonbObjectAggUnique,
    /// jsonb_object_agg_unique_strict
    JsonbObjectAggUniqueStrict,
    /// json_agg(x json, lines bool): with `lines`, values stand in lines of their own; `..Strict` leaves NULLs out.
    JsonAgg,
    /// json_agg_strict
    JsonAggStrict,
    /// json_object_agg(key text, value json)
    JsonObjectAgg,
    /// json_object_agg_strict
    JsonObjectAggStrict,
    /// json_object_agg_unique
    JsonObjectAggUnique,
    /// json_object_agg_unique_strict
    JsonObjectAggUniqueStrict,
    /// range_agg(x): the values of all ranges or multiranges, as a multirange. NULLs are left out.
    RangeAgg,
    /// range_intersect_agg(x): the values that all ranges or multiranges have. NULLs are left out.
    RangeIntersectAgg,
    /// The first value in the order, NULL or not: arg_min, arg_max.
    First,
    /// percentile_cont(fraction float8, x): float8, interval. The order is that of x.
    PercentileCont,
    /// percentile_disc(fraction float8, x): any type. The order is that of x.
    PercentileDisc,
    /// mode(x): the most frequent value by the type's equality, of several the first in the order, which is that of x.
    Mode,
}

/// One aggregate of a Reduce.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFunction,
    /// The arguments over the input row; none for count(*). Rows with a NULL argument do not take part, but for functions
    /// of the class Basic, which say themselves what they do with NULL.
    pub arguments: Vec<KeyExpr>,
    /// FILTER (WHERE …): rows for which it is not true do not take part (and the argument is not evaluated).
    pub filter: Option<Expr>,
    /// The result's type.
    pub result: ColumnType,
}

/// The class of a Reduce: decided by the planner, one operator each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "class", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ReduceClass {
    /// Only the keys, once each.
    Distinct,
    /// count, sum, avg, bool_and, bool_or: accumulators that add up. With `monotonic`, where rows are only ever added, also
    /// min, max and the least representation.
    Accumulable {
        aggregates: Vec<Aggregate>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        monotonic: bool,
    },
    /// min, max, least representation: order statistics of the group.
    Hierarchical { aggregates: Vec<Aggregate> },
    /// Functions of the whole group in an order; the group is computed again when a row of it changes. Rows that tie come
    /// in the order of their arguments' bytes. With `distinct`, of rows that tie only the first takes part.
    Basic { aggregates: Vec<Aggregate>, order: Vec<AggregateOrder>, distinct: bool },
}

/// A sort key of the rows that an aggregate reads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AggregateOrder {
    /// The key over the input row.
    pub key: KeyExpr,
    /// DESC.
    pub descending: bool,
    /// NULLS FIRST.
    pub nulls_first: bool,
}

/// A function from a row to several rows. Those of PostgreSQL have its names and are strict: a NULL argument gives no
/// row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum TableFunction {
    /// `(timestamp, slide interval, size interval)` → `window_start, window_end`, one row a window that holds the
    /// timestamp; windows start at multiples of slide since the Unix epoch. Both interval arguments are literals.
    Hop,
    /// `(start, stop, step)` of int4, int8 or numeric, or `(timestamp[tz], timestamp[tz], interval)` → the start's type.
    GenerateSeries,
    /// `(text, separator, text that stands for NULL)` → text. A NULL separator splits into characters; the third
    /// argument may be NULL too.
    StringToTable,
    /// `(text, pattern, flags)` → text.
    RegexpSplitToTable,
    /// `(jsonb)` → jsonb.
    JsonbArrayElements,
    /// `(jsonb)` → text.
    JsonbArrayElementsText,
    /// `(jsonb)` → key text, value jsonb.
    JsonbEach,
    /// `(array)` → its element type.
    Unnest,
    /// `(array)` → its element, the element's place from 1 int4.
    ExpandArray,
    /// `(json)` → json.
    JsonArrayElements,
    /// `(json)` → text.
    JsonArrayElementsText,
    /// `(json)` → key text, value json.
    JsonEach,
    /// `(json)` → key text, value text.
    JsonEachText,
    /// `(json)` → text.
    JsonObjectKeys,
    /// `(array, dimension int4, reverse bool)` → int4.
    GenerateSubscripts,
    /// `(text, pattern, flags)` → text[].
    RegexpMatches,
    /// `(jsonb)` → key text, value text.
    JsonbEachText,
    /// `(jsonb)` → text.
    JsonbObjectKeys,
    /// `(jsonb, jsonpath, variables jsonb, silent bool)` → jsonb.
    JsonbPathQuery,
    /// The same, where values may be converted by the time zone.
    JsonbPathQueryTz,
    /// `(base record or NULL, json or jsonb, shape text, function's name text)` → the shape's columns, one row. A shape is
    /// JSON: `[{"name": …, "type": …, "typmod": …, "fields": […]}]`, the fields of records and of arrays of them.
    JsonPopulateRecord,
    /// The same of an array, a row for each of its objects.
    JsonPopulateRecordset,
}

/// The call of a table function over the input's row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableCall {
    /// Which.
    pub function: TableFunction,
    /// Its arguments.
    pub arguments: Vec<Expr>,
}

/// Values of a key's field, ends included, in the order of their packed form; on a side without an end, all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRange {
    /// An expression without columns, of the field's type.
    pub from: Option<Expr>,
    /// The same.
    pub to: Option<Expr>,
    /// NULL, which is behind all values, is not among them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[ts(as = "Option<bool>", optional)]
    pub present: bool,
}

/// What becomes of the changes of one input of a delta join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeltaPath {
    /// The input's rows.
    pub source: NodeIndex,
    /// Over the source's columns; it cannot fail.
    pub start: Mfp,
    /// What it gives.
    pub columns: Vec<ColumnType>,
    /// The other inputs, each once.
    pub stages: Vec<DeltaStage>,
}

/// A look-up of an input of a delta join.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeltaStage {
    /// The input, by the number of its path.
    pub input: u32,
    /// A node that yields an arrangement of it.
    pub arrangement: NodeIndex,
    /// The arrangement's whole key, over the columns that the stages before give.
    pub key: Vec<KeyExpr>,
    /// As of a join.
    pub null_safe: Vec<bool>,
    /// Over the columns that the stages before give, followed by the arrangement's.
    pub closure: Mfp,
    /// What it gives.
    pub columns: Vec<ColumnType>,
}

/// The relational operators.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Operator {
    /// Rows that never change.
    Constant { rows: Vec<ConstantRow> },
    /// A maintained arrangement (of a table, source, materialized view or index). Yields an arrangement with
    /// `layout`.
    Import {
        #[ts(type = "number")]
        arrangement: ArrangementId,
        layout: Layout,
    },
    /// Reads of an imported arrangement under literal keys: `keys` are rows of literals or parameters for the
    /// arrangement's whole key. Yields the rows under them (each distinct key once). With `range` they are for its first
    /// fields, and the range is of the field behind them; rows at its ends and beyond may be among those that it yields.
    /// A query that is answered once reads them in the order of their keys, or, `descending`, from the last key to the first.
    /// Fields in `each` are arrays, whose elements other than NULL stand for a key each.
    Lookup {
        #[ts(type = "number")]
        arrangement: ArrangementId,
        layout: Layout,
        keys: Vec<Vec<Expr>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        range: Option<KeyRange>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        descending: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        each: Option<Vec<u32>>,
    },
    /// Map, filter, project.
    Mfp { input: NodeIndex, mfp: Mfp },
    /// Input columns followed by the functions' columns, and with `ordinality` by the row's number (int8, from 1) within
    /// the input's row. Several functions run in step: the shorter give NULLs.
    FlatMap { input: NodeIndex, calls: Vec<TableCall>, ordinality: bool },
    /// Arranges its input. Yields an arrangement with `layout`.
    Arrange { input: NodeIndex, layout: Layout },
    /// Equi-join of two arrangements on their whole (equal-length, equally typed) keys; rows with a NULL in a key
    /// field match only where `null_safe` says so. `closure` runs over left columns followed by right columns.
    /// An empty key is a cross product.
    Join { left: NodeIndex, right: NodeIndex, null_safe: Vec<bool>, closure: Mfp },
    /// Equi-join of three or more inputs without arrangements of what it makes. Each input has a path: its changes look up
    /// the other inputs' arrangements, one after another. Each row is made once: by the path, of the inputs that changed at
    /// its time, that comes last. Only in maintained plans.
    DeltaJoin { paths: Vec<DeltaPath> },
    /// Groups by `key`; output row: the key's columns, then the aggregates' results. Yields an arrangement whose key
    /// is the whole key and whose value the results (`layout` says so).
    Reduce { input: NodeIndex, key: Vec<KeyExpr>, class: ReduceClass, layout: Layout },
    /// Of each group (by `key`) the rows from `offset` on, at most `limit`, in `order`; then by the whole row's bytes.
    /// `with_ties`: also rows equal to the last by `order`. `monotonic`: rows are only ever added, so what is behind the
    /// limit need not be kept. `sorted`, without groups: the input's rows come in the order of so many of the first sort keys,
    /// and a query that is answered once reads no more of them than it shows.
    TopK {
        input: NodeIndex,
        key: Vec<KeyExpr>,
        order: Vec<OrderKey>,
        limit: Option<Expr>,
        offset: Option<Expr>,
        with_ties: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[ts(as = "Option<bool>", optional)]
        monotonic: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        sorted: Option<u32>,
    },
    /// Input columns followed by the calls' results, over each partition (by `key`) in `order`, then in that of the whole
    /// rows' bytes. A partition that changes is computed again as a whole.
    Window { input: NodeIndex, key: Vec<KeyExpr>, order: Vec<OrderKey>, calls: Vec<WindowCall> },
    /// Multiplicities negated.
    Negate { input: NodeIndex },
    /// Rows with a positive multiplicity keep it, others go.
    Threshold { input: NodeIndex },
    /// Bag union.
    Union { inputs: Vec<NodeIndex> },
    /// The rows unchanged; a group (by `key`) with more than one row is an error instead.
    Guard {
        input: NodeIndex,
        key: Vec<KeyExpr>,
        sqlstate: String,
        message: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        hint: Option<String>,
    },
}

impl Operator {
    /// The nodes that it reads.
    pub fn inputs(&self) -> Vec<NodeIndex> {
        match self {
            Operator::Constant { .. } | Operator::Import { .. } | Operator::Lookup { .. } => vec![],
            Operator::Mfp { input, .. }
            | Operator::FlatMap { input, .. }
            | Operator::Arrange { input, .. }
            | Operator::Reduce { input, .. }
            | Operator::TopK { input, .. }
            | Operator::Window { input, .. }
            | Operator::Negate { input }
            | Operator::Threshold { input }
            | Operator::Guard { input, .. } => vec![*input],
            Operator::Join { left, right, .. } => vec![*left, *right],
            Operator::DeltaJoin { paths } => {
                let looked_up = |path: &DeltaPath| {
                    let stages: Vec<_> = path.stages.iter().map(|stage| stage.arrangement).collect();
                    [vec![path.source], stages].concat()
                };
                paths.iter().flat_map(looked_up).collect()
            }
            Operator::Union { inputs } => inputs.clone(),
        }
    }
}
