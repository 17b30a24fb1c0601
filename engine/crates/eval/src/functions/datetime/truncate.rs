//! `date_trunc`.

use super::units::{self, Unit, lower_unit, not_recognized, not_supported};
use super::zone::{Zoned, parse_zone};
use super::{Fields, interval_out_of_range, is_infinite, monday, valid};
use crate::registry::{Function, fallible};
use tidewire_row::calendar::{self, DAY, HOUR, MINUTE, SECOND};
use tidewire_row::{Datum, EvalResult, Interval};

/// The unit of a name, if timestamps can be cut to it.
fn unit_of(name: &str, type_name: &str) -> EvalResult<Unit> {
    let name = lower_unit(name);
    let unit = units::parse(&name)
        .filter(|unit| !unit.is_field_only())
        .ok_or_else(|| not_recognized(&name, type_name))?;
    match unit {
        Unit::Timezone | Unit::TimezoneHour | Unit::TimezoneMinute => Err(not_supported(&name, type_name)),
        _ => Ok(unit),
    }
}

/// The first local timestamp of the unit that a local timestamp is in.
fn start_of(unit: Unit, local: i64) -> Option<i64> {
    let fields = Fields::of(local);
    let year = fields.year;
    let month_start = |year: i64, month: i64| calendar::days_from_civil(year, month, 1).checked_mul(DAY);
    match unit {
        Unit::Microsecond => Some(local),
        Unit::Millisecond => Some(local - local.rem_euclid(1000)),
        Unit::Second => Some(local - local.rem_euclid(SECOND)),
        Unit::Minute => Some(local - local.rem_euclid(MINUTE)),
        Unit::Hour => Some(local - local.rem_euclid(HOUR)),
        Unit::Day => Some(local - local.rem_euclid(DAY)),
        Unit::Week => monday(fields.days()).checked_mul(DAY),
        Unit::Month => month_start(year, fields.month),
        Unit::Quarter => month_start(year, 3 * ((fields.month - 1) / 3) + 1),
        Unit::Decade if year > 0 => month_start(year / 10 * 10, 1),
        Unit::Decade => month_start(-((8 - (year - 1)) / 10) * 10, 1),
        Unit::Century if year > 0 => month_start((year + 99) / 100 * 100 - 99, 1),
        Unit::Century => month_start(-((99 - (year - 1)) / 100) * 100 + 1, 1),
        Unit::Millennium if year > 0 => month_start((year + 999) / 1000 * 1000 - 999, 1),
        Unit::Millennium => month_start(-((999 - (year - 1)) / 1000) * 1000 + 1, 1),
        _ => month_start(year, 1),
    }
}

fn of_timestamp(name: &str, at: i64) -> EvalResult<Datum<'static>> {
    let unit = unit_of(name, "timestamp without time zone")?;
    if is_infinite(at) {
        return Ok(Datum::Timestamp(at));
    }
    valid(start_of(unit, at)).map(Datum::Timestamp)
}

fn of_timestamptz(name: &str, at: i64, zone: &impl Zoned) -> EvalResult<Datum<'static>> {
    let unit = unit_of(name, "timestamp with time zone")?;
    if is_infinite(at) {
        return Ok(Datum::Timestamptz(at));
    }
    let local = zone.local(at);
    let start = start_of(unit, local);
    // Units below the day keep the instant's own offset, which tells the two sides of a fold apart.
    let short =
        matches!(unit, Unit::Microsecond | Unit::Millisecond | Unit::Second | Unit::Minute | Unit::Hour);
    let utc = start.map(|start| if short { start - (local - at) } else { zone.utc(start) });
    valid(utc).map(Datum::Timestamptz)
}

fn of_interval(name: &str, interval: Interval) -> EvalResult<Interval> {
    let lower = lower_unit(name);
    let unit = unit_of(name, "interval")?;
    if unit == Unit::Week {
        return Err(not_supported(&lower, "interval").with_detail("Months usually have fractional weeks."));
    }
    if !interval.is_finite() {
        return Ok(interval);
    }
    let whole = |value: i64, unit: i64| value / unit * unit;
    let micros = |unit: i64| Interval { micros: whole(interval.micros, unit), ..interval };
    let months = |unit: i64| {
        i32::try_from(whole(interval.months as i64, unit))
            .map(|months| Interval { months, days: 0, micros: 0 })
            .map_err(|_| interval_out_of_range())
    };
    match unit {
        Unit::Microsecond => Ok(interval),
        Unit::Millisecond => Ok(micros(1000)),
        Unit::Second => Ok(micros(SECOND)),
        Unit::Minute => Ok(micros(MINUTE)),
        Unit::Hour => Ok(micros(HOUR)),
        Unit::Day => Ok(Interval { micros: 0, ..interval }),
        Unit::Month => months(1),
        Unit::Quarter => months(3),
        Unit::Decade => months(120),
        Unit::Century => months(1200),
        Unit::Millennium => months(12_000),
        _ => months(12),
    }
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("timestamp_trunc", (unit: Text, a: Timestamp) => of_timestamp(unit, a)),
    fallible!("timestamptz_trunc", (unit: Text, a: Timestamptz), env =>
        of_timestamptz(unit, a, &env.settings().time_zone))
    .stable(),
    fallible!("timestamptz_trunc_zone", (unit: Text, a: Timestamptz, zone: Text), env =>
        parse_zone(zone, env).and_then(|zone| of_timestamptz(unit, a, &*zone))),
    fallible!("interval_trunc", (unit: Text, a: Interval) => of_interval(unit, a)),
]];
