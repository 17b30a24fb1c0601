//! Window functions over one partition: all rows in order in, the same rows with their results out.
//!
//! A partition that changes is computed again as a whole; only rows whose results changed leave the operator. An error
//! (an offset below zero, a sum out of range) stands in place of the partition's rows, and goes when what raised it goes.

mod aggregate;
mod frame;
mod range;

use crate::compile::Scope;
use crate::top_k::split_value;
use aggregate::AggregateCall;
use frame::{Frames, Peers};
use std::sync::Arc;
use tidewire_plan::{ColumnType, OrderKey, ScalarType, WindowCall, WindowFunction};
use tidewire_row::work::checkpoint;
use tidewire_row::{
    Arena, Datum, EvalError, EvalResult, FormatSettings, column_bounds, decode_datum, push_datum,
};

/// Marks a value that is a row with its results.
pub const ROW: u8 = 0;
/// Marks a value that is an error.
pub const ERROR: u8 = 1;

/// The calls of one window, ready to run.
pub struct Window {
    types: Vec<ScalarType>,
    calls: Vec<Call>,
}

struct Call {
    plan: WindowCall,
    frames: Frames,
    aggregate: Option<AggregateCall>,
}

impl Window {
    /// Compiles the calls over an input of these columns.
    pub fn compile(
        columns: &[ColumnType],
        order: &[OrderKey],
        calls: &[WindowCall],
        settings: &FormatSettings,
    ) -> Result<Self, String> {
        let types: Vec<ScalarType> = columns.iter().map(|column| column.scalar).collect();
        let arity = types.len() as u32;
        let compiled = calls.iter().map(|call| {
            let read = call.arguments.iter().chain(&call.filter).copied();
            if let Some(column) = read.chain(frame::columns_of(&call.frame)).find(|column| *column >= arity) {
                return Err(format!("plan refused: a window call reads column {column} of {arity}"));
            }
            let least = match call.function {
                WindowFunction::Ntile
                | WindowFunction::Lag
                | WindowFunction::Lead
                | WindowFunction::FirstValue
                | WindowFunction::LastValue => 1,
                WindowFunction::NthValue => 2,
                _ => 0,
            };
            if call.arguments.len() < least {
                return Err(format!("plan refused: {:?} without its arguments", call.function));
            }
            let aggregate = match call.function {
                WindowFunction::Aggregate { function } => Some(AggregateCall::new(function, call, columns)?),
                _ => None,
            };
            let frames = Frames::compile(&call.frame, order, &types, settings)?;
            Ok(Call { plan: call.clone(), frames, aggregate })
        });
        let calls = compiled.collect::<Result<_, String>>()?;
        Ok(Window { types, calls })
    }

    /// The marked rows of a partition, whose values are as [`encode_value`](crate::top_k::encode_value) wrote them.
    pub fn compute(&self, values: &[(&[u8], i64)], scope: &Arc<Scope>, out: &mut Vec<Vec<u8>>) {
        let partition = Partition::new(&self.types, values);
        let first = out.len();
        out.extend(partition.rows.iter().map(|row| {
            let mut marked = Vec::with_capacity(row.len() + 1 + 9 * self.calls.len());
            marked.push(ROW);
            marked.extend_from_slice(row);
            marked
        }));
        for call in &self.calls {
            if let Err(error) = call.compute(&partition, scope, &mut out[first..]) {
                out.truncate(first);
                let mut marked = vec![ERROR];
                error.encode(&mut marked);
                out.push(marked);
                return;
            }
        }
    }
}

/// The rows of a partition in order, each as often as it is there.
pub struct Partition<'a> {
    types: &'a [ScalarType],
    rows: Vec<&'a [u8]>,
    peers: Peers,
    /// Where the columns of each row begin, and its length: `types.len() + 1` numbers a row.
    bounds: Vec<u32>,
}

impl<'a> Partition<'a> {
    fn new(types: &'a [ScalarType], values: &[(&'a [u8], i64)]) -> Self {
        let mut rows = Vec::with_capacity(values.len());
        let mut bounds = Vec::with_capacity(values.len() * (types.len() + 1));
        let mut peers = Peers::default();
        let mut one = Vec::new();
        for (value, count) in values {
            let (order, row) = split_value(value);
            one.clear();
            column_bounds(row, types, &mut one);
            for _ in 0..(*count).max(0) {
                rows.push(row);
                bounds.extend_from_slice(&one);
                peers.push(order);
            }
        }
        peers.finish();
        Partition { types, rows, peers, bounds }
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    /// The packed column of a row.
    fn packed(&self, row: usize, column: u32) -> &'a [u8] {
        let at = row * (self.types.len() + 1) + column as usize;
        &self.rows[row][self.bounds[at] as usize..self.bounds[at + 1] as usize]
    }

    /// The column's value.
    fn value<'b>(&'b self, row: usize, column: u32, arena: &'b Arena) -> Datum<'b> {
        decode_datum(self.packed(row, column), self.types[column as usize], arena)
    }

    /// The value of an integer column; None for NULL.
    fn integer(&self, row: usize, column: u32) -> Option<i64> {
        crate::compile::int8_of(self.value(row, column, &Arena::new()))
    }
}

impl Call {
    /// Appends each row's result to its output.
    fn compute(&self, partition: &Partition<'_>, scope: &Arc<Scope>, out: &mut [Vec<u8>]) -> EvalResult<()> {
        let total = partition.len();
        let peers = &partition.peers;
        let argument = |at: usize| self.plan.arguments[at];
        let null = |out: &mut Vec<u8>| push_datum(out, Datum::Null);
        match self.plan.function {
            WindowFunction::RowNumber => {
                for (row, out) in out.iter_mut().enumerate() {
                    push_datum(out, Datum::Int64(row as i64 + 1));
                }
            }
            WindowFunction::Rank => {
                for (row, out) in out.iter_mut().enumerate() {
                    push_datum(out, Datum::Int64(peers.start(row) as i64 + 1));
                }
            }
            WindowFunction::DenseRank => {
                for (row, out) in out.iter_mut().enumerate() {
                    push_datum(out, Datum::Int64(peers.group(row) as i64 + 1));
                }
            }
            WindowFunction::PercentRank => {
                for (row, out) in out.iter_mut().enumerate() {
                    let share = match total {
                        0 | 1 => 0.0,
                        _ => peers.start(row) as f64 / (total - 1) as f64,
                    };
                    push_datum(out, Datum::Float64(share));
                }
            }
            WindowFunction::CumeDist => {
                for (row, out) in out.iter_mut().enumerate() {
                    push_datum(out, Datum::Float64(peers.end(row) as f64 / total as f64));
                }
            }
            WindowFunction::Ntile => {
                // The argument counts where the partition begins.
                let Some(buckets) = partition.integer(0, argument(0)) else {
                    out.iter_mut().for_each(null);
                    return Ok(());
                };
                if buckets <= 0 {
                    return Err(EvalError::new("22014", "argument of ntile must be greater than zero"));
                }
                let (total, buckets) = (total as i64, buckets);
                let (small, larger) = (total / buckets, total % buckets);
                for (row, out) in out.iter_mut().enumerate() {
                    let row = row as i64;
                    let bucket = match row < larger * (small + 1) {
                        true => row / (small + 1),
                        false => larger + (row - larger * (small + 1)) / small,
                    };
                    push_datum(out, Datum::Int32(bucket as i32 + 1));
                }
            }
            WindowFunction::Lag | WindowFunction::Lead => {
                let ahead = matches!(self.plan.function, WindowFunction::Lead);
                for (row, out) in out.iter_mut().enumerate() {
                    let offset = match self.plan.arguments.get(1) {
                        None => Some(1),
                        Some(column) => partition.integer(row, *column),
                    };
                    let Some(offset) = offset else {
                        null(out);
                        continue;
                    };
                    let at = row as i64 + if ahead { offset } else { -offset };
                    match (usize::try_from(at).ok().filter(|at| *at < total), self.plan.arguments.get(2)) {
                        (Some(at), _) => out.extend_from_slice(partition.packed(at, argument(0))),
                        (None, Some(default)) => out.extend_from_slice(partition.packed(row, *default)),
                        (None, None) => null(out),
                    }
                }
            }
            WindowFunction::FirstValue | WindowFunction::LastValue | WindowFunction::NthValue => {
                for (row, out) in out.iter_mut().enumerate() {
                    checkpoint();
                    let frame = self.frames.of(partition, row, scope)?;
                    let at = match self.plan.function {
                        WindowFunction::FirstValue => frame.nth(0),
                        WindowFunction::LastValue => frame.last(),
                        _ => match partition.integer(row, argument(1)) {
                            None => None,
                            Some(nth) if nth <= 0 => {
                                let message = "argument of nth_value must be greater than zero";
                                return Err(EvalError::new("22016", message));
                            }
                            Some(nth) => frame.nth(nth as usize - 1),
                        },
                    };
                    match at {
                        Some(at) => out.extend_from_slice(partition.packed(at, argument(0))),
                        None => null(out),
                    }
                }
            }
            WindowFunction::Aggregate { .. } => {
                if let Some(aggregate) = &self.aggregate {
                    aggregate.compute(&self.frames, partition, scope, out)?;
                }
            }
        }
        Ok(())
    }
}
