//! Names of units as `extract`, `date_part` and `date_trunc` take them.

use tidewire_row::EvalError;

/// A unit or field of a date, time or interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Julian,
    Epoch,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

impl Unit {
    /// Whether it is a field only, not a span of time: `date_trunc` does not know such names.
    pub fn is_field_only(self) -> bool {
        matches!(
            self,
            Unit::DayOfWeek
                | Unit::IsoDayOfWeek
                | Unit::DayOfYear
                | Unit::IsoYear
                | Unit::Julian
                | Unit::Epoch
        )
    }
}

/// PostgreSQL compares names by their first ten bytes.
const SIGNIFICANT: usize = 10;

/// A unit's name as it is compared and shown in errors.
pub(in crate::functions) fn lower_unit(name: &str) -> String {
    name.to_lowercase()
}

/// The unit of a lower-case name.
pub(super) fn parse(name: &str) -> Option<Unit> {
    let mut end = name.len().min(SIGNIFICANT);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    Some(match &name[..end] {
        "microsecon" | "us" | "usec" | "usecond" | "useconds" | "usecs" => Unit::Microsecond,
        "millisecon" | "ms" | "msec" | "msecond" | "mseconds" | "msecs" => Unit::Millisecond,
        "s" | "sec" | "second" | "seconds" | "secs" => Unit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "week" | "weeks" => Unit::Week,
        "mon" | "mons" | "month" | "months" => Unit::Month,
        "qtr" | "quarter" => Unit::Quarter,
        "y" | "year" | "years" | "yr" | "yrs" => Unit::Year,
        "dec" | "decade" | "decades" | "decs" => Unit::Decade,
        "c" | "cent" | "centuries" | "century" => Unit::Century,
        "mil" | "millennia" | "millennium" | "mils" => Unit::Millennium,
        "dow" => Unit::DayOfWeek,
        "isodow" => Unit::IsoDayOfWeek,
        "doy" => Unit::DayOfYear,
        "isoyear" => Unit::IsoYear,
        "j" | "jd" | "julian" => Unit::Julian,
        "epoch" => Unit::Epoch,
        "timezone" => Unit::Timezone,
        "timezone_h" => Unit::TimezoneHour,
        "timezone_m" => Unit::TimezoneMinute,
        _ => return None,
    })
}

#[cold]
pub(super) fn not_recognized(unit: &str, type_name: &str) -> EvalError {
    EvalError::new("22023", format!("unit \"{unit}\" not recognized for type {type_name}"))
}

#[cold]
pub(super) fn not_supported(unit: &str, type_name: &str) -> EvalError {
    EvalError::new("0A000", format!("unit \"{unit}\" not supported for type {type_name}"))
}
