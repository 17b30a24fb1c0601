//! Timestamps and intervals to text by a picture.

use super::date_picture::{Case, DAYS, Key, MONTHS, Ordinal, Part, Picture, ROMAN_MONTHS};
use super::ordinal;
use crate::context::Env;
use crate::functions::datetime::{Fields, day_of_year, is_infinite, iso_week, iso_week_start};
use crate::registry::{Function, fallible};
use tidewire_row::calendar::{self, EPOCH_JULIAN, HOUR, MINUTE, SECOND};
use tidewire_row::timezone::LocalOffset;
use tidewire_row::{EvalError, EvalResult, Interval};

/// What is written: a local time with its zone, or an interval.
struct Subject {
    fields: Fields,
    is_interval: bool,
    day_of_year: i64,
    zone: Option<LocalOffset>,
}

/// C's `%0*d`: the sign counts in the width.
fn padded(value: i64, width: usize) -> String {
    if value < 0 {
        format!("-{:0>width$}", -value, width = width.saturating_sub(1))
    } else {
        format!("{value:0>width$}")
    }
}

fn in_case(name: &str, case: Case) -> String {
    match case {
        Case::Upper => name.to_ascii_uppercase(),
        Case::Capital => name.to_string(),
        Case::Lower => name.to_ascii_lowercase(),
    }
}

fn pick(upper: bool, text: &str) -> String {
    if upper { text.to_ascii_uppercase() } else { text.to_string() }
}

#[cold]
fn not_for_intervals() -> EvalError {
    EvalError::new("22007", "invalid format specification for an interval value")
        .with_hint("Intervals are not tied to specific calendar dates.")
}

impl Subject {
    /// A year as it is shown: BC counts up.
    fn shown_year(&self, year: i64) -> i64 {
        if self.is_interval || year > 0 { year } else { 1 - year }
    }

    fn calendar_only(&self) -> EvalResult<()> {
        if self.is_interval { Err(not_for_intervals()) } else { Ok(()) }
    }

    fn century(&self) -> i64 {
        let year = self.fields.year;
        if self.is_interval {
            year / 100
        } else if year > 0 {
            (year - 1) / 100 + 1
        } else {
            year / 100 - 1
        }
    }

    /// Numbers, with the width that FM takes away.
    fn number(&self, key: Key) -> EvalResult<Option<(i64, usize)>> {
        let fields = &self.fields;
        // One place more for the sign.
        let signed = |value: i64, width: usize| (value, width + (value < 0) as usize);
        let by_hour = |value: i64| (value, 2 + (fields.hour < 0) as usize);
        Ok(Some(match key {
            Key::Hour12 => by_hour(if fields.hour % 12 == 0 { 12 } else { fields.hour % 12 }),
            Key::Hour24 => by_hour(fields.hour),
            Key::Minute => signed(fields.minute, 2),
            Key::Second => signed(fields.second, 2),
            Key::Month => signed(fields.month, 2),
            Key::DayOfYear => (self.day_of_year, 3),
            Key::IsoDayOfYear => {
                let days = fields.days();
                (days - iso_week_start(iso_week(days).0, 1) + 1, 3)
            }
            Key::Day => (fields.day, 2),
            Key::DayOfWeek | Key::IsoDayOfWeek => {
                self.calendar_only()?;
                let weekday = calendar::day_of_week(fields.days()) as i64;
                (if key == Key::DayOfWeek { weekday + 1 } else { (weekday + 6) % 7 + 1 }, 0)
            }
            Key::Week => ((self.day_of_year - 1) / 7 + 1, 2),
            Key::IsoWeek => (iso_week(fields.days()).1, 2),
            Key::WeekOfMonth => ((fields.day - 1) / 7 + 1, 0),
            Key::Quarter if fields.month == 0 => return Ok(None),
            Key::Quarter => ((fields.month - 1) / 3 + 1, 0),
            Key::Century => signed(self.century(), 2),
            Key::Year(digits) | Key::IsoYear(digits) => {
                let sign = self.shown_year(fields.year) < 0;
                let year = match key {
                    Key::Year(_) => fields.year,
                    _ => iso_week(fields.days()).0,
                };
                let year = self.shown_year(year);
                let value = if digits == 4 { year } else { year % 10i64.pow(digits as u32) };
                (value, if digits == 1 { 1 } else { digits as usize + sign as usize })
            }
            Key::Julian => ((fields.days() + EPOCH_JULIAN as i64) as i32 as i64, 0),
            _ => return Ok(None),
        }))
    }

    /// Text, that FM does not shorten but for the padding of names.
    fn text(&self, key: Key, fill: bool, localized: bool) -> EvalResult<String> {
        let fields = &self.fields;
        let name = |name: &str, width: usize| {
            if fill || localized { name.to_string() } else { format!("{name:width$}") }
        };
        Ok(match key {
            Key::Meridiem { points, upper } => {
                let afternoon = fields.hour % 24 >= 12;
                pick(
                    upper,
                    match (afternoon, points) {
                        (false, false) => "am",
                        (true, false) => "pm",
                        (false, true) => "a.m.",
                        (true, true) => "p.m.",
                    },
                )
            }
            Key::Era { points, upper } => {
                self.calendar_only()?;
                pick(
                    upper,
                    match (fields.year <= 0, points) {
                        (false, false) => "ad",
                        (true, false) => "bc",
                        (false, true) => "a.d.",
                        (true, true) => "b.c.",
                    },
                )
            }
            Key::Fraction(digits) => padded(fields.micros / 10i64.pow(6 - digits as u32), digits as usize),
            Key::Millisecond => padded(fields.micros / 1000, 3),
            Key::Microsecond => padded(fields.micros, 6),
            Key::SecondsOfDay => (fields.hour * 3600 + fields.minute * 60 + fields.second).to_string(),
            Key::ZoneName { upper } => {
                self.calendar_only()?;
                let zone = self.zone.as_ref().map_or("", |zone| &zone.abbreviation);
                if upper { zone.to_string() } else { zone.to_ascii_lowercase() }
            }
            Key::ZoneHours | Key::ZoneMinutes | Key::ZoneOffset => {
                self.calendar_only()?;
                let offset = self.zone.as_ref().map_or(0, |zone| zone.seconds);
                let sign = if offset >= 0 { '+' } else { '-' };
                let (hours, minutes) = (offset.abs() / 3600, offset.abs() % 3600 / 60);
                match key {
                    Key::ZoneHours => format!("{sign}{hours:02}"),
                    Key::ZoneMinutes => format!("{minutes:02}"),
                    _ => {
                        let width = if fill { 0 } else { 2 };
                        let mut text = format!("{sign}{hours:0width$}");
                        if offset % 3600 != 0 {
                            text.push_str(&format!(":{minutes:02}"));
                        }
                        text
                    }
                }
            }
            Key::MonthName(case) | Key::MonthShort(case) => {
                self.calendar_only()?;
                let month = MONTHS[(fields.month - 1).clamp(0, 11) as usize];
                match key {
                    Key::MonthName(_) => name(&in_case(month, case), 9),
                    _ => in_case(&month[..3], case),
                }
            }
            Key::DayName(case) | Key::DayShort(case) => {
                self.calendar_only()?;
                let day = DAYS[calendar::day_of_week(fields.days()) as usize];
                match key {
                    Key::DayName(_) => name(&in_case(day, case), 9),
                    _ => in_case(&day[..3], case),
                }
            }
            Key::YearWithComma => {
                let year = self.shown_year(fields.year);
                format!("{},{}", year / 1000, padded(year % 1000, 3))
            }
            Key::RomanMonth { upper } => {
                if fields.month == 0 && fields.year == 0 {
                    return Ok(String::new());
                }
                // From December back; a whole year counts as December, or as January where it is negative.
                let index = match fields.month {
                    0 if fields.year >= 0 => 0,
                    0 => 11,
                    month if month < 0 => -(month + 1),
                    month => 12 - month,
                };
                let numeral = pick(upper, &ROMAN_MONTHS[index.clamp(0, 11) as usize].to_ascii_lowercase());
                if fill { numeral } else { format!("{numeral:4}") }
            }
            _ => String::new(),
        })
    }

    fn has_ordinal(key: Key) -> bool {
        matches!(
            key,
            Key::Fraction(_) | Key::Millisecond | Key::Microsecond | Key::SecondsOfDay | Key::YearWithComma
        )
    }

    fn write(&self, picture: &Picture) -> EvalResult<String> {
        let mut out = String::new();
        for part in &picture.parts {
            let Part::Field { key, fill, localized, ordinal: suffix, .. } = part else {
                match part {
                    Part::Separator(character) | Part::Space(character) | Part::Character(character) => {
                        out.push(*character);
                    }
                    Part::Field { .. } => {}
                }
                continue;
            };
            let (text, takes_ordinal) = match self.number(*key)? {
                Some((value, width)) => (padded(value, if *fill { 0 } else { width }), true),
                None => (self.text(*key, *fill, *localized)?, Self::has_ordinal(*key)),
            };
            out.push_str(&text);
            if let Some(suffix) = suffix
                && takes_ordinal
            {
                out.push_str(ordinal(&text, *suffix == Ordinal::Upper)?);
            }
        }
        Ok(out)
    }
}

fn format<'a>(subject: &Subject, format: &str, env: &Env<'a>) -> EvalResult<Option<&'a str>> {
    let picture = env.site.cached(format, || Picture::parse(format))?;
    Ok(Some(env.arena.push_str(subject.write(&picture)?)))
}

fn timestamp<'a>(
    local: i64,
    zone: Option<LocalOffset>,
    picture: &str,
    env: &Env<'a>,
) -> EvalResult<Option<&'a str>> {
    let fields = Fields::of(local);
    let subject = Subject { fields, is_interval: false, day_of_year: day_of_year(&fields), zone };
    format(&subject, picture, env)
}

fn interval<'a>(value: Interval, picture: &str, env: &Env<'a>) -> EvalResult<Option<&'a str>> {
    if picture.is_empty() || !value.is_finite() {
        return Ok(None);
    }
    let (year, month) = (value.months as i64 / 12, value.months as i64 % 12);
    let fields = Fields {
        year,
        month,
        day: value.days as i64,
        hour: value.micros / HOUR,
        minute: value.micros / MINUTE % 60,
        second: value.micros / SECOND % 60,
        micros: value.micros % SECOND,
    };
    // Months of 30 days; beyond int4 it wraps, as in PostgreSQL.
    let day_of_year = ((year * 12 + month) * 30 + fields.day) as i32 as i64;
    format(&Subject { fields, is_interval: true, day_of_year, zone: None }, picture, env)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("timestamp_to_char", (at: Timestamp, picture: Text), env =>
        if picture.is_empty() || is_infinite(at) { Ok(None) } else { timestamp(at, None, picture, env) })
    .stable(),
    fallible!("timestamptz_to_char", (at: Timestamptz, picture: Text), env =>
    if picture.is_empty() || is_infinite(at) {
        Ok(None)
    } else {
        let zone = env.settings().time_zone.info_at(at);
        timestamp(at + zone.seconds as i64 * SECOND, Some(zone), picture, env)
    })
    .stable(),
    fallible!("interval_to_char", (value: Interval, picture: Text), env => interval(value, picture, env))
        .stable(),
]];
