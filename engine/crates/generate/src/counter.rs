//! COUNTER: 1, 2, 3….

use crate::EventSink;
use tidewire_row::{Datum, push_datum};

/// Rows of the events `[from, from + count)`: one int8, the event's number counted from 1.
pub fn counter(from: u64, count: u64, sink: &mut impl EventSink) {
    let mut row = Vec::with_capacity(9);
    for event in from..from.saturating_add(count) {
        row.clear();
        push_datum(&mut row, Datum::Int64(i64::try_from(event).unwrap_or(i64::MAX).saturating_add(1)));
        sink.row(0, &row);
    }
}
