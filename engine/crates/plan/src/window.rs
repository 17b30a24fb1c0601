//! Window functions: their calls and frames. Everything that a call reads is a column of the input.

use crate::relation::AggregateFunction;
use crate::scalar::ColumnType;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a window function computes. Names are PostgreSQL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum WindowFunction {
    /// row_number(): rows that tie in the order are numbered by their bytes.
    RowNumber,
    /// rank()
    Rank,
    /// dense_rank()
    DenseRank,
    /// percent_rank()
    PercentRank,
    /// cume_dist()
    CumeDist,
    /// ntile(buckets int4)
    Ntile,
    /// lag(value [, offset int4 [, default]])
    Lag,
    /// lead(value [, offset int4 [, default]])
    Lead,
    /// first_value(value)
    FirstValue,
    /// last_value(value)
    LastValue,
    /// nth_value(value, n int4)
    NthValue,
    /// An aggregate of the frame's rows.
    Aggregate { function: AggregateFunction },
}

/// How a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FrameMode {
    /// Rows.
    Rows,
    /// Distances of the order key. CURRENT ROW means its peers.
    Range,
    /// Groups of peers.
    Groups,
}

/// Where a frame begins or ends. `column` holds the offset: int8 for ROWS and GROUPS, a distance for RANGE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// offset PRECEDING
    Preceding { column: u32 },
    /// CURRENT ROW
    CurrentRow,
    /// offset FOLLOWING
    Following { column: u32 },
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
}

/// Which rows around the current one a frame leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum FrameExclusion {
    /// EXCLUDE NO OTHERS
    NoOthers,
    /// EXCLUDE CURRENT ROW
    CurrentRow,
    /// EXCLUDE GROUP
    Group,
    /// EXCLUDE TIES
    Ties,
}

/// The rows that a call sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Frame {
    /// What bounds count.
    pub mode: FrameMode,
    /// Its first row.
    pub start: FrameBound,
    /// Its last row.
    pub end: FrameBound,
    /// What it leaves out.
    pub exclusion: FrameExclusion,
}

/// One call of a Window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WindowCall {
    /// Which.
    pub function: WindowFunction,
    /// Its arguments: columns of the input.
    pub arguments: Vec<u32>,
    /// FILTER of an aggregate: a bool column; rows for which it is not true do not take part.
    pub filter: Option<u32>,
    /// The frame; of no effect where PostgreSQL ignores it (ranks, lag, lead).
    pub frame: Frame,
    /// The result's type.
    pub result: ColumnType,
}
