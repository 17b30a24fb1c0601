//! `extract`, which gives numeric, and `date_part`, which gives float8.

use super::units::{self, Unit, lower_unit, not_recognized, not_supported};
use super::{Fields, day_of_year, is_infinite, iso_week};
use crate::registry::{Function, fallible};
use tidewire_row::calendar::{
    self, DAY, EPOCH_JULIAN, HOUR, MINUTE, SECOND, UNIX_EPOCH_DAYS, UNIX_EPOCH_MICROS,
};
use tidewire_row::timezone::Zone;
use tidewire_row::{Arena, Datum, EvalResult, Interval, Numeric};

/// A field's value before it becomes numeric or float8.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    /// A field that turns round has no value at infinity.
    Null,
    Whole(i64),
    /// `value · 10^-scale`
    Scaled(i128, u16),
    /// Julian day number and microseconds of the day.
    Julian(i64, i64),
    Infinity,
    NegInfinity,
}

impl Part {
    fn numeric(self, arena: &Arena) -> EvalResult<Datum<'_>> {
        Ok(Datum::Numeric(match self {
            Part::Null => return Ok(Datum::Null),
            Part::Whole(value) => Numeric::from_i64(value),
            Part::Scaled(value, scale) => Numeric::from_parts(value, scale),
            Part::Julian(day, micros) => Numeric::from_i64(day)
                .add(&Numeric::from_i64(micros).div(&Numeric::from_i64(DAY), arena)?, arena)?,
            Part::Infinity => Numeric::Infinity,
            Part::NegInfinity => Numeric::NegInfinity,
        }))
    }

    fn float(self) -> Datum<'static> {
        Datum::Float64(match self {
            Part::Null => return Datum::Null,
            Part::Whole(value) => value as f64,
            Part::Scaled(value, scale) => value as f64 / 10f64.powi(scale as i32),
            Part::Julian(day, micros) => day as f64 + (micros as f64 / 1e6) / 86_400.0,
            Part::Infinity => f64::INFINITY,
            Part::NegInfinity => f64::NEG_INFINITY,
        })
    }
}

fn signed_infinity(negative: bool) -> Part {
    if negative { Part::NegInfinity } else { Part::Infinity }
}

/// Fields of the year: PostgreSQL has no year 0 to show.
fn year_part(unit: Unit, year: i64) -> i64 {
    match unit {
        Unit::Decade if year >= 0 => year / 10,
        Unit::Decade => -((8 - (year - 1)) / 10),
        Unit::Century if year > 0 => (year + 99) / 100,
        Unit::Century => -((99 - (year - 1)) / 100),
        Unit::Millennium if year > 0 => (year + 999) / 1000,
        Unit::Millennium => -((999 - (year - 1)) / 1000),
        _ if year > 0 => year,
        _ => year - 1,
    }
}

/// A field of a day; None for units that are not of days.
fn day_part(unit: Unit, fields: &Fields) -> Option<i64> {
    let days = fields.days();
    Some(match unit {
        Unit::Day => fields.day,
        Unit::Month => fields.month,
        Unit::Quarter => (fields.month - 1) / 3 + 1,
        Unit::Week => iso_week(days).1,
        Unit::Year | Unit::Decade | Unit::Century | Unit::Millennium => year_part(unit, fields.year),
        Unit::IsoYear => {
            let year = iso_week(days).0;
            if year <= 0 { year - 1 } else { year }
        }
        Unit::DayOfWeek => calendar::day_of_week(days) as i64,
        Unit::IsoDayOfWeek => (calendar::day_of_week(days) as i64 + 6) % 7 + 1,
        Unit::DayOfYear => day_of_year(fields),
        _ => return None,
    })
}

/// A field of a time of day; None for units that are not of times.
fn time_part(unit: Unit, fields: &Fields) -> Option<Part> {
    let micros = fields.second * SECOND + fields.micros;
    Some(match unit {
        Unit::Microsecond => Part::Whole(micros),
        Unit::Millisecond => Part::Scaled(micros as i128, 3),
        Unit::Second => Part::Scaled(micros as i128, 6),
        Unit::Minute => Part::Whole(fields.minute),
        Unit::Hour => Part::Whole(fields.hour),
        _ => return None,
    })
}

/// Units that grow without end are infinite at infinity; the others have no value.
fn is_monotonic(unit: Unit) -> bool {
    matches!(
        unit,
        Unit::Year
            | Unit::Decade
            | Unit::Century
            | Unit::Millennium
            | Unit::Julian
            | Unit::IsoYear
            | Unit::Epoch
    )
}

fn of_timestamp(name: &str, at: i64, zone: Option<&Zone>) -> EvalResult<Part> {
    let name = lower_unit(name);
    let type_name = if zone.is_some() { "timestamp with time zone" } else { "timestamp without time zone" };
    let unit = units::parse(&name).ok_or_else(|| not_recognized(&name, type_name))?;
    if is_infinite(at) {
        return Ok(if is_monotonic(unit) { signed_infinity(at == i64::MIN) } else { Part::Null });
    }
    let offset = zone.map_or(0, |zone| zone.offset_at(at) as i64);
    let fields = Fields::of(at + offset * SECOND);
    if let Some(value) = day_part(unit, &fields) {
        return Ok(Part::Whole(value));
    }
    if let Some(part) = time_part(unit, &fields) {
        return Ok(part);
    }
    match unit {
        Unit::Julian => Ok(Part::Julian(fields.days() + EPOCH_JULIAN as i64, fields.micros_of_day())),
        Unit::Epoch => Ok(Part::Scaled(at as i128 + UNIX_EPOCH_MICROS as i128, 6)),
        Unit::Timezone if zone.is_some() => Ok(Part::Whole(offset)),
        Unit::TimezoneHour if zone.is_some() => Ok(Part::Whole(offset / 3600)),
        Unit::TimezoneMinute if zone.is_some() => Ok(Part::Whole(offset / 60 % 60)),
        _ => Err(not_supported(&name, type_name)),
    }
}

fn of_date(name: &str, date: i32) -> EvalResult<Part> {
    let name = lower_unit(name);
    let unit = units::parse(&name).ok_or_else(|| not_recognized(&name, "date"))?;
    let of_days = day_part(unit, &Fields::of(0)).is_some() || matches!(unit, Unit::Julian | Unit::Epoch);
    if !of_days {
        return Err(not_supported(&name, "date"));
    }
    if date == i32::MIN || date == i32::MAX {
        return Ok(if is_monotonic(unit) { signed_infinity(date == i32::MIN) } else { Part::Null });
    }
    let (year, month, day) = calendar::civil_from_days(date as i64);
    let fields =
        Fields { year, month: month as i64, day: day as i64, hour: 0, minute: 0, second: 0, micros: 0 };
    Ok(Part::Whole(match unit {
        Unit::Julian => date as i64 + EPOCH_JULIAN as i64,
        Unit::Epoch => (date as i64 + UNIX_EPOCH_DAYS as i64) * 86_400,
        _ => day_part(unit, &fields).unwrap_or(0),
    }))
}

fn of_time(name: &str, time: i64) -> EvalResult<Part> {
    const TYPE: &str = "time without time zone";
    let name = lower_unit(name);
    let unit = units::parse(&name).ok_or_else(|| not_recognized(&name, TYPE))?;
    let fields = Fields {
        year: 0,
        month: 1,
        day: 1,
        hour: time / HOUR,
        minute: time / MINUTE % 60,
        second: time / SECOND % 60,
        micros: time % SECOND,
    };
    match (time_part(unit, &fields), unit) {
        (Some(part), _) => Ok(part),
        (None, Unit::Epoch) => Ok(Part::Scaled(time as i128, 6)),
        _ => Err(not_supported(&name, TYPE)),
    }
}

fn of_interval(name: &str, interval: Interval) -> EvalResult<Part> {
    let name = lower_unit(name);
    let unit = units::parse(&name).ok_or_else(|| not_recognized(&name, "interval"))?;
    if !interval.is_finite() {
        let negative = interval == Interval::NEG_INFINITY;
        return match unit {
            Unit::Microsecond
            | Unit::Millisecond
            | Unit::Second
            | Unit::Minute
            | Unit::Week
            | Unit::Month
            | Unit::Quarter => Ok(Part::Null),
            Unit::Hour
            | Unit::Day
            | Unit::Year
            | Unit::Decade
            | Unit::Century
            | Unit::Millennium
            | Unit::Epoch => Ok(signed_infinity(negative)),
            _ => Err(not_supported(&name, "interval")),
        };
    }
    let (months, days, micros) = (interval.months as i64, interval.days as i64, interval.micros);
    let year = months / 12;
    Ok(match unit {
        Unit::Microsecond => Part::Whole(micros % MINUTE),
        Unit::Millisecond => Part::Scaled((micros % MINUTE) as i128, 3),
        Unit::Second => Part::Scaled((micros % MINUTE) as i128, 6),
        Unit::Minute => Part::Whole(micros / MINUTE % 60),
        Unit::Hour => Part::Whole(micros / HOUR),
        Unit::Day => Part::Whole(days),
        Unit::Week => Part::Whole(days / 7),
        Unit::Month => Part::Whole(months % 12),
        // As months count down from a negative year, so do its quarters.
        Unit::Quarter if months >= 0 => Part::Whole(months % 12 / 3 + 1),
        Unit::Quarter => Part::Whole(months % 12 / 3 - 1),
        Unit::Year => Part::Whole(year),
        Unit::Decade => Part::Whole(year / 10),
        Unit::Century => Part::Whole(year / 100),
        Unit::Millennium => Part::Whole(year / 1000),
        // A year has 365.25 days, a month 30.
        Unit::Epoch => {
            let quarter_days = 1461 * year as i128 + (30 * (months % 12) + days) as i128 * 4;
            Part::Scaled(quarter_days * (DAY / 4) as i128 + micros as i128, 6)
        }
        _ => return Err(not_supported(&name, "interval")),
    })
}

/// `date_part('epoch', interval)` sums in float8.
fn interval_float(name: &str, interval: Interval) -> EvalResult<Datum<'static>> {
    let part = of_interval(name, interval)?;
    if units::parse(&lower_unit(name)) == Some(Unit::Epoch) && interval.is_finite() {
        let seconds = interval.micros as f64 / 1e6
            + 365.25 * 86_400.0 * (interval.months / 12) as f64
            + 30.0 * 86_400.0 * (interval.months % 12) as f64
            + 86_400.0 * interval.days as f64;
        return Ok(Datum::Float64(seconds));
    }
    Ok(part.float())
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("extract_timestamp", (unit: Text, a: Timestamp), env =>
        of_timestamp(unit, a, None).and_then(|part| part.numeric(env.arena))),
    fallible!("timestamp_part", (unit: Text, a: Timestamp) => of_timestamp(unit, a, None).map(Part::float)),
    fallible!("extract_timestamptz", (unit: Text, a: Timestamptz), env =>
        of_timestamp(unit, a, Some(&env.settings().time_zone)).and_then(|part| part.numeric(env.arena)))
    .stable(),
    fallible!("timestamptz_part", (unit: Text, a: Timestamptz), env =>
        of_timestamp(unit, a, Some(&env.settings().time_zone)).map(Part::float))
    .stable(),
    fallible!("extract_date", (unit: Text, a: Date), env =>
        of_date(unit, a).and_then(|part| part.numeric(env.arena))),
    fallible!("extract_time", (unit: Text, a: Time), env =>
        of_time(unit, a).and_then(|part| part.numeric(env.arena))),
    fallible!("time_part", (unit: Text, a: Time) => of_time(unit, a).map(Part::float)),
    fallible!("extract_interval", (unit: Text, a: Interval), env =>
        of_interval(unit, a).and_then(|part| part.numeric(env.arena))),
    fallible!("interval_part", (unit: Text, a: Interval) => interval_float(unit, a)),
]];
