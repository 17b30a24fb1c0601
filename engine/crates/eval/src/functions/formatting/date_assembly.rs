//! The fields that a picture gave, put together into a moment and checked.

use super::date_picture::Convention;
use crate::functions::datetime::iso_week_start;
use tidewire_row::abbreviations::Abbreviation;
use tidewire_row::calendar::{self, EPOCH_JULIAN, HOUR, MINUTE, SECOND};
use tidewire_row::{EvalError, EvalResult};

/// The fields that were read; 0 is "not given", as PostgreSQL has it.
#[derive(Default)]
pub(super) struct Given {
    pub convention: Option<Convention>,
    pub hour: i32,
    pub minute: i32,
    pub second: i32,
    pub seconds_of_day: i32,
    pub millisecond: i32,
    pub microsecond: i32,
    /// The digits of FFn.
    pub precision: Option<u8>,
    pub twelve_hours: bool,
    pub afternoon: i32,
    pub before_christ: i32,
    pub day_of_week: i32,
    pub day: i32,
    pub day_of_year: i32,
    pub month: i32,
    pub year: i32,
    /// Digits of the year's pattern.
    pub year_digits: u8,
    pub week: i32,
    pub week_of_month: i32,
    pub century: i32,
    pub julian: i32,
    pub zone_sign: i32,
    pub zone_hours: i32,
    pub zone_minutes: i32,
    pub zone: Option<Abbreviation>,
}

pub(super) fn bad_format(message: String) -> EvalError {
    EvalError::new("22007", message)
}

/// `date/time field value out of range`.
fn overflow(input: &str) -> EvalError {
    EvalError::new("22008", format!("date/time field value out of range: \"{input}\""))
}

/// Year (0 is 1 BC), month, day, microseconds of the day and the offset east of UTC if the text had one.
pub(super) struct Moment {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub micros: i64,
    pub zone: Option<ZoneGiven>,
    pub precision: Option<u8>,
}

pub(super) enum ZoneGiven {
    Offset(i32),
    Named(&'static str),
}

/// Puts the fields together and checks them.
pub(super) fn assemble(given: &Given, input: &str) -> EvalResult<Moment> {
    let out_of_range = || overflow(input);
    let (mut hour, mut minute, mut second) = (0i64, 0i64, 0i64);
    if given.seconds_of_day != 0 {
        let seconds = given.seconds_of_day as i64;
        (hour, minute, second) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    }
    for (target, value) in [(&mut second, given.second), (&mut minute, given.minute), (&mut hour, given.hour)]
    {
        if value != 0 {
            *target = value as i64;
        }
    }
    if given.twelve_hours {
        if !(1..=12).contains(&hour) {
            return Err(bad_format(format!("hour \"{hour}\" is invalid for the 12-hour clock"))
                .with_hint("Use the 24-hour clock, or give an hour between 1 and 12."));
        }
        if given.afternoon != 0 && hour < 12 {
            hour += 12;
        } else if given.afternoon == 0 && hour == 12 {
            hour = 0;
        }
    }

    let (mut year, mut month, mut day) = (0i64, 1i64, 1i64);
    let (mut has_year, mut has_month, mut has_day) = (false, false, false);
    let before_christ = given.before_christ != 0;
    let century = given.century as i64 * if before_christ { -1 } else { 1 };
    if given.year != 0 {
        has_year = true;
        if given.century != 0 && given.year_digits <= 2 {
            let short = (given.year % 100) as i64;
            year = match (short, century >= 0) {
                (0, true) => century * 100,
                (0, false) => century * 100 + 1,
                (short, true) => short + (century - 1) * 100,
                (short, false) => (century + 1) * 100 - short + 1,
            };
        } else {
            year = given.year as i64 * if before_christ { -1 } else { 1 };
            if year < 0 {
                year += 1;
            }
        }
    } else if given.century != 0 {
        has_year = true;
        year = if century >= 0 { (century - 1) * 100 + 1 } else { century * 100 + 1 };
    }
    if i32::try_from(year).is_err() {
        return Err(out_of_range());
    }
    // A date that fields give as a whole.
    let mut whole = (given.julian != 0).then(|| given.julian as i64 - EPOCH_JULIAN as i64);
    let by_weeks = given.convention == Some(Convention::IsoWeek);
    let mut day_of_year = given.day_of_year as i64;
    if given.week != 0 {
        if by_weeks {
            let start = iso_week_start(
                whole.map_or(year, |days| calendar::civil_from_days(days).0),
                given.week as i64,
            );
            // Days count from Monday; Sunday is 1 and ends the week.
            let offset = match given.day_of_week {
                0 => 0,
                1 => 6,
                weekday => weekday as i64 - 2,
            };
            whole = Some(start + offset);
        } else {
            day_of_year = (given.week as i64 - 1) * 7 + 1;
            if i32::try_from(day_of_year).is_err() {
                return Err(out_of_range());
            }
        }
    }
    if let Some(days) = whole {
        let (of_year, of_month, of_day) = calendar::civil_from_days(days);
        (year, month, day) = (of_year, of_month as i64, of_day as i64);
        (has_year, has_month, has_day) = (true, true, true);
    }
    let mut day_of_month = given.day as i64;
    if given.week_of_month != 0 {
        day_of_month = (given.week_of_month as i64 - 1) * 7 + 1;
        if i32::try_from(day_of_month).is_err() {
            return Err(out_of_range());
        }
    }
    if day_of_month != 0 {
        day = day_of_month;
        has_day = true;
    }
    if given.month != 0 {
        month = given.month as i64;
        has_month = true;
    }
    if day_of_year != 0 && (month <= 1 || day <= 1) {
        if year == 0 && !before_christ {
            return Err(bad_format("cannot calculate day of year without year information".into()));
        }
        if by_weeks {
            let (new_year, new_month, new_day) =
                calendar::civil_from_days(iso_week_start(year, 1) - 1 + day_of_year);
            (year, month, day) = (new_year, new_month as i64, new_day as i64);
            has_year = true;
        } else {
            // Days beyond the year end in a month 13, which the check below refuses.
            let (mut of_month, mut of_day) = (1u32, day_of_year);
            while of_month <= 12 && of_day > calendar::days_in_month(year, of_month) as i64 {
                of_day -= calendar::days_in_month(year, of_month) as i64;
                of_month += 1;
            }
            if month <= 1 {
                month = of_month as i64;
            }
            if day <= 1 {
                day = of_day;
            }
        }
        (has_month, has_day) = (true, true);
    }

    let fraction = given.millisecond as i64 * 1000 + given.microsecond as i64;
    let bad_month = has_month && !(1..=12).contains(&month);
    let bad_day = has_day && !(1..=31).contains(&day);
    if bad_month || bad_day {
        return Err(out_of_range());
    }
    if has_year && has_month && has_day && day > calendar::days_in_month(year, month as u32) as i64 {
        return Err(out_of_range());
    }
    if !(0..24).contains(&hour)
        || !(0..60).contains(&minute)
        || !(0..60).contains(&second)
        || !(0..SECOND).contains(&fraction)
    {
        return Err(out_of_range());
    }
    let zone = if given.zone_sign != 0 {
        if !(0..=15).contains(&given.zone_hours) || !(0..60).contains(&given.zone_minutes) {
            return Err(EvalError::new("22009", format!("time zone displacement out of range: \"{input}\"")));
        }
        Some(ZoneGiven::Offset(given.zone_sign * (given.zone_hours * 60 + given.zone_minutes) * 60))
    } else {
        given.zone.map(|zone| match zone {
            Abbreviation::Fixed(seconds, _) => ZoneGiven::Offset(seconds),
            Abbreviation::Zone(name) => ZoneGiven::Named(name),
        })
    };
    Ok(Moment {
        year,
        month,
        day,
        micros: hour * HOUR + minute * MINUTE + second * SECOND + fraction,
        zone,
        precision: given.precision,
    })
}
