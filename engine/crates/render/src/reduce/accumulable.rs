//! Aggregates that add up, of each group: count, sum, avg, variance….

use super::group::{Grouping, Presence};
use crate::aggregate::codec::{Reader, put_int};
use crate::aggregate::{Accumulation, Cell};
use tidewire_plan::{Aggregate, ScalarType};
use tidewire_row::{Arena, push_datum, read_column, skip_column};

/// Aggregates over rows of argument columns: one for each aggregate but `count(*)`, NULL where the row does not take
/// part.
pub struct Accumulable {
    aggregates: Vec<Accumulation>,
    /// The argument columns of each aggregate.
    arguments: Vec<Vec<ScalarType>>,
    arena: Arena,
}

impl Accumulable {
    /// `arguments`: the types of each aggregate's argument columns; a `count(*)` has none. `monotonic`: rows are only added.
    pub fn new(
        aggregates: &[Aggregate],
        arguments: Vec<Vec<ScalarType>>,
        monotonic: bool,
    ) -> Result<Self, String> {
        let of = |aggregate| Accumulation::of(aggregate, monotonic);
        let aggregates = aggregates.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        Ok(Accumulable { aggregates, arguments, arena: Arena::new() })
    }

    /// Whether a group may have an error in the place of its row.
    pub fn can_raise(&self) -> bool {
        self.aggregates.iter().any(Accumulation::can_raise)
    }
}

/// The state of a group.
#[derive(Default)]
pub struct GroupState {
    /// Rows in the group.
    count: i64,
    /// One for each aggregate; empty while the group is new.
    cells: Box<[Cell]>,
}

impl Grouping for Accumulable {
    type State = GroupState;

    fn add(&mut self, state: &mut GroupState, value: &[u8], diff: i64) {
        if state.cells.is_empty() && !self.aggregates.is_empty() {
            state.cells = self.aggregates.iter().map(Accumulation::empty).collect();
        }
        state.count = state.count.wrapping_add(diff);
        {
            let (mut at, arena) = (0, &self.arena);
            for (cell, scalars) in state.cells.iter_mut().zip(&self.arguments) {
                match scalars[..] {
                    [] => {}
                    [scalar] => match cell {
                        Cell::First(first) => {
                            let start = at;
                            at = skip_column(value, at, scalar);
                            first.add(&value[start..at], diff);
                        }
                        _ => cell.add(read_column(value, &mut at, scalar, arena), diff),
                    },
                    _ => {
                        let mut read = |scalar| read_column(value, &mut at, scalar, arena);
                        cell.add_pair(read(scalars[0]), read(scalars[1]), diff);
                    }
                }
            }
        }
        if self.arena.allocated_bytes() > 1 << 16 {
            self.arena.reset();
        }
    }

    fn is_empty(&self, state: &GroupState) -> bool {
        state.count == 0
    }

    fn encode(&self, state: &GroupState, out: &mut Vec<u8>) {
        put_int(out, state.count);
        state.cells.iter().for_each(|cell| cell.encode(out));
    }

    fn decode(&self, bytes: &[u8]) -> GroupState {
        let reader = &mut Reader::new(bytes);
        let count = reader.int();
        GroupState {
            count,
            cells: self.aggregates.iter().map(|aggregate| aggregate.decode(reader)).collect(),
        }
    }

    fn state_byte_count(&self) -> usize {
        self.aggregates.len() * size_of::<Cell>()
    }

    fn present(&mut self, state: &GroupState, out: &mut Vec<u8>) -> Presence {
        if state.count < 0 {
            return Presence::Absent;
        }
        self.arena.reset();
        let start = out.len();
        for (aggregate, cell) in self.aggregates.iter().zip(&state.cells) {
            let presented = match cell {
                Cell::First(first) => first.present(out),
                _ => aggregate.value(cell, state.count, &self.arena).map(|value| push_datum(out, value)),
            };
            match presented {
                Ok(()) => {}
                Err(error) => {
                    out.truncate(start);
                    error.encode(out);
                    return Presence::Error;
                }
            }
        }
        Presence::Row(1)
    }
}
