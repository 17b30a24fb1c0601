//! Sums and differences of dates, times, timestamps and intervals.

use super::casts::midnight;
use super::interval::{justify_hours, negate};
use super::zone::{Zoned, parse_zone};
use super::{Fields, instant, interval_out_of_range, is_infinite, timestamp_out_of_range, valid};
use crate::context::Env;
use crate::registry::{Function, fallible, mismatch, total};
use tidewire_row::calendar::{self, DAY};
use tidewire_row::{Datum, EvalError, EvalResult, Interval};

/// Adds months to a local timestamp; the day is cut to the month's length.
fn add_months(local: i64, months: i32) -> Option<i64> {
    let mut fields = Fields::of(local);
    let total = fields.year * 12 + fields.month - 1 + months as i64;
    fields.year = total.div_euclid(12);
    fields.month = total.rem_euclid(12) + 1;
    fields.day = fields.day.min(calendar::days_in_month(fields.year, fields.month as u32) as i64);
    fields.timestamp()
}

fn add_days(local: i64, days: i32) -> Option<i64> {
    let (day, time) = calendar::split_timestamp(local);
    (day + days as i64).checked_mul(DAY).and_then(|midnight| midnight.checked_add(time))
}

/// The sum with an infinity on either side; None when both are finite.
fn infinite_sum(at: i64, span: Interval) -> Option<EvalResult<i64>> {
    if !span.is_finite() {
        let infinity = if span == Interval::INFINITY { i64::MAX } else { i64::MIN };
        // Infinity plus its opposite has no value.
        return Some(if is_infinite(at) && at != infinity {
            Err(timestamp_out_of_range())
        } else {
            Ok(infinity)
        });
    }
    is_infinite(at).then_some(Ok(at))
}

/// timestamp + interval: months, then days, then the rest.
pub(crate) fn timestamp_plus(at: i64, span: Interval) -> EvalResult<i64> {
    if let Some(result) = infinite_sum(at, span) {
        return result;
    }
    let mut at = at;
    if span.months != 0 {
        at = valid(add_months(at, span.months))?;
    }
    if span.days != 0 {
        at = valid(add_days(at, span.days))?;
    }
    valid(at.checked_add(span.micros))
}

/// timestamptz + interval: months and days count in local time.
pub(crate) fn timestamptz_plus(at: i64, span: Interval, zone: &impl Zoned) -> EvalResult<i64> {
    if let Some(result) = infinite_sum(at, span) {
        return result;
    }
    let mut at = at;
    if span.months != 0 {
        at = valid(add_months(zone.local(at), span.months).map(|local| zone.utc(local)))?;
    }
    if span.days != 0 {
        at = valid(add_days(zone.local(at), span.days).map(|local| zone.utc(local)))?;
    }
    valid(at.checked_add(span.micros))
}

/// The difference of two timestamps of which one is infinite; None when both are finite.
pub(super) fn infinite_difference(a: i64, b: i64) -> Option<EvalResult<Interval>> {
    if !is_infinite(a) && !is_infinite(b) {
        return None;
    }
    if a == b {
        return Some(Err(interval_out_of_range()));
    }
    Some(Ok(if a == i64::MAX || b == i64::MIN { Interval::INFINITY } else { Interval::NEG_INFINITY }))
}

fn timestamp_minus(a: i64, b: i64) -> EvalResult<Interval> {
    if let Some(result) = infinite_difference(a, b) {
        return result;
    }
    let micros = a.checked_sub(b).ok_or_else(interval_out_of_range)?;
    justify_hours(Interval { months: 0, days: 0, micros })
}

fn is_infinite_date(date: i32) -> bool {
    date == i32::MIN || date == i32::MAX
}

fn date_plus(date: i32, days: i64) -> EvalResult<Datum<'static>> {
    if is_infinite_date(date) {
        return Ok(Datum::Date(date));
    }
    let sum = date as i64 + days;
    if calendar::is_valid_date(sum) {
        Ok(Datum::Date(sum as i32))
    } else {
        Err(EvalError::new("22008", "date out of range"))
    }
}

fn date_minus(a: i32, b: i32) -> EvalResult<i32> {
    if is_infinite_date(a) || is_infinite_date(b) {
        return Err(EvalError::new("22008", "cannot subtract infinite dates"));
    }
    Ok(a - b)
}

fn date_and_time(date: i32, time: i64) -> EvalResult<Datum<'static>> {
    let at = midnight(date)?;
    if is_infinite(at) {
        return Ok(Datum::Timestamp(at));
    }
    valid(at.checked_add(time)).map(Datum::Timestamp)
}

fn time_plus(time: i64, span: Interval, refusal: &str) -> EvalResult<Datum<'static>> {
    if !span.is_finite() {
        return Err(EvalError::new("22008", refusal));
    }
    Ok(Datum::Time((time + span.micros % DAY).rem_euclid(DAY)))
}

fn time_minus(time: i64, span: Interval) -> EvalResult<Datum<'static>> {
    if !span.is_finite() {
        return Err(EvalError::new("22008", "cannot subtract infinite interval from time"));
    }
    Ok(Datum::Time((time - span.micros % DAY).rem_euclid(DAY)))
}

fn minus<'a>(arguments: &[Datum<'a>], _env: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *arguments {
        [a, b] => match (instant(a), instant(b)) {
            (Some((a, _)), Some((b, _))) => timestamp_minus(a, b).map(Datum::Interval),
            _ => Err(mismatch("timestamp_mi", arguments)),
        },
        _ => Err(mismatch("timestamp_mi", arguments)),
    }
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("date_pli", (a: Date, days: Int32) => date_plus(a, days as i64)),
    fallible!("date_mii", (a: Date, days: Int32) => date_plus(a, -(days as i64))),
    fallible!("date_mi", (a: Date, b: Date) => date_minus(a, b)),
    fallible!("date_pl_interval", (a: Date, span: Interval) =>
        midnight(a).and_then(|at| timestamp_plus(at, span)).map(Datum::Timestamp)),
    fallible!("date_mi_interval", (a: Date, span: Interval) =>
        midnight(a).and_then(|at| timestamp_plus(at, negate(span)?)).map(Datum::Timestamp)),
    fallible!("datetime_timestamp", (a: Date, time: Time) => date_and_time(a, time)),
    fallible!("timestamp_pl_interval", (a: Timestamp, span: Interval) =>
        timestamp_plus(a, span).map(Datum::Timestamp)),
    fallible!("timestamp_mi_interval", (a: Timestamp, span: Interval) =>
        negate(span).and_then(|span| timestamp_plus(a, span)).map(Datum::Timestamp)),
    fallible!("timestamptz_pl_interval", (a: Timestamptz, span: Interval), env =>
        timestamptz_plus(a, span, &env.settings().time_zone).map(Datum::Timestamptz))
    .stable(),
    fallible!("timestamptz_mi_interval", (a: Timestamptz, span: Interval), env =>
        negate(span)
            .and_then(|span| timestamptz_plus(a, span, &env.settings().time_zone))
            .map(Datum::Timestamptz))
    .stable(),
    fallible!("timestamptz_pl_interval_at_zone", (a: Timestamptz, span: Interval, zone: Text), env =>
        parse_zone(zone, env).and_then(|zone| timestamptz_plus(a, span, &*zone)).map(Datum::Timestamptz)),
    fallible!("timestamptz_mi_interval_at_zone", (a: Timestamptz, span: Interval, zone: Text), env =>
        parse_zone(zone, env)
            .and_then(|zone| timestamptz_plus(a, negate(span)?, &*zone))
            .map(Datum::Timestamptz)),
    Function::strict("timestamp_mi", minus),
    fallible!("time_pl_interval", (a: Time, span: Interval) =>
        time_plus(a, span, "cannot add infinite interval to time")),
    fallible!("time_mi_interval", (a: Time, span: Interval) => time_minus(a, span)),
    total!("time_mi_time", (a: Time, b: Time) => Interval { months: 0, days: 0, micros: a - b }),
]];
