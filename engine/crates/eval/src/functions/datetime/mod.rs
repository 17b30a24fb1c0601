//! date, time, timestamp, timestamptz and interval.
//!
//! Values are days or microseconds since 2000-01-01, with the ends of their integers as infinities. What depends on the
//! session's time zone is stable, not immutable.

mod age;
mod arithmetic;
mod binning;
mod casts;
mod comparison;
mod extract;
mod interval;
mod make;
mod overlaps;
mod truncate;
mod units;
mod zone;

use crate::registry::Function;
pub(crate) use arithmetic::{timestamp_plus, timestamptz_plus};
use tidewire_row::calendar::{self, DAY, HOUR, MINUTE, SECOND};
use tidewire_row::{Datum, EvalError, EvalResult};
pub(crate) use zone::parse_zone;

/// All families of this folder.
pub(super) fn families() -> Vec<&'static [Function]> {
    [
        comparison::FUNCTIONS,
        casts::FUNCTIONS,
        arithmetic::FUNCTIONS,
        interval::FUNCTIONS,
        age::FUNCTIONS,
        extract::FUNCTIONS,
        truncate::FUNCTIONS,
        binning::FUNCTIONS,
        make::FUNCTIONS,
        overlaps::FUNCTIONS,
        zone::FUNCTIONS,
    ]
    .concat()
}

/// A timestamp's infinity.
pub(super) fn is_infinite(at: i64) -> bool {
    at == i64::MIN || at == i64::MAX
}

#[cold]
pub(super) fn timestamp_out_of_range() -> EvalError {
    EvalError::new("22008", "timestamp out of range")
}

#[cold]
pub(super) fn interval_out_of_range() -> EvalError {
    EvalError::new("22008", "interval out of range")
}

#[cold]
pub(super) fn date_out_of_range_for_timestamp() -> EvalError {
    EvalError::new("22008", "date out of range for timestamp")
}

/// A finite timestamp if it is in range.
pub(super) fn valid(at: Option<i64>) -> EvalResult<i64> {
    at.filter(|at| calendar::is_valid_timestamp(*at)).ok_or_else(timestamp_out_of_range)
}

/// A local timestamp by fields; year 0 is 1 BC.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub micros: i64,
}

impl Fields {
    pub fn of(local: i64) -> Self {
        let (days, within) = calendar::split_timestamp(local);
        let (year, month, day) = calendar::civil_from_days(days);
        Fields {
            year,
            month: month as i64,
            day: day as i64,
            hour: within / HOUR,
            minute: within / MINUTE % 60,
            second: within / SECOND % 60,
            micros: within % SECOND,
        }
    }

    pub fn days(&self) -> i64 {
        calendar::days_from_civil(self.year, self.month, self.day)
    }

    pub fn micros_of_day(&self) -> i64 {
        self.hour * HOUR + self.minute * MINUTE + self.second * SECOND + self.micros
    }

    /// The local timestamp, not checked for PostgreSQL's range.
    pub fn timestamp(&self) -> Option<i64> {
        self.days().checked_mul(DAY)?.checked_add(self.micros_of_day())
    }
}

/// The day number of the Monday of the ISO week that a day is in.
pub(super) fn monday(days: i64) -> i64 {
    // 2000-01-03 was a Monday.
    days - (days - 2).rem_euclid(7)
}

/// ISO year and week of a day number; year 0 is 1 BC.
pub(super) fn iso_week(days: i64) -> (i64, i64) {
    let thursday = monday(days) + 3;
    let (year, _, _) = calendar::civil_from_days(thursday);
    let first = calendar::days_from_civil(year, 1, 1);
    (year, (thursday - first) / 7 + 1)
}

/// The day number of the Monday of an ISO year's week.
pub(super) fn iso_week_start(year: i64, week: i64) -> i64 {
    monday(calendar::days_from_civil(year, 1, 4)) + (week - 1) * 7
}

/// Day of the year, counted from 1.
pub(super) fn day_of_year(fields: &Fields) -> i64 {
    fields.days() - calendar::days_from_civil(fields.year, 1, 1) + 1
}

/// A timestamp of either kind and which it is, for opcodes that serve both.
pub(super) fn instant(value: Datum<'_>) -> Option<(i64, bool)> {
    match value {
        Datum::Timestamp(at) => Some((at, false)),
        Datum::Timestamptz(at) => Some((at, true)),
        _ => None,
    }
}
