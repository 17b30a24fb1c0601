//! interval: input, the typmod, and output.

mod decode;
mod encode;
mod iso;
mod parts;

use super::FormatSettings;
use super::datetime::Refusal;
use crate::calendar::{HOUR, MINUTE, round_micros};
use crate::{EvalError, EvalResult, Interval};
use decode::{Decoded, decode};
use iso::decode_iso;

pub(super) use encode::write;

/// Bits of a field in an interval typmod's range.
mod range {
    pub const MONTH: i32 = 1 << 1;
    pub const YEAR: i32 = 1 << 2;
    pub const DAY: i32 = 1 << 3;
    pub const HOUR: i32 = 1 << 10;
    pub const MINUTE: i32 = 1 << 11;
    pub const SECOND: i32 = 1 << 12;
    pub const FULL: i32 = 0x7fff;
}

/// The fields that a typmod allows, and its precision of seconds (6 for none).
fn decode_typmod(typmod: i32) -> (i32, i32) {
    if typmod < 0 {
        return (range::FULL, 6);
    }
    let precision = typmod & 0xffff;
    ((typmod >> 16) & 0x7fff, if precision == 0xffff { 6 } else { precision })
}

/// `interval_in`
pub(super) fn parse(input: &str, typmod: i32, settings: &FormatSettings) -> EvalResult<Interval> {
    let (fields, _) = decode_typmod(typmod);
    let refuse = |refusal: Refusal| {
        let refusal = if refusal == Refusal::FieldOverflow { Refusal::IntervalOverflow } else { refusal };
        refusal.into_error("interval", input)
    };
    let decoded = match decode(input, fields, settings) {
        Err(Refusal::BadFormat) => decode_iso(input).map(Decoded::Parts),
        other => other,
    };
    let parts = match decoded.map_err(refuse)? {
        Decoded::Infinity(positive) => {
            return Ok(if positive { Interval::INFINITY } else { Interval::NEG_INFINITY });
        }
        Decoded::Parts(parts) => parts,
    };
    let months = parts.years as i64 * 12 + parts.months as i64;
    let interval = Interval {
        months: i32::try_from(months).map_err(|_| EvalError::new("22008", "interval out of range"))?,
        days: parts.days,
        micros: parts.micros,
    };
    apply_typmod(interval, typmod)
}

/// `AdjustIntervalForTypmod`: drops fields below the range's last and rounds seconds.
pub fn apply_typmod(interval: Interval, typmod: i32) -> EvalResult<Interval> {
    if typmod < 0 || !interval.is_finite() {
        return Ok(interval);
    }
    let (fields, precision) = decode_typmod(typmod);
    let Interval { mut months, mut days, mut micros } = interval;
    let cut = |micros: i64, unit: i64| micros / unit * unit;
    if fields != range::FULL {
        // The last field of the range decides.
        if fields & range::SECOND != 0 {
        } else if fields & range::MINUTE != 0 {
            micros = cut(micros, MINUTE);
        } else if fields & range::HOUR != 0 {
            micros = cut(micros, HOUR);
        } else if fields & range::DAY != 0 {
            micros = 0;
        } else if fields & range::MONTH != 0 {
            (days, micros) = (0, 0);
        } else if fields & range::YEAR != 0 {
            (months, days, micros) = (months / 12 * 12, 0, 0);
        }
    }
    if precision < 6 {
        let half = 10i64.pow(6 - precision.max(0) as u32) / 2;
        if micros.checked_add(if micros < 0 { -half } else { half }).is_none() {
            return Err(EvalError::new("22008", "interval out of range"));
        }
        micros = round_micros(micros, precision);
    }
    Ok(Interval { months, days, micros })
}
