//! Aggregates over frames. Accumulators add and retract, so that a frame that moves on costs what it moves over; the
//! extremes of a frame that loses rows are sought again.

use super::Partition;
use super::frame::{Frames, Rows};
use crate::aggregate::{Accumulation, Cell};
use crate::compile::Scope;
use std::sync::Arc;
use tidewire_arrange::Stop;
use tidewire_plan::{Aggregate, AggregateFunction, ColumnType, Expr, WindowCall};
use tidewire_row::{Arena, Datum, EvalResult, push_datum};

/// An aggregate used as a window function.
pub struct AggregateCall {
    argument: Option<u32>,
    filter: Option<u32>,
    kind: Kind,
}

enum Kind {
    Accumulated(Accumulation),
    Extreme { greatest: bool },
}

enum State<'a> {
    Accumulated {
        cell: Cell,
        count: i64,
    },
    /// The packed column that is furthest.
    Extreme(Option<&'a [u8]>),
}

/// Tag of NULL in a packed column.
const NULL_TAG: u8 = 0x02;

impl AggregateCall {
    /// Refuses what does not add up.
    pub fn new(
        function: AggregateFunction,
        call: &WindowCall,
        columns: &[ColumnType],
    ) -> Result<Self, String> {
        use AggregateFunction as F;
        let argument = call.arguments.first().copied();
        let kind = match function {
            F::Min | F::LeastRepresentation => Kind::Extreme { greatest: false },
            F::Max => Kind::Extreme { greatest: true },
            _ => Kind::Accumulated(Accumulation::new(&Aggregate {
                function,
                argument: argument.map(|index| Expr::Column { index }),
                argument_type: argument.map(|index| columns[index as usize]),
                filter: None,
                result: call.result,
            })?),
        };
        if argument.is_none() && function != F::CountAll {
            return Err(format!("plan refused: {function:?} without an argument"));
        }
        Ok(AggregateCall { argument, filter: call.filter, kind })
    }

    fn empty<'a>(&self) -> State<'a> {
        match &self.kind {
            Kind::Accumulated(accumulation) => State::Accumulated { cell: accumulation.empty(), count: 0 },
            Kind::Extreme { .. } => State::Extreme(None),
        }
    }

    /// Adds rows `diff` times.
    fn add<'a>(
        &self,
        state: &mut State<'a>,
        partition: &Partition<'a>,
        (start, end): (usize, usize),
        diff: i64,
        stop: &mut Stop,
    ) {
        let mut arena = Arena::new();
        for row in start..end {
            stop.check();
            if let Some(filter) = self.filter
                && !matches!(partition.value(row, filter, &arena), Datum::Bool(true))
            {
                continue;
            }
            match state {
                State::Accumulated { cell, count } => {
                    *count += diff;
                    if let Some(argument) = self.argument {
                        cell.add(partition.value(row, argument, &arena), diff);
                    }
                }
                State::Extreme(best) => {
                    let Some(argument) = self.argument else { continue };
                    let packed = partition.packed(row, argument);
                    if packed.first() == Some(&NULL_TAG) {
                        continue;
                    }
                    let greatest = matches!(self.kind, Kind::Extreme { greatest: true });
                    if best.is_none_or(|best| if greatest { packed > best } else { packed < best }) {
                        *best = Some(packed);
                    }
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
        stop: &mut Stop,
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
                        self.add(&mut state, partition, (*start, *from), -1, stop);
                        self.add(&mut state, partition, (*end, *to), 1, stop);
                    }
                    (_, runs) => {
                        state = self.empty();
                        for run in runs {
                            self.add(&mut state, partition, *run, 1, stop);
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
