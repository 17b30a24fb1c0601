//! What a plan is compiled to: a step for each node, and what becomes of the last.

use crate::reduce::basic::Basic;
use crate::reduce::hierarchical::Extreme;
use crate::top_k::TopK;
use crate::window::Window;
use smallvec::SmallVec;
use std::sync::Arc;
use tidewire_eval::{CompiledMfp, TableCalls};
use tidewire_plan::{Aggregate, OrderKey, ScalarType};
use tidewire_row::EvalError;

/// Packed keys that are looked up: mostly one.
pub type PackedKeys = SmallVec<[Vec<u8>; 1]>;

/// How a node's rows stand where its consumers read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A stream of whole rows.
    Rows,
    /// A stream of key and value rows.
    Keyed,
    /// An arrangement.
    Arranged,
}

/// Reads a node's rows and maps, filters and projects them in one pass.
#[derive(Clone)]
pub struct Pipeline {
    /// The node.
    pub source: usize,
    /// Over the node's form.
    pub mfp: Arc<CompiledMfp>,
    /// Types of the leading output columns that are the key; None: whole rows.
    pub key: Option<Arc<[ScalarType]>>,
}

/// The part of an arrangement whose keys begin with some fields and go on with a value between two others.
#[derive(Clone, Debug)]
pub struct KeyInterval {
    prefix: Vec<u8>,
    /// No key of it is less.
    pub from: Vec<u8>,
    to: Option<Vec<u8>>,
}

impl KeyInterval {
    pub(super) fn new(prefix: Vec<u8>, from: &[u8], to: Option<Vec<u8>>) -> Self {
        let from = [&prefix[..], from].concat();
        KeyInterval { prefix, from, to }
    }

    /// Greater than all of its keys, and than no key that is greater than all of them; None: nothing is.
    pub fn end(&self) -> Option<Vec<u8>> {
        let mut end = [&self.prefix[..], self.to.as_deref().unwrap_or_default()].concat();
        while end.pop_if(|byte| *byte == u8::MAX).is_some() {}
        *end.last_mut()? += 1;
        Some(end)
    }

    /// Whether a key that is not less than `from` is in it. Packed fields are in the order of their values.
    pub fn has(&self, key: &[u8]) -> bool {
        let Some(rest) = key.strip_prefix(&self.prefix[..]) else { return false };
        self.to.as_ref().is_none_or(|to| rest <= &to[..] || rest.starts_with(to))
    }
}

/// Rows that come in the order of sort keys.
pub struct First {
    /// Whole.
    pub rows: Pipeline,
    /// The order of so many of the first keys.
    pub sorted: usize,
    /// The nodes that nobody else reads.
    pub alone: Vec<usize>,
}

/// A compiled operator.
pub enum Step {
    /// Nothing: a fused Mfp, part of its consumer's pipeline.
    Fused,
    /// Rows (whole) with multiplicities.
    Constant(Vec<(Vec<u8>, i64)>),
    Import(u64),
    /// With the sorted key rows.
    Lookup(u64, PackedKeys),
    /// In order, each row in one of them at most; `descending`: what is answered once reads them from the last key on.
    Ranges {
        arrangement: u64,
        intervals: Vec<KeyInterval>,
        descending: bool,
    },
    /// Also an Mfp that several nodes read.
    Pipeline(Pipeline),
    FlatMap {
        input: Pipeline,
        types: Vec<ScalarType>,
        calls: Arc<TableCalls>,
    },
    Arrange(Pipeline),
    Join {
        left: usize,
        right: usize,
        key: Vec<ScalarType>,
        null_safe: Vec<bool>,
        /// Over the sources key, left value, right value.
        closure: Arc<CompiledMfp>,
    },
    DeltaJoin(Vec<crate::delta::Path>),
    Distinct(Pipeline),
    Accumulable {
        input: Pipeline,
        aggregates: Vec<Aggregate>,
        arguments: Vec<Vec<ScalarType>>,
        monotonic: bool,
    },
    Basic {
        /// Key, then the columns that [`Basic::columns`] lists.
        input: Pipeline,
        basic: Arc<Basic>,
    },
    Hierarchical {
        input: Pipeline,
        aggregates: Vec<(Extreme, ScalarType)>,
    },
    TopK {
        /// Key, then the whole row.
        input: Pipeline,
        types: Vec<ScalarType>,
        order: Vec<OrderKey>,
        window: TopK,
        monotonic: bool,
        /// How its rows are had without the others, where it is answered once.
        first: Option<Arc<First>>,
    },
    Window {
        /// Key, then the whole row.
        input: Pipeline,
        types: Vec<ScalarType>,
        order: Vec<OrderKey>,
        window: Arc<Window>,
    },
    Negate(Pipeline),
    /// Rows as keys.
    Threshold(Pipeline),
    Union(Vec<Pipeline>),
    Guard {
        /// The rows.
        rows: Pipeline,
        /// Their keys, no value.
        keys: Pipeline,
        error: EvalError,
    },
}

impl Step {
    /// The relation's arrangement whose rows it gives.
    pub fn import(&self) -> Option<u64> {
        match self {
            Step::Import(id) | Step::Lookup(id, _) | Step::Ranges { arrangement: id, .. } => Some(*id),
            _ => None,
        }
    }
}

/// What becomes of the result.
pub enum Sink {
    /// Arranged by this keyed pipeline; `direct` when the node's arrangement is what is wanted.
    Arrange { arrangement: u64, pipeline: Pipeline, direct: Option<usize> },
    /// Whole rows.
    Rows(Pipeline),
    /// Deleted and inserted rows, marked by a leading byte.
    Write(Vec<(&'static [u8], Pipeline)>),
}
