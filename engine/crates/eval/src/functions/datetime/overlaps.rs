//! `(begin, end) OVERLAPS (begin, end)`.

use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_row::{Datum, EvalResult};

/// A range whose end may not be known; None: neither is its begin.
fn ordered(begin: Option<i64>, end: Option<i64>) -> Option<(i64, Option<i64>)> {
    match (begin, end) {
        (None, None) => None,
        (None, Some(end)) => Some((end, None)),
        (Some(begin), Some(end)) if begin > end => Some((end, Some(begin))),
        (Some(begin), end) => Some((begin, end)),
    }
}

/// The SQL standard's `(S1 > S2 AND NOT (S1 >= T2 AND T1 >= T2)) OR …`, as PostgreSQL simplifies it.
fn overlap(first: (i64, Option<i64>), second: (i64, Option<i64>)) -> Option<bool> {
    let (earlier, later) = if first.0 <= second.0 { (first, second) } else { (second, first) };
    if earlier.0 == later.0 {
        return (earlier.1.is_some() && later.1.is_some()).then_some(true);
    }
    match earlier.1? {
        end if later.0 < end => Some(true),
        _ => later.1.map(|_| false),
    }
}

fn overlaps<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    let mut ends = [None; 4];
    for (value, end) in values.iter().zip(&mut ends) {
        *end = match *value {
            Datum::Null => None,
            Datum::Time(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => Some(value),
            _ => return Err(mismatch("overlaps", values)),
        };
    }
    let [begin, end, other_begin, other_end] = ends;
    let first = ordered(begin, end);
    let second = ordered(other_begin, other_end);
    let found = first.and_then(|first| overlap(first, second?));
    Ok(found.map_or(Datum::Null, Datum::Bool))
}

pub(super) const FUNCTIONS: &[&[Function]] =
    &[&[Function::lenient("overlaps_timestamp", overlaps), Function::lenient("overlaps_time", overlaps)]];
