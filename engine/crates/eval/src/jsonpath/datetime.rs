//! Dates and times among a path's values.

use super::execute::Executor;
use super::value::Value;
use crate::context::Env;
use crate::functions::formatting::date_standard::{Standard, Template};
use std::cmp::Ordering;
use std::sync::OnceLock;
use tidewire_row::calendar::{self, DAY, SECOND};
use tidewire_row::jsonpath::Template as Written;
use tidewire_row::{Datum, EvalError, EvalResult, FormatSettings, ScalarType, json, text_out};

/// A date or time. Offsets are seconds east of UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) enum DateTime {
    Date(i32),
    Time(i64),
    /// The time of day there, and the offset.
    TimeTz(i64, i32),
    Timestamp(i64),
    /// The instant, and the offset that it is shown with.
    Timestamptz(i64, i32),
}

/// What a method makes.
#[derive(Clone, Copy)]
pub(super) enum Target<'p> {
    Datetime(Option<&'p Written>),
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
}

impl Target<'_> {
    /// The method's name.
    fn name(self) -> &'static str {
        match self {
            Target::Datetime(_) => "datetime",
            Target::Date => "date",
            Target::Time => "time",
            Target::TimeTz => "time_tz",
            Target::Timestamp => "timestamp",
            Target::TimestampTz => "timestamp_tz",
        }
    }
}

/// A value, or an error that can be suppressed.
type Made<'v> = Result<Value<'v>, EvalError>;

/// The formats of ISO 8601 that are tried, with the characters that a text must have for them.
const FORMATS: [(&str, bool, bool, bool); 13] = [
    // (format, has a colon, has a T, has a point)
    ("yyyy-mm-dd", false, false, false),
    ("HH24:MI:SS.USTZ", true, false, true),
    ("HH24:MI:SSTZ", true, false, false),
    ("HH24:MI:SS.US", true, false, true),
    ("HH24:MI:SS", true, false, false),
    ("yyyy-mm-dd HH24:MI:SS.USTZ", true, false, true),
    ("yyyy-mm-dd HH24:MI:SSTZ", true, false, false),
    ("yyyy-mm-dd\"T\"HH24:MI:SS.USTZ", true, true, true),
    ("yyyy-mm-dd\"T\"HH24:MI:SSTZ", true, true, false),
    ("yyyy-mm-dd HH24:MI:SS.US", true, false, true),
    ("yyyy-mm-dd HH24:MI:SS", true, false, false),
    ("yyyy-mm-dd\"T\"HH24:MI:SS.US", true, true, true),
    ("yyyy-mm-dd\"T\"HH24:MI:SS", true, true, false),
];

fn formats() -> &'static [Template] {
    static TEMPLATES: OnceLock<Vec<Template>> = OnceLock::new();
    TEMPLATES.get_or_init(|| FORMATS.iter().filter_map(|(format, ..)| Template::new(format).ok()).collect())
}

/// The first of the formats that the text is in.
fn recognized(text: &str) -> Option<Standard> {
    let [colon, t, point] = [':', 'T', '.'].map(|mark| text.contains(mark));
    let possible = FORMATS.iter().zip(formats()).filter(|((_, has_colon, has_t, has_point), _)| {
        colon == *has_colon && (t || !has_t) && (point || !has_point)
    });
    possible.map(|(_, template)| template.parse(text)).find_map(Result::ok)
}

impl From<Standard> for DateTime {
    fn from(read: Standard) -> Self {
        match read {
            Standard::Date(days) => DateTime::Date(days),
            Standard::Time(micros) => DateTime::Time(micros),
            Standard::TimeTz(micros, east) => DateTime::TimeTz(micros, east),
            Standard::Timestamp(at) => DateTime::Timestamp(at),
            Standard::Timestamptz(at, east) => DateTime::Timestamptz(at, east),
        }
    }
}

/// 22031
#[cold]
fn invalid(message: String) -> EvalError {
    EvalError::new("22031", message)
}

pub(super) fn run<'v>(executor: &Executor<'v>, target: Target<'_>, value: Value<'v>) -> EvalResult<Made<'v>> {
    run_timed(executor, target, None, value)
}

/// Reads a string and makes what is wanted of it. What needs the time zone without `_tz` is an error that nothing suppresses.
pub(super) fn run_timed<'v>(
    executor: &Executor<'v>,
    target: Target<'_>,
    precision: Option<i32>,
    value: Value<'v>,
) -> EvalResult<Made<'v>> {
    let name = target.name();
    let Value::String(text) = value else {
        return Ok(Err(invalid(format!("jsonpath item method .{name}() can only be applied to a string"))));
    };
    let unrecognized = || invalid(format!("{name} format is not recognized: \"{text}\""));
    let read = match target {
        Target::Datetime(Some(template)) => {
            // That a template is none is not suppressed.
            match executor.prepared.template(template.number)?.parse(text) {
                Ok(read) => read,
                Err(error) => return Ok(Err(error)),
            }
        }
        _ => match recognized(text) {
            Some(read) => read,
            None if matches!(target, Target::Datetime(_)) => {
                return Ok(Err(unrecognized()
                    .with_hint("Use a datetime template argument to specify the input data format.")));
            }
            None => return Ok(Err(unrecognized())),
        },
    };
    let read = DateTime::from(read);
    let converted = match target {
        Target::Datetime(_) => Some(read),
        Target::Date => read.to_date(executor)?,
        Target::Time => read.to_time(executor)?,
        Target::TimeTz => read.to_time_tz(executor)?,
        Target::Timestamp => read.to_timestamp(executor)?,
        Target::TimestampTz => read.to_timestamp_tz(executor)?,
    };
    let Some(converted) = converted else { return Ok(Err(unrecognized())) };
    let rounded = match precision {
        None => converted,
        Some(precision) => converted.rounded(precision)?,
    };
    Ok(Ok(Value::DateTime(rounded)))
}

/// Refuses a conversion by the session's time zone where it must not count.
fn with_zone(zoned: bool, from: &str, to: &str) -> EvalResult<()> {
    if zoned {
        return Ok(());
    }
    let message = format!("cannot convert value from {from} to {to} without time zone usage");
    Err(EvalError::new("0A000", message).with_hint("Use *_tz() function for time zone support."))
}

fn midnight(days: i32) -> EvalResult<i64> {
    calendar::date_to_timestamp(days)
        .ok_or_else(|| EvalError::new("22008", "date out of range for timestamp"))
}

fn valid(at: i64) -> EvalResult<i64> {
    if calendar::is_valid_timestamp(at) {
        Ok(at)
    } else {
        Err(EvalError::new("22008", "timestamp out of range"))
    }
}

impl DateTime {
    /// What `.type()` says.
    pub fn type_name(self) -> &'static str {
        match self {
            DateTime::Date(_) => "date",
            DateTime::Time(_) => "time without time zone",
            DateTime::TimeTz(..) => "time with time zone",
            DateTime::Timestamp(_) => "timestamp without time zone",
            DateTime::Timestamptz(..) => "timestamp with time zone",
        }
    }

    /// In ISO 8601, with the offset that it has.
    pub fn text(self) -> String {
        let mut out = Vec::new();
        let settings = FormatSettings::default();
        let mut write = |datum, of| text_out(datum, of, &settings, &mut out);
        match self {
            DateTime::Date(days) => write(Datum::Date(days), ScalarType::Date),
            DateTime::Time(micros) => write(Datum::Time(micros), ScalarType::Time),
            DateTime::TimeTz(micros, east) => {
                write(Datum::Time(micros), ScalarType::Time);
                out.extend_from_slice(offset_text(east).as_bytes());
            }
            DateTime::Timestamp(at) => {
                write(Datum::Timestamp(at), ScalarType::Timestamp);
                json::write::iso_8601(&mut out);
            }
            DateTime::Timestamptz(at, east) => {
                let local = at.saturating_add(east as i64 * SECOND);
                write(Datum::Timestamp(local), ScalarType::Timestamp);
                let before_christ = out.ends_with(b" BC");
                if before_christ {
                    out.truncate(out.len() - 3);
                }
                json::write::iso_8601(&mut out);
                out.extend_from_slice(offset_text(east).as_bytes());
                if before_christ {
                    out.extend_from_slice(b" BC");
                }
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    /// As its type's output function has it.
    pub fn output(self, settings: &FormatSettings) -> String {
        let mut out = Vec::new();
        match self {
            DateTime::Date(days) => text_out(Datum::Date(days), ScalarType::Date, settings, &mut out),
            DateTime::Time(micros) => text_out(Datum::Time(micros), ScalarType::Time, settings, &mut out),
            DateTime::TimeTz(micros, east) => {
                text_out(Datum::Time(micros), ScalarType::Time, settings, &mut out);
                let offset = offset_text(east);
                out.extend_from_slice(offset.strip_suffix(":00").unwrap_or(&offset).as_bytes());
            }
            DateTime::Timestamp(at) => {
                text_out(Datum::Timestamp(at), ScalarType::Timestamp, settings, &mut out);
            }
            DateTime::Timestamptz(at, _) => {
                text_out(Datum::Timestamptz(at), ScalarType::Timestamptz, settings, &mut out);
            }
        }
        String::from_utf8_lossy(&out).into_owned()
    }

    fn to_date(self, executor: &Executor<'_>) -> EvalResult<Option<Self>> {
        Ok(match self {
            DateTime::Date(_) => Some(self),
            DateTime::Timestamp(at) => Some(DateTime::Date(at.div_euclid(DAY) as i32)),
            DateTime::Timestamptz(at, _) => {
                with_zone(executor.zoned, "timestamptz", "date")?;
                let local = executor.env.settings().time_zone.to_local(at);
                Some(DateTime::Date(local.div_euclid(DAY) as i32))
            }
            DateTime::Time(_) | DateTime::TimeTz(..) => None,
        })
    }

    fn to_time(self, executor: &Executor<'_>) -> EvalResult<Option<Self>> {
        Ok(match self {
            DateTime::Date(_) => None,
            DateTime::Time(_) => Some(self),
            DateTime::TimeTz(micros, _) => {
                with_zone(executor.zoned, "timetz", "time")?;
                Some(DateTime::Time(micros))
            }
            DateTime::Timestamp(at) => Some(DateTime::Time(at.rem_euclid(DAY))),
            DateTime::Timestamptz(at, _) => {
                with_zone(executor.zoned, "timestamptz", "time")?;
                Some(DateTime::Time(executor.env.settings().time_zone.to_local(at).rem_euclid(DAY)))
            }
        })
    }

    fn to_time_tz(self, executor: &Executor<'_>) -> EvalResult<Option<Self>> {
        Ok(match self {
            DateTime::Date(_) | DateTime::Timestamp(_) => None,
            DateTime::Time(micros) => Some(time_in_zone(micros, executor.zoned, &executor.env)?),
            DateTime::TimeTz(..) => Some(self),
            DateTime::Timestamptz(at, _) => {
                let zone = &executor.env.settings().time_zone;
                Some(DateTime::TimeTz(zone.to_local(at).rem_euclid(DAY), zone.offset_at(at)))
            }
        })
    }

    fn to_timestamp(self, executor: &Executor<'_>) -> EvalResult<Option<Self>> {
        Ok(match self {
            DateTime::Date(days) => Some(DateTime::Timestamp(midnight(days)?)),
            DateTime::Time(_) | DateTime::TimeTz(..) => None,
            DateTime::Timestamp(_) => Some(self),
            DateTime::Timestamptz(at, _) => {
                with_zone(executor.zoned, "timestamptz", "timestamp")?;
                Some(DateTime::Timestamp(valid(executor.env.settings().time_zone.to_local(at))?))
            }
        })
    }

    fn to_timestamp_tz(self, executor: &Executor<'_>) -> EvalResult<Option<Self>> {
        let zone = &executor.env.settings().time_zone;
        let placed = |local: i64| {
            let east = zone.offset_of_local(local);
            Ok(Some(DateTime::Timestamptz(valid(local.saturating_sub(east as i64 * SECOND))?, east)))
        };
        match self {
            DateTime::Date(days) => {
                with_zone(executor.zoned, "date", "timestamptz")?;
                placed(midnight(days)?)
            }
            DateTime::Time(_) | DateTime::TimeTz(..) => Ok(None),
            DateTime::Timestamp(at) => {
                with_zone(executor.zoned, "timestamp", "timestamptz")?;
                placed(at)
            }
            DateTime::Timestamptz(..) => Ok(Some(self)),
        }
    }

    /// With that many digits of the second.
    fn rounded(self, precision: i32) -> EvalResult<Self> {
        if precision < 0 {
            let of = match self {
                DateTime::Time(_) => "TIME",
                DateTime::TimeTz(..) => "TIME",
                _ => "TIMESTAMP",
            };
            let zone = match self {
                DateTime::TimeTz(..) | DateTime::Timestamptz(..) => " WITH TIME ZONE",
                _ => "",
            };
            let message = format!("{of}({precision}){zone} precision must not be negative");
            return Err(EvalError::new("22023", message));
        }
        // PostgreSQL warns, and takes 6.
        let round = |micros: i64| calendar::round_micros(micros, precision.min(6));
        Ok(match self {
            DateTime::Time(micros) => DateTime::Time(round(micros)),
            DateTime::TimeTz(micros, east) => DateTime::TimeTz(round(micros), east),
            DateTime::Timestamp(at) => DateTime::Timestamp(round(at)),
            DateTime::Timestamptz(at, east) => DateTime::Timestamptz(round(at), east),
            date => date,
        })
    }

    /// The order of two; None: they do not compare.
    pub fn compare(self, other: Self, zoned: bool, env: &Env<'_>) -> EvalResult<Option<Ordering>> {
        let instant = |local: i64, from: &str| {
            with_zone(zoned, from, "timestamptz")?;
            Ok(env.settings().time_zone.to_utc(local))
        };
        Ok(Some(match (self, other) {
            (DateTime::Date(a), DateTime::Date(b)) => a.cmp(&b),
            (DateTime::Date(a), DateTime::Timestamp(b)) => midnight(a)?.cmp(&b),
            (DateTime::Date(a), DateTime::Timestamptz(b, _)) => instant(midnight(a)?, "date")?.cmp(&b),
            (DateTime::Time(a), DateTime::Time(b)) => a.cmp(&b),
            (DateTime::Time(a), DateTime::TimeTz(..)) => {
                return time_in_zone(a, zoned, env)?.compare(other, zoned, env);
            }
            (DateTime::TimeTz(a, a_east), DateTime::TimeTz(b, b_east)) => {
                let universal = |micros: i64, east: i32| micros - east as i64 * SECOND;
                // As PostgreSQL has it: further west is greater.
                universal(a, a_east).cmp(&universal(b, b_east)).then(b_east.cmp(&a_east))
            }
            (DateTime::Timestamp(a), DateTime::Timestamp(b)) => a.cmp(&b),
            (DateTime::Timestamp(a), DateTime::Timestamptz(b, _)) => instant(a, "timestamp")?.cmp(&b),
            (DateTime::Timestamptz(a, _), DateTime::Timestamptz(b, _)) => a.cmp(&b),
            (DateTime::TimeTz(..), DateTime::Time(_))
            | (DateTime::Timestamp(_), DateTime::Date(_))
            | (DateTime::Timestamptz(..), DateTime::Date(_) | DateTime::Timestamp(_)) => {
                return Ok(other.compare(self, zoned, env)?.map(Ordering::reverse));
            }
            _ => return Ok(None),
        }))
    }
}

/// A time of day in the session's zone, as it is now.
fn time_in_zone(micros: i64, zoned: bool, env: &Env<'_>) -> EvalResult<DateTime> {
    with_zone(zoned, "time", "timetz")?;
    let Datum::Timestamptz(now) = env.context.now() else { return Ok(DateTime::TimeTz(micros, 0)) };
    Ok(DateTime::TimeTz(micros, env.settings().time_zone.offset_at(now)))
}

/// `+02:00`, and seconds where there are any.
fn offset_text(east: i32) -> String {
    let sign = if east < 0 { '-' } else { '+' };
    let size = east.abs();
    let seconds = if size % 60 == 0 { String::new() } else { format!(":{:02}", size % 60) };
    format!("{sign}{:02}:{:02}{seconds}", size / 3600, size / 60 % 60)
}
