//! Arithmetic of intervals, and the justify functions.

use super::interval_out_of_range;
use crate::registry::{Function, fallible};
use tidewire_row::calendar::DAY;
use tidewire_row::{EvalError, EvalResult, Interval};

const SECONDS_PER_DAY: f64 = 86_400.0;
const DAYS_PER_MONTH: f64 = 30.0;

/// An interval that is finite by its arithmetic must not read as an infinity.
fn finite(months: Option<i32>, days: Option<i32>, micros: Option<i64>) -> EvalResult<Interval> {
    match (months, days, micros) {
        (Some(months), Some(days), Some(micros)) => {
            let interval = Interval { months, days, micros };
            if interval.is_finite() { Ok(interval) } else { Err(interval_out_of_range()) }
        }
        _ => Err(interval_out_of_range()),
    }
}

/// -interval
pub(super) fn negate(a: Interval) -> EvalResult<Interval> {
    if a == Interval::INFINITY {
        return Ok(Interval::NEG_INFINITY);
    }
    if a == Interval::NEG_INFINITY {
        return Ok(Interval::INFINITY);
    }
    finite(a.months.checked_neg(), a.days.checked_neg(), a.micros.checked_neg())
}

fn add(a: Interval, b: Interval) -> EvalResult<Interval> {
    match (a.is_finite(), b.is_finite()) {
        (true, true) => {
            finite(a.months.checked_add(b.months), a.days.checked_add(b.days), a.micros.checked_add(b.micros))
        }
        (true, false) => Ok(b),
        (false, true) => Ok(a),
        (false, false) if a == b => Ok(a),
        (false, false) => Err(interval_out_of_range()),
    }
}

fn subtract(a: Interval, b: Interval) -> EvalResult<Interval> {
    match (a.is_finite(), b.is_finite()) {
        (true, true) => {
            finite(a.months.checked_sub(b.months), a.days.checked_sub(b.days), a.micros.checked_sub(b.micros))
        }
        (true, false) => negate(b),
        (false, true) => Ok(a),
        (false, false) if a != b => Ok(a),
        (false, false) => Err(interval_out_of_range()),
    }
}

fn to_i32(value: f64) -> Option<i32> {
    (value >= i32::MIN as f64 && value < -(i32::MIN as f64)).then_some(value as i32)
}

fn to_i64(value: f64) -> Option<i64> {
    (value >= i64::MIN as f64 && value < -(i64::MIN as f64)).then_some(value as i64)
}

/// PostgreSQL's TSROUND: to whole millionths.
fn to_millionths(value: f64) -> f64 {
    (value * 1_000_000.0).round_ties_even() / 1_000_000.0
}

/// What `interval_mul` and `interval_div` share: fractions of months cascade into days of 30, fractions of days into
/// seconds. `scale` applies the factor.
fn scaled(a: Interval, scale: impl Fn(f64) -> f64) -> Option<EvalResult<Interval>> {
    let months_exact = scale(a.months as f64);
    let months = to_i32(months_exact)?;
    let days_exact = scale(a.days as f64);
    let mut days = to_i32(days_exact)?;
    let month_days = to_millionths((months_exact - months as f64) * DAYS_PER_MONTH);
    let mut seconds =
        to_millionths((days_exact - days as f64 + month_days - (month_days as i32) as f64) * SECONDS_PER_DAY);
    if seconds.abs() >= SECONDS_PER_DAY {
        let whole = (seconds / SECONDS_PER_DAY) as i32;
        days = days.checked_add(whole)?;
        seconds -= whole as f64 * SECONDS_PER_DAY;
    }
    days = days.checked_add(month_days as i32)?;
    let micros = to_i64((scale(a.micros as f64) + seconds * 1_000_000.0).round_ties_even())?;
    Some(finite(Some(months), Some(days), Some(micros)))
}

fn multiply(a: Interval, factor: f64) -> EvalResult<Interval> {
    if factor.is_nan() {
        return Err(interval_out_of_range());
    }
    if !a.is_finite() {
        if factor == 0.0 {
            return Err(interval_out_of_range());
        }
        return if factor < 0.0 { negate(a) } else { Ok(a) };
    }
    if factor.is_infinite() {
        return match a.span().signum() as f64 * factor.signum() {
            0.0 => Err(interval_out_of_range()),
            sign if sign < 0.0 => Ok(Interval::NEG_INFINITY),
            _ => Ok(Interval::INFINITY),
        };
    }
    scaled(a, |value| value * factor).unwrap_or_else(|| Err(interval_out_of_range()))
}

fn divide(a: Interval, divisor: f64) -> EvalResult<Interval> {
    if divisor == 0.0 {
        return Err(EvalError::division_by_zero());
    }
    if divisor.is_nan() {
        return Err(interval_out_of_range());
    }
    if !a.is_finite() {
        if divisor.is_infinite() {
            return Err(interval_out_of_range());
        }
        return if divisor < 0.0 { negate(a) } else { Ok(a) };
    }
    scaled(a, |value| value / divisor).unwrap_or_else(|| Err(interval_out_of_range()))
}

/// Time of opposite sign moves into the days.
fn same_sign_of_time(interval: &mut Interval) {
    if interval.days > 0 && interval.micros < 0 {
        interval.micros += DAY;
        interval.days -= 1;
    } else if interval.days < 0 && interval.micros > 0 {
        interval.micros -= DAY;
        interval.days += 1;
    }
}

pub(super) fn justify_hours(a: Interval) -> EvalResult<Interval> {
    if !a.is_finite() {
        return Ok(a);
    }
    let mut result = a;
    let whole = result.micros / DAY;
    result.micros -= whole * DAY;
    result.days = (result.days as i64 + whole).try_into().map_err(|_| interval_out_of_range())?;
    same_sign_of_time(&mut result);
    Ok(result)
}

fn months_of_days(interval: &mut Interval) -> EvalResult<()> {
    let whole = interval.days / 30;
    interval.days -= whole * 30;
    interval.months = interval.months.checked_add(whole).ok_or_else(interval_out_of_range)?;
    Ok(())
}

fn justify_days(a: Interval) -> EvalResult<Interval> {
    if !a.is_finite() {
        return Ok(a);
    }
    let mut result = a;
    months_of_days(&mut result)?;
    if result.months > 0 && result.days < 0 {
        result.days += 30;
        result.months -= 1;
    } else if result.months < 0 && result.days > 0 {
        result.days -= 30;
        result.months += 1;
    }
    Ok(result)
}

fn justify_interval(a: Interval) -> EvalResult<Interval> {
    if !a.is_finite() {
        return Ok(a);
    }
    let mut result = a;
    // First the days where that keeps the next sum in range.
    if (result.days > 0 && result.micros > 0) || (result.days < 0 && result.micros < 0) {
        months_of_days(&mut result)?;
    }
    let whole = result.micros / DAY;
    result.micros -= whole * DAY;
    result.days = (result.days as i64 + whole).try_into().map_err(|_| interval_out_of_range())?;
    months_of_days(&mut result)?;
    if result.months > 0 && (result.days < 0 || (result.days == 0 && result.micros < 0)) {
        result.days += 30;
        result.months -= 1;
    } else if result.months < 0 && (result.days > 0 || (result.days == 0 && result.micros > 0)) {
        result.days -= 30;
        result.months += 1;
    }
    same_sign_of_time(&mut result);
    Ok(result)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("interval_um", (a: Interval) => negate(a)),
    fallible!("interval_pl", (a: Interval, b: Interval) => add(a, b)),
    fallible!("interval_mi", (a: Interval, b: Interval) => subtract(a, b)),
    fallible!("interval_mul", (a: Interval, factor: Float64) => multiply(a, factor)),
    fallible!("mul_d_interval", (factor: Float64, a: Interval) => multiply(a, factor)),
    fallible!("interval_div", (a: Interval, divisor: Float64) => divide(a, divisor)),
    fallible!("interval_justify_hours", (a: Interval) => justify_hours(a)),
    fallible!("interval_justify_days", (a: Interval) => justify_days(a)),
    fallible!("interval_justify_interval", (a: Interval) => justify_interval(a)),
]];
