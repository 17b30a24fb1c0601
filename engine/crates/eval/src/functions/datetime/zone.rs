//! Time zones named by an argument: AT TIME ZONE and its kin.

use super::{is_infinite, valid};
use crate::context::Env;
use crate::registry::{Function, fallible};
use std::sync::Arc;
use tidewire_row::abbreviations::{self, Abbreviation};
use tidewire_row::calendar::SECOND;
use tidewire_row::timezone::{Zone, ZoneAbbreviation};
use tidewire_row::{Datum, EvalError, EvalResult, Interval, ScalarType, text_out};

/// Turns instants into local times and back.
pub(crate) trait Zoned {
    fn local(&self, utc: i64) -> i64;
    fn utc(&self, local: i64) -> i64;
}

impl Zoned for Zone {
    fn local(&self, utc: i64) -> i64 {
        self.to_local(utc)
    }

    fn utc(&self, local: i64) -> i64 {
        self.to_utc(local)
    }
}

/// What an argument names: a zone, or what an abbreviation means in one, which depends on the time.
pub(crate) struct NamedZone {
    zone: Zone,
    abbreviation: Option<Box<str>>,
}

impl Zoned for NamedZone {
    fn local(&self, utc: i64) -> i64 {
        match &self.abbreviation {
            Some(name) => {
                utc.saturating_add(i64::from(self.zone.offset_of_abbreviation_at(name, utc)) * SECOND)
            }
            None => self.zone.to_local(utc),
        }
    }

    fn utc(&self, local: i64) -> i64 {
        match &self.abbreviation {
            Some(name) => {
                local.saturating_sub(i64::from(self.zone.offset_of_abbreviation(name, local)) * SECOND)
            }
            None => self.zone.to_utc(local),
        }
    }
}

impl From<Zone> for NamedZone {
    fn from(zone: Zone) -> Self {
        NamedZone { zone, abbreviation: None }
    }
}

/// The zone of a name or abbreviation, kept at the call site. The session's zone knows its own abbreviations best.
pub(crate) fn parse_zone(name: &str, env: &Env<'_>) -> EvalResult<Arc<NamedZone>> {
    let session = &env.settings().time_zone;
    env.site.cached(name, || {
        let varying = |zone: Zone| NamedZone { zone, abbreviation: Some(name.into()) };
        match session.abbreviation(name) {
            Some(ZoneAbbreviation::Fixed(seconds, _)) => return Ok(Zone::fixed(seconds).into()),
            Some(ZoneAbbreviation::Varying) => return Ok(varying(session.clone())),
            None => {}
        }
        match abbreviations::lookup(&name.to_ascii_lowercase()) {
            Some(Abbreviation::Fixed(seconds, _)) => Ok(Zone::fixed(seconds).into()),
            Some(Abbreviation::Zone(zone)) => Zone::lookup_or_error(zone).map(varying),
            None => match Zone::lookup(name) {
                Some(zone) => Ok(zone.into()),
                // A bare offset is a POSIX zone without a name: positive is west.
                None => match numeric_offset(name) {
                    Some(Some(seconds)) => Ok(Zone::fixed(-seconds).into()),
                    _ => Zone::lookup_or_error(name).map(NamedZone::from),
                },
            },
        }
    })
}

/// Seconds of `±hh[[:]mm[[:]ss]]`: None if it is no offset, Some(None) if one out of range.
pub(super) fn numeric_offset(text: &str) -> Option<Option<i32>> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let parts: Vec<&str> = if rest.contains(':') {
        rest.split(':').collect()
    } else if rest.len() > 2 && rest.len() <= 6 {
        let hours = rest.len() - if rest.len() > 4 { 4 } else { 2 };
        let (head, tail) = (rest.get(..hours)?, rest.get(hours..)?);
        if tail.len() > 2 { vec![head, tail.get(..2)?, tail.get(2..)?] } else { vec![head, tail] }
    } else {
        vec![rest]
    };
    if parts.len() > 3
        || parts[0].is_empty()
        || parts.iter().any(|part| !part.bytes().all(|b| b.is_ascii_digit()))
    {
        return None;
    }
    let mut numbers = [0i32; 3];
    // Behind a colon may stand nothing.
    for (number, part) in numbers.iter_mut().zip(&parts).filter(|(_, part)| !part.is_empty()) {
        *number = part.parse().unwrap_or(i32::MAX);
    }
    let [hours, minutes, seconds] = numbers;
    if hours > 15 || minutes > 59 || seconds > 59 {
        return Some(None);
    }
    Some(Some(sign * (hours * 3600 + minutes * 60 + seconds)))
}

/// The zone of an interval east of UTC.
fn interval_zone(zone: Interval, env: &Env<'_>) -> EvalResult<Zone> {
    let refuse = |what: &str| {
        let mut text = Vec::new();
        text_out(Datum::Interval(zone), ScalarType::Interval, env.settings(), &mut text);
        let text = String::from_utf8_lossy(&text);
        EvalError::new("22023", format!("interval time zone \"{text}\" must {what}"))
    };
    if !zone.is_finite() {
        return Err(refuse("be finite"));
    }
    if zone.months != 0 || zone.days != 0 {
        return Err(refuse("not include months or days"));
    }
    i32::try_from(zone.micros / SECOND).map(Zone::fixed).map_err(|_| super::timestamp_out_of_range())
}

fn to_utc(at: i64, zone: &impl Zoned) -> EvalResult<Datum<'static>> {
    let utc = if is_infinite(at) { at } else { valid(Some(zone.utc(at)))? };
    Ok(Datum::Timestamptz(utc))
}

fn to_local(at: i64, zone: &impl Zoned) -> EvalResult<Datum<'static>> {
    let local = if is_infinite(at) { at } else { valid(Some(zone.local(at)))? };
    Ok(Datum::Timestamp(local))
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("timestamp_zone", (zone: Text, a: Timestamp), env => match is_infinite(a) {
        true => Ok(Datum::Timestamptz(a)),
        false => to_utc(a, &*parse_zone(zone, env)?),
    }),
    fallible!("timestamptz_zone", (zone: Text, a: Timestamptz), env => match is_infinite(a) {
        true => Ok(Datum::Timestamp(a)),
        false => to_local(a, &*parse_zone(zone, env)?),
    }),
    fallible!("timestamp_izone", (zone: Interval, a: Timestamp), env => match is_infinite(a) {
        true => Ok(Datum::Timestamptz(a)),
        false => to_utc(a, &interval_zone(zone, env)?),
    }),
    fallible!("timestamptz_izone", (zone: Interval, a: Timestamptz), env => match is_infinite(a) {
        true => Ok(Datum::Timestamp(a)),
        false => to_local(a, &interval_zone(zone, env)?),
    }),
    fallible!("timestamp_at_local", (a: Timestamp), env => to_utc(a, &env.settings().time_zone)).stable(),
    fallible!("timestamptz_at_local", (a: Timestamptz), env => to_local(a, &env.settings().time_zone))
        .stable(),
]];
