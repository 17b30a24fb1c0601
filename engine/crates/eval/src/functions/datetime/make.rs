//! `make_date`, `make_time`, `make_timestamp`, `make_timestamptz`, `make_interval`, `to_timestamp(float8)`.

use super::zone::{NamedZone, Zoned, numeric_offset, parse_zone};
use super::{interval_out_of_range, is_infinite, timestamp_out_of_range, valid};
use crate::context::Env;
use crate::registry::{Function, fallible};
use std::sync::Arc;
use tidewire_row::calendar::{self, DAY, HOUR, MINUTE, SECOND, UNIX_EPOCH_MICROS};
use tidewire_row::timezone::Zone;
use tidewire_row::{Datum, EvalError, EvalResult, Interval};

/// C's `%02g`.
fn short_float(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_string();
    }
    let exponent = if value == 0.0 {
        0
    } else {
        format!("{value:.5e}").rsplit('e').next().map_or(0, |e| e.parse().unwrap_or(0))
    };
    let text = if (-4..6).contains(&exponent) {
        let fixed = format!("{value:.*}", (5 - exponent) as usize);
        if fixed.contains('.') {
            fixed.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            fixed
        }
    } else {
        let (mantissa, exponent) = match format!("{value:.5e}").split_once('e') {
            Some((mantissa, exponent)) => (mantissa.to_string(), exponent.parse::<i32>().unwrap_or(0)),
            None => (value.to_string(), 0),
        };
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.').to_string();
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}e{sign}{:02}", exponent.abs())
    };
    match text.strip_prefix('-') {
        Some(_) if text.len() >= 2 => text,
        _ => format!("{text:0>2}"),
    }
}

/// The day number of a year (negative: BC), month and day. `shown` is the year in messages.
fn day_number(year: i32, month: i32, day: i32, shown: i32) -> EvalResult<i64> {
    // There is no year 0; -1 is 1 BC, which is year 0 of the calendar.
    let astronomical = if year < 0 { year as i64 + 1 } else { year as i64 };
    let refuse =
        |what: &str| EvalError::new("22008", format!("date{what} out of range: {shown}-{month:02}-{day:02}"));
    if year == 0
        || !(1..=12).contains(&month)
        || day < 1
        || day as u32 > calendar::days_in_month(astronomical, month as u32)
        || year == i32::MIN
    {
        return Err(refuse(" field value"));
    }
    let days = calendar::days_from_civil(astronomical, month as i64, day as i64);
    // PostgreSQL's own bounds of Julian days, a little wider than those of dates.
    if days >= calendar::MIN_DATE as i64 && (astronomical, month) < (5_874_898, 6) {
        Ok(days)
    } else {
        Err(refuse(""))
    }
}

fn make_date(year: i32, month: i32, day: i32) -> EvalResult<Datum<'static>> {
    // PostgreSQL's message shows a year BC as it counts inside.
    let shown = if year < 0 && year > i32::MIN { year + 1 } else { year };
    let days = day_number(year, month, day, shown)?;
    if calendar::is_valid_date(days) {
        return Ok(Datum::Date(days as i32));
    }
    Err(EvalError::new("22008", format!("date out of range: {year}-{month:02}-{day:02}")))
}

/// Microseconds of the day.
fn time_of_day(hour: i32, minute: i32, second: f64) -> EvalResult<i64> {
    let refuse = || {
        EvalError::new(
            "22008",
            format!("time field value out of range: {hour}:{minute:02}:{}", short_float(second)),
        )
    };
    let micros = (second * 1e6).round_ties_even();
    if !(0..=24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..=60e6).contains(&micros) {
        return Err(refuse());
    }
    let time = hour as i64 * HOUR + minute as i64 * MINUTE + micros as i64;
    if time > DAY { Err(refuse()) } else { Ok(time) }
}

fn local_timestamp(year: i32, month: i32, day: i32, hour: i32, minute: i32, second: f64) -> EvalResult<i64> {
    let days = day_number(year, month, day, year)?;
    let time = time_of_day(hour, minute, second)?;
    let at = days.checked_mul(DAY).and_then(|midnight| midnight.checked_add(time));
    at.filter(|at| calendar::is_valid_timestamp(*at)).ok_or_else(|| {
        EvalError::new(
            "22008",
            format!(
                "timestamp out of range: {year}-{month:02}-{day:02} {hour}:{minute:02}:{}",
                short_float(second)
            ),
        )
    })
}

/// A zone as `make_timestamptz` takes it: an offset with its sign, or a name.
fn zone_argument(name: &str, env: &Env<'_>) -> EvalResult<Arc<NamedZone>> {
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(EvalError::invalid_syntax("numeric time zone", name)
            .with_hint("Numeric time zones must have \"-\" or \"+\" as first character."))
        .map_err(|error| {
            EvalError::new("22023", error.message()).with_hint(error.hint().unwrap_or_default())
        });
    }
    if let Some(seconds) = numeric_offset(name) {
        return match seconds {
            Some(seconds) => Ok(Arc::new(Zone::fixed(seconds).into())),
            None => Err(EvalError::new("22023", format!("numeric time zone \"{name}\" out of range"))),
        };
    }
    parse_zone(name, env)
}

fn make_interval(
    years: i32,
    months: i32,
    weeks: i32,
    days: i32,
    hours: i32,
    minutes: i32,
    seconds: f64,
) -> EvalResult<Interval> {
    let scaled = seconds * 1e6;
    if scaled.is_infinite() && seconds.is_finite() {
        return Err(EvalError::new("22003", "value out of range: overflow"));
    }
    let seconds = scaled.round_ties_even();
    let in_range = seconds >= i64::MIN as f64 && seconds < -(i64::MIN as f64);
    let interval = (|| {
        let months = years.checked_mul(12)?.checked_add(months)?;
        let days = weeks.checked_mul(7)?.checked_add(days)?;
        let micros = hours as i64 * HOUR + minutes as i64 * MINUTE;
        let micros = micros.checked_add(in_range.then_some(seconds as i64)?)?;
        Some(Interval { months, days, micros })
    })();
    interval.filter(Interval::is_finite).ok_or_else(interval_out_of_range)
}

fn from_unix(seconds: f64) -> EvalResult<i64> {
    let out_of_range =
        || EvalError::new("22008", format!("timestamp out of range: \"{}\"", general_float(seconds)));
    if seconds.is_nan() {
        return Err(EvalError::new("22008", "timestamp cannot be NaN"));
    }
    if seconds.is_infinite() {
        return Ok(if seconds > 0.0 { i64::MAX } else { i64::MIN });
    }
    let low = (calendar::MIN_TIMESTAMP + UNIX_EPOCH_MICROS) as f64 / 1e6;
    let high = (calendar::END_TIMESTAMP / SECOND + UNIX_EPOCH_MICROS / SECOND) as f64;
    if seconds < low || seconds >= high {
        return Err(out_of_range());
    }
    let shifted = seconds - (UNIX_EPOCH_MICROS / SECOND) as f64;
    let micros = (shifted * 1e6).round_ties_even() as i64;
    if is_infinite(micros) {
        return Err(timestamp_out_of_range());
    }
    valid(Some(micros)).map_err(|_| out_of_range())
}

/// C's `%g`.
fn general_float(value: f64) -> String {
    let text = short_float(value);
    match text.strip_prefix('0') {
        Some(rest) if rest.len() == 1 => rest.to_string(),
        _ => text,
    }
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("make_date", (year: Int32, month: Int32, day: Int32) =>
        make_date(year, month, day)),
    fallible!("make_time", (hour: Int32, minute: Int32, second: Float64) =>
        time_of_day(hour, minute, second).map(Datum::Time)),
    fallible!("make_timestamp",
        (year: Int32, month: Int32, day: Int32, hour: Int32, minute: Int32, second: Float64) =>
        local_timestamp(year, month, day, hour, minute, second).map(Datum::Timestamp)),
    fallible!("make_timestamptz",
        (year: Int32, month: Int32, day: Int32, hour: Int32, minute: Int32, second: Float64), env =>
        local_timestamp(year, month, day, hour, minute, second)
            .and_then(|local| valid(Some(env.settings().time_zone.to_utc(local))))
            .map(Datum::Timestamptz)).stable(),
    fallible!("make_timestamptz_at_timezone",
        (year: Int32, month: Int32, day: Int32, hour: Int32, minute: Int32, second: Float64, zone: Text), env =>
        local_timestamp(year, month, day, hour, minute, second)
            .and_then(|local| valid(Some(zone_argument(zone, env)?.utc(local))))
            .map(Datum::Timestamptz)).stable(),
    fallible!("make_interval",
        (years: Int32, months: Int32, weeks: Int32, days: Int32, hours: Int32, minutes: Int32, seconds: Float64) =>
        make_interval(years, months, weeks, days, hours, minutes, seconds)),
    fallible!("float8_timestamptz", (seconds: Float64) => from_unix(seconds).map(Datum::Timestamptz)),
]];
