//! HOP: the windows that hold a timestamp.

use super::Rows;
use crate::context::EPOCH_SHIFT_MICROS;
use tidewire_row::{Datum, EvalError, EvalResult, Interval};

/// More windows than this for one row is refused: the row would multiply beyond what a batch can hold.
const MOST_WINDOWS: i128 = 100_000;

const DAY_MICROS: i128 = 86_400_000_000;

/// `(window_start, window_end)` of each window that holds the timestamp, in ascending order. A NULL or infinite
/// timestamp is in no window.
pub(super) fn hop(arguments: &[Datum<'_>], rows: &mut Rows) -> EvalResult<()> {
    let (at, with_zone) = match arguments[0] {
        Datum::Timestamp(at) => (at, false),
        Datum::Timestamptz(at) => (at, true),
        _ => return Ok(()),
    };
    if at == i64::MIN || at == i64::MAX {
        return Ok(());
    }
    let slide = span(arguments[1], "slide")?;
    let size = span(arguments[2], "size")?;
    if size / slide > MOST_WINDOWS {
        return Err(EvalError::new("54000", format!("a row would be in more than {MOST_WINDOWS} windows")));
    }
    let unix = at as i128 + EPOCH_SHIFT_MICROS as i128;
    let last = unix.div_euclid(slide) * slide;
    // The first start that is greater than unix - size.
    let mut start = last - ((last - (unix - size) - 1).div_euclid(slide)) * slide;
    while start <= last {
        let bound = |value: i128| {
            i64::try_from(value - EPOCH_SHIFT_MICROS as i128)
                .map_err(|_| EvalError::new("22008", "timestamp out of range"))
                .map(|value| if with_zone { Datum::Timestamptz(value) } else { Datum::Timestamp(value) })
        };
        rows.push(&[bound(start)?, bound(start + size)?])?;
        start += slide;
    }
    Ok(())
}

fn span(value: Datum<'_>, what: &str) -> EvalResult<i128> {
    let Datum::Interval(Interval { months, days, micros }) = value else {
        return Err(EvalError::new("22004", format!("HOP: {what} must not be null")));
    };
    if months != 0 {
        return Err(EvalError::new("0A000", format!("HOP: {what} in months is not supported"))
            .with_hint("Use days or shorter units."));
    }
    let span = days as i128 * DAY_MICROS + micros as i128;
    if span <= 0 {
        return Err(EvalError::new("22023", format!("HOP: {what} must be greater than zero")));
    }
    Ok(span)
}
