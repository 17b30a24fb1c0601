//! The proleptic Gregorian calendar, counted from 2000-01-01, and PostgreSQL's range of dates and timestamps.
//!
//! Years are astronomical: 0 is 1 BC.

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;
/// Days from 1970-01-01 to 2000-01-01.
pub const UNIX_EPOCH_DAYS: i32 = 10_957;
/// Microseconds from the Unix epoch to 2000-01-01.
pub const UNIX_EPOCH_MICROS: i64 = UNIX_EPOCH_DAYS as i64 * DAY;
/// Julian day number of 2000-01-01.
pub const EPOCH_JULIAN: i32 = 2_451_545;
/// The first timestamp: 4714-11-24 BC, Julian day 0.
pub const MIN_TIMESTAMP: i64 = -211_813_488_000_000_000;
/// The first microsecond after the last timestamp: 294277-01-01.
pub const END_TIMESTAMP: i64 = 9_223_371_331_200_000_000;
/// The first date: Julian day 0.
pub const MIN_DATE: i32 = -EPOCH_JULIAN;
/// The day after the last date: 5874898-01-01.
pub const END_DATE: i32 = 2_147_483_494 - EPOCH_JULIAN;

/// Days before 2000-01-01 (negative) or after it. Months may lie outside 1..=12 only by the caller's own account.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March, so that the leap day is the last; 400 years have 146,097 days.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_index = (month + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 730_425
}

/// Year, month and day of a day number.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let days = days + 730_425;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_index + 2) / 5 + 1) as u32;
    let month = (if month_index < 10 { month_index + 3 } else { month_index - 9 }) as u32;
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Whether a year has a leap day.
pub fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month.
pub fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Day of the week of a day number, 0 is Sunday. 2000-01-01 was a Saturday.
pub fn day_of_week(days: i64) -> u32 {
    (days + 6).rem_euclid(7) as u32
}

/// A timestamp's day number and microseconds within the day.
#[inline]
pub fn split_timestamp(micros: i64) -> (i64, i64) {
    (micros.div_euclid(DAY), micros.rem_euclid(DAY))
}

/// Whether a finite timestamp lies in PostgreSQL's range.
#[inline]
pub fn is_valid_timestamp(micros: i64) -> bool {
    (MIN_TIMESTAMP..END_TIMESTAMP).contains(&micros)
}

/// Whether a finite date lies in PostgreSQL's range.
#[inline]
pub fn is_valid_date(days: i64) -> bool {
    (MIN_DATE as i64..END_DATE as i64).contains(&days)
}

/// A date's timestamp at midnight; infinities stay; None out of range.
pub fn date_to_timestamp(days: i32) -> Option<i64> {
    match days {
        i32::MIN => Some(i64::MIN),
        i32::MAX => Some(i64::MAX),
        _ => (days as i64).checked_mul(DAY).filter(|micros| is_valid_timestamp(*micros)),
    }
}

/// Rounds half away from zero to `precision` (0..=6) digits of a second; other precisions change nothing.
pub fn round_micros(micros: i64, precision: i32) -> i64 {
    if !(0..6).contains(&precision) {
        return micros;
    }
    let unit = 10i64.pow(6 - precision as u32);
    let half = unit / 2;
    if micros >= 0 {
        micros.saturating_add(half) / unit * unit
    } else {
        -(micros.saturating_neg().saturating_add(half) / unit * unit)
    }
}
