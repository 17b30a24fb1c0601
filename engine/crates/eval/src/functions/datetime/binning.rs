//! `date_bin`.

use super::{interval_out_of_range, is_infinite, valid};
use crate::registry::{Function, fallible};
use tidewire_row::calendar::DAY;
use tidewire_row::{Datum, EvalError, EvalResult, Interval};

/// The start of the bin, counted from `origin` in steps of `stride`, that holds `at`.
fn bin(stride: Interval, at: i64, origin: i64) -> EvalResult<i64> {
    let refuse = |message: &str| Err(EvalError::new("22008", message));
    if is_infinite(at) {
        return Ok(at);
    }
    if is_infinite(origin) {
        return refuse("origin out of range");
    }
    if !stride.is_finite() {
        return refuse("timestamps cannot be binned into infinite intervals");
    }
    if stride.months != 0 {
        return Err(EvalError::new(
            "0A000",
            "timestamps cannot be binned into intervals containing months or years",
        ));
    }
    let stride = (stride.days as i64)
        .checked_mul(DAY)
        .and_then(|days| days.checked_add(stride.micros))
        .ok_or_else(interval_out_of_range)?;
    if stride <= 0 {
        return refuse("stride must be greater than zero");
    }
    let distance = at.checked_sub(origin).ok_or_else(interval_out_of_range)?;
    valid(origin.checked_add(distance.div_euclid(stride).checked_mul(stride).unwrap_or(i64::MIN)))
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("timestamp_bin", (stride: Interval, a: Timestamp, origin: Timestamp) =>
        bin(stride, a, origin).map(Datum::Timestamp)),
    fallible!("timestamptz_bin", (stride: Interval, a: Timestamptz, origin: Timestamptz) =>
        bin(stride, a, origin).map(Datum::Timestamptz)),
]];
