//! Casts among date, time, timestamp, timestamptz and interval, and length coercions.

use super::{date_out_of_range_for_timestamp, is_infinite, valid};
use crate::context::Env;
use crate::registry::{Function, fallible, total};
use tidewire_row::calendar::{self, DAY};
use tidewire_row::{Datum, EvalError, EvalResult, Interval, io};

/// A date's midnight.
pub(super) fn midnight(days: i32) -> EvalResult<i64> {
    calendar::date_to_timestamp(days).ok_or_else(date_out_of_range_for_timestamp)
}

fn midnight_instant(days: i32, env: &Env<'_>) -> EvalResult<i64> {
    let local = midnight(days)?;
    if is_infinite(local) {
        return Ok(local);
    }
    let utc = env.settings().time_zone.to_utc(local);
    if calendar::is_valid_timestamp(utc) { Ok(utc) } else { Err(date_out_of_range_for_timestamp()) }
}

/// The date of a local timestamp.
pub(super) fn date_of(local: i64) -> i32 {
    match local {
        i64::MIN => i32::MIN,
        i64::MAX => i32::MAX,
        _ => local.div_euclid(DAY) as i32,
    }
}

/// The local time of an instant in the session's zone; infinities stay.
pub(super) fn to_local(at: i64, env: &Env<'_>) -> EvalResult<i64> {
    if is_infinite(at) { Ok(at) } else { valid(Some(env.settings().time_zone.to_local(at))) }
}

/// The instant of a local time in the session's zone; infinities stay.
pub(super) fn to_utc(at: i64, env: &Env<'_>) -> EvalResult<i64> {
    if is_infinite(at) { Ok(at) } else { valid(Some(env.settings().time_zone.to_utc(at))) }
}

fn time_of(local: i64) -> Datum<'static> {
    if is_infinite(local) { Datum::Null } else { Datum::Time(local.rem_euclid(DAY)) }
}

fn round(at: i64, precision: i32) -> EvalResult<i64> {
    if is_infinite(at) {
        return Ok(at);
    }
    if !(0..=6).contains(&precision) {
        return Err(EvalError::new(
            "22023",
            format!("timestamp({precision}) precision must be between 0 and 6"),
        ));
    }
    Ok(calendar::round_micros(at, precision))
}

fn time_of_interval(interval: Interval) -> EvalResult<Datum<'static>> {
    if !interval.is_finite() {
        return Err(EvalError::new("22008", "cannot convert infinite interval to time"));
    }
    Ok(Datum::Time(interval.micros.rem_euclid(DAY)))
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("date_timestamp", (a: Date) => midnight(a).map(Datum::Timestamp)),
    fallible!("date_timestamptz", (a: Date), env => midnight_instant(a, env).map(Datum::Timestamptz)).stable(),
    total!("timestamp_date", (a: Timestamp) => Datum::Date(date_of(a))),
    fallible!("timestamptz_date", (a: Timestamptz), env => to_local(a, env).map(|at| Datum::Date(date_of(at))))
        .stable(),
    total!("timestamp_time", (a: Timestamp) => time_of(a)),
    fallible!("timestamptz_time", (a: Timestamptz), env => to_local(a, env).map(time_of)).stable(),
    fallible!("timestamp_timestamptz", (a: Timestamp), env => to_utc(a, env).map(Datum::Timestamptz)).stable(),
    fallible!("timestamptz_timestamp", (a: Timestamptz), env => to_local(a, env).map(Datum::Timestamp)).stable(),
    total!("time_interval", (a: Time) => Interval { months: 0, days: 0, micros: a }),
    fallible!("interval_time", (a: Interval) => time_of_interval(a)),
    fallible!("timestamp_scale", (a: Timestamp, precision: Int32) => round(a, precision).map(Datum::Timestamp)),
    fallible!("timestamptz_scale", (a: Timestamptz, precision: Int32) =>
        round(a, precision).map(Datum::Timestamptz)),
    total!("time_scale", (a: Time, precision: Int32) => Datum::Time(calendar::round_micros(a, precision))),
    fallible!("interval_scale", (a: Interval, typmod: Int32) => io::apply_interval_typmod(a, typmod)),
]];
