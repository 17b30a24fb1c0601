//! Aggregates over frames. Accumulators add and retract, so that a frame that moves on costs what it moves over; the
//! extremes of a frame that loses rows are sought again, and functions of rows in order are computed again whenever the
//! frame changes.

use super::Partition;
use super::frame::{Frames, Rows};
use crate::aggregate::{Accumulation, Arguments, Cell, Ordered};
use crate::compile::Scope;
use std::sync::Arc;
use tidewire_plan::{Aggregate, AggregateFunction, ColumnType, Expr, KeyExpr, WindowCall};
use tidewire_row::encode::TAG_NULL;
use tidewire_row::work::checkpoint;
use tidewire_row::{Arena, Datum, EvalResult, push_datum};

/// An aggregate used as a window function.
pub struct AggregateCall {
    arguments: Vec<u32>,
    filter: Option<u32>,
    kind: Kind,
}

enum Kind {
    Accumulated(Accumulation),
    Extreme {
        greatest: bool,
    },
    /// A function of the frame's rows in the window's order.
    Ordered(Ordered),
}

enum State<'a> {
    Accumulated {
        cell: Cell,
        count: i64,
    },
    /// The packed column that is furthest.
    Extreme(Option<&'a [u8]>),
    /// The arguments of the frame's rows, packed one after the other, and where each ends.
    Ordered(Vec<u8>, Vec<usize>),
}

impl AggregateCall {
    /// Refuses what does not add up.
    pub fn new(
        function: AggregateFunction,
        call: &WindowCall,
        columns: &[ColumnType],
    ) -> Result<Self, String> {
        use AggregateFunction as F;
        let arguments = call.arguments.clone();
        let aggregate = Aggregate {
            function,
            arguments: arguments
                .iter()
                .map(|index| KeyExpr {
                    expr: Expr::Column { index: *index },
                    column: columns[*index as usize],
                })
                .collect(),
            filter: None,
            result: call.result,
        };
        let kind = match function {
            F::Min | F::LeastRepresentation => Kind::Extreme { greatest: false },
            F::Max => Kind::Extreme { greatest: true },
            F::StringAgg
            | F::ArrayAgg
            | F::RangeAgg
            | F::RangeIntersectAgg
            | F::JsonAgg
            | F::JsonAggStrict
            | F::JsonObjectAgg
            | F::JsonObjectAggStrict
            | F::JsonObjectAggUnique
            | F::JsonObjectAggUniqueStrict
            | F::JsonbAgg
            | F::JsonbAggStrict
            | F::JsonbObjectAgg
            | F::JsonbObjectAggStrict
            | F::JsonbObjectAggUnique
            | F::JsonbObjectAggUniqueStrict => Kind::Ordered(Ordered::new(&aggregate)?),
            _ => Kind::Accumulated(Accumulation::new(&aggregate)?),
        };
        if arguments.is_empty() && function != F::CountAll {
            return Err(format!("plan refused: {function:?} without an argument"));
        }
        Ok(AggregateCall { arguments, filter: call.filter, kind })
    }

    fn empty<'a>(&self) -> State<'a> {
        match &self.kind {
            Kind::Accumulated(accumulation) => State::Accumulated { cell: accumulation.empty(), count: 0 },
            Kind::Extreme { .. } => State::Extreme(None),
            Kind::Ordered(_) => State::Ordered(Vec::new(), Vec::new()),
        }
    }

    /// Adds rows `diff` times.
    fn add<'a>(
        &self,
        state: &mut State<'a>,
        partition: &Partition<'a>,
        (start, end): (usize, usize),
        diff: i64,
    ) {
        let mut arena = Arena::new();
        for row in start..end {
            checkpoint();
            if let Some(filter) = self.filter
                && !matches!(partition.value(row, filter, &arena), Datum::Bool(true))
            {
                continue;
            }
            match state {
                State::Accumulated { cell, count } => {
                    *count += diff;
                    match self.arguments[..] {
                        [] => {}
                        [argument] => cell.add(partition.value(row, argument, &arena), diff),
                        _ => {
                            let value = |at: usize| partition.value(row, self.arguments[at], &arena);
                            cell.add_pair(value(0), value(1), diff);
                        }
                    }
                }
                State::Extreme(best) => {
                    let packed = partition.packed(row, self.arguments[0]);
                    if packed.first() == Some(&TAG_NULL) {
                        continue;
                    }
                    let greatest = matches!(self.kind, Kind::Extreme { greatest: true });
                    if best.is_none_or(|best| if greatest { packed > best } else { packed < best }) {
                        *best = Some(packed);
                    }
                }
                State::Ordered(packed, ends) => {
                    for argument in &self.arguments {
                        packed.extend_from_slice(partition.packed(row, *argument));
                    }
                    ends.push(packed.len());
                }
            }
            if arena.allocated_bytes() > 1 << 16 {
                arena.reset();
            }
        }
    }

    fn present(&self, state: &State<'_>, out: &mut Vec<u8>) -> EvalResult<()> {
        match (state, &self.kind) {
            (State::Accumulated { cell, count }, Kind::Accumulated(accumulation)) => {
                let arena = Arena::new();
                push_datum(out, accumulation.value(cell, *count, &arena)?);
            }
            (State::Extreme(Some(best)), _) => out.extend_from_slice(best),
            (State::Ordered(packed, ends), Kind::Ordered(function)) => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let rows: Vec<Arguments<'_>> =
                    starts.zip(ends).map(|(start, end)| (&packed[start..*end], 1)).collect();
                function.compute(&rows, out)?;
            }
            _ => push_datum(out, Datum::Null),
        }
        Ok(())
    }

    /// Appends each row's result to its output.
    pub fn compute(
        &self,
        frames: &Frames,
        partition: &Partition<'_>,
        scope: &Arc<Scope>,
        out: &mut [Vec<u8>],
    ) -> EvalResult<()> {
        let retracts = matches!(self.kind, Kind::Accumulated(_));
        let mut state = self.empty();
        let mut seen = Rows::default();
        let mut result: Vec<u8> = Vec::new();
        for (row, out) in out.iter_mut().enumerate() {
            let rows = frames.of(partition, row, scope)?;
            if row == 0 || rows != seen {
                match (seen.runs(), rows.runs()) {
                    // The frame moved on: its end grows, and its start leaves rows behind.
                    ([(start, end)], [(from, to)])
                        if !frames.excludes()
                            && start <= from
                            && from <= end
                            && end <= to
                            && (retracts || start == from) =>
                    {
                        self.add(&mut state, partition, (*start, *from), -1);
                        self.add(&mut state, partition, (*end, *to), 1);
                    }
                    (_, runs) => {
                        state = self.empty();
                        for run in runs {
                            self.add(&mut state, partition, *run, 1);
                        }
                    }
                }
                seen = rows;
                result.clear();
                self.present(&state, &mut result)?;
            }
            out.extend_from_slice(&result);
        }
        Ok(())
    }
}
