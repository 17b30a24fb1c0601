//! date, time, timestamp, timestamp with time zone: PostgreSQL's flexible input (`datetime.c`) and its output styles.

mod decode;
mod encode;
mod fields;
mod number;
mod tokens;
pub(super) mod words;

use crate::calendar::{self, DAY, EPOCH_JULIAN};
use crate::io::FormatSettings;
use crate::{EvalError, EvalResult};
use decode::{Decoded, Special};

pub(super) use encode::{write_date, write_fraction, write_time, write_timestamp, write_timestamptz};
pub(super) use number::{clock, fraction, int4_prefix, integer_prefix};
pub(super) use tokens::{FieldKind, tokenize};

/// Why an input was refused; PostgreSQL's DTERR codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    BadFormat,
    FieldOverflow,
    MonthDayOverflow,
    IntervalOverflow,
    ZoneOverflow,
    BadZone(String),
    /// A word that means the current time, which an input function must not read here.
    CurrentTime(String),
}

impl Refusal {
    /// The error that the client sees.
    #[cold]
    pub(super) fn into_error(self, type_name: &str, input: &str) -> EvalError {
        let out_of_range =
            || EvalError::new("22008", format!("date/time field value out of range: \"{input}\""));
        match self {
            Refusal::BadFormat => {
                EvalError::new("22007", format!("invalid input syntax for type {type_name}: \"{input}\""))
            }
            Refusal::FieldOverflow => out_of_range(),
            Refusal::MonthDayOverflow => {
                out_of_range().with_hint("Perhaps you need a different \"DateStyle\" setting.")
            }
            Refusal::IntervalOverflow => {
                EvalError::new("22015", format!("interval field value out of range: \"{input}\""))
            }
            Refusal::ZoneOverflow => {
                EvalError::new("22009", format!("time zone displacement out of range: \"{input}\""))
            }
            Refusal::BadZone(name) => EvalError::new("22023", format!("time zone \"{name}\" not recognized")),
            Refusal::CurrentTime(word) => {
                EvalError::new("0A000", format!("date/time input \"{word}\" is not supported"))
                    .with_hint("Use now() or CURRENT_DATE instead.")
            }
        }
    }
}

/// `date_in`
pub(super) fn parse_date(input: &str, settings: &FormatSettings) -> EvalResult<i32> {
    if let Some(days) = iso_date(input.as_bytes()) {
        return Ok(days);
    }
    let refuse = |refusal: Refusal| refusal.into_error("date", input);
    let decoded = decode::decode_date_time(input, settings).map_err(refuse)?;
    let out_of_range = || EvalError::new("22008", format!("date out of range: \"{input}\""));
    match decoded {
        Decoded::Special(Special::Epoch) => Ok(-calendar::UNIX_EPOCH_DAYS),
        Decoded::Special(Special::Infinity) => Ok(i32::MAX),
        Decoded::Special(Special::NegInfinity) => Ok(i32::MIN),
        Decoded::Fields(fields) => {
            let days = fields.days();
            if calendar::is_valid_date(days) { Ok(days as i32) } else { Err(out_of_range()) }
        }
    }
}

/// `time_in`
pub(super) fn parse_time(input: &str, typmod: i32, settings: &FormatSettings) -> EvalResult<i64> {
    let fields =
        decode::decode_time_only(input, settings).map_err(|refusal| refusal.into_error("time", input))?;
    Ok(calendar::round_micros(fields.time_micros(), typmod))
}

/// `timestamp_in`
pub(super) fn parse_timestamp(input: &str, typmod: i32, settings: &FormatSettings) -> EvalResult<i64> {
    if let Some(micros) = iso_timestamp(input.as_bytes()) {
        return Ok(calendar::round_micros(micros, typmod));
    }
    parse_moment(input, typmod, settings, false)
}

/// `timestamptz_in`
pub(super) fn parse_timestamptz(input: &str, typmod: i32, settings: &FormatSettings) -> EvalResult<i64> {
    parse_moment(input, typmod, settings, true)
}

fn parse_moment(input: &str, typmod: i32, settings: &FormatSettings, zoned: bool) -> EvalResult<i64> {
    let type_name = if zoned { "timestamp with time zone" } else { "timestamp" };
    let decoded =
        decode::decode_date_time(input, settings).map_err(|refusal| refusal.into_error(type_name, input))?;
    let fields = match decoded {
        Decoded::Special(Special::Epoch) => return Ok(-calendar::UNIX_EPOCH_MICROS),
        Decoded::Special(Special::Infinity) => return Ok(i64::MAX),
        Decoded::Special(Special::NegInfinity) => return Ok(i64::MIN),
        Decoded::Fields(fields) => fields,
    };
    let out_of_range = || EvalError::new("22008", format!("timestamp out of range: \"{input}\""));
    let east = if zoned { fields.east as i64 } else { 0 };
    let micros = fields
        .days()
        .checked_mul(DAY)
        .and_then(|midnight| midnight.checked_add(fields.time_micros()))
        .and_then(|local| local.checked_sub(east * calendar::SECOND))
        .filter(|micros| calendar::is_valid_timestamp(*micros))
        .ok_or_else(out_of_range)?;
    Ok(calendar::round_micros(micros, typmod))
}

fn two(bytes: &[u8]) -> Option<i64> {
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] = bytes else { return None };
    Some((tens - b'0') as i64 * 10 + (ones - b'0') as i64)
}

/// `YYYY-MM-DD`, which nearly all dates are; None leaves the rest to the general parser.
fn iso_date(bytes: &[u8]) -> Option<i32> {
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = two(&bytes[..2])? * 100 + two(&bytes[2..4])?;
    let (month, day) = (two(&bytes[5..7])?, two(&bytes[8..10])?);
    if year == 0
        || !(1..=12).contains(&month)
        || day < 1
        || day > calendar::days_in_month(year, month as u32) as i64
    {
        return None;
    }
    Some(calendar::days_from_civil(year, month, day) as i32)
}

/// `YYYY-MM-DD HH:MM:SS[.ffffff]` with a blank or T.
fn iso_timestamp(bytes: &[u8]) -> Option<i64> {
    if bytes.len() < 19 || bytes.len() > 26 || !matches!(bytes[10], b' ' | b'T') {
        return None;
    }
    if bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let days = iso_date(&bytes[..10])? as i64;
    let (hour, minute, second) = (two(&bytes[11..13])?, two(&bytes[14..16])?, two(&bytes[17..19])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut fraction = 0i64;
    if bytes.len() > 19 {
        let digits = bytes[19..].strip_prefix(b".")?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        fraction = digits.iter().fold(0, |sum, digit| sum * 10 + (digit - b'0') as i64)
            * 10i64.pow(6 - digits.len() as u32);
    }
    Some(days * DAY + ((hour * 60 + minute) * 60 + second) * calendar::SECOND + fraction)
}

/// A Julian day number's year, month and day.
fn civil_from_julian(julian: i64) -> (i64, u32, u32) {
    calendar::civil_from_days(julian - EPOCH_JULIAN as i64)
}
