//! SQL/JSON's reading of dates and times: what the value is follows from the picture (`parse_datetime`).

use super::date_assembly::{ZoneGiven, assemble};
use super::date_input::{day_number, read};
use super::date_picture::{Key, Part, Picture};
use tidewire_row::calendar::{self, DAY, SECOND};
use tidewire_row::timezone::Zone;
use tidewire_row::{EvalError, EvalResult};

/// A picture, and what its fields say of the values that it reads.
pub(crate) struct Template {
    picture: Picture,
    dated: bool,
    timed: bool,
    zoned: bool,
}

/// What was read. Offsets are seconds east of UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Standard {
    Date(i32),
    Time(i64),
    /// The time of day there, and the offset.
    TimeTz(i64, i32),
    Timestamp(i64),
    /// The instant, and the offset that it was written with.
    Timestamptz(i64, i32),
}

impl Template {
    /// Reads a template.
    pub fn new(text: &str) -> EvalResult<Self> {
        let picture = Picture::standard(text)?;
        let keys = || {
            picture.parts.iter().filter_map(|part| match part {
                Part::Field { key, .. } if *key != Key::Fixed => Some(*key),
                _ => None,
            })
        };
        let is_zone = |key: Key| {
            matches!(key, Key::ZoneName { .. } | Key::ZoneHours | Key::ZoneMinutes | Key::ZoneOffset)
        };
        let is_time = |key: Key| {
            matches!(
                key,
                Key::Meridiem { .. }
                    | Key::Hour12
                    | Key::Hour24
                    | Key::Minute
                    | Key::Second
                    | Key::Millisecond
                    | Key::Microsecond
                    | Key::Fraction(_)
                    | Key::SecondsOfDay
            )
        };
        let zoned = keys().any(is_zone);
        let timed = keys().any(is_time);
        let dated = keys().any(|key| !is_zone(key) && !is_time(key));
        Ok(Template { picture, dated, timed, zoned })
    }

    /// Reads a text, all of it.
    pub fn parse(&self, text: &str) -> EvalResult<Standard> {
        if self.picture.parts.is_empty() {
            return Err(EvalError::new("22007", "datetime format is not dated and not timed"));
        }
        let moment = assemble(&read(text, &self.picture, true)?, text)?;
        let round = |micros: i64| {
            moment.precision.map_or(micros, |digits| calendar::round_micros(micros, digits as i32))
        };
        let refused = |message: &str| EvalError::new("22007", message);
        let offset = |local: i64, of: &str| match &moment.zone {
            Some(ZoneGiven::Offset(seconds)) => Ok(*seconds),
            Some(ZoneGiven::Named(name)) => Ok(Zone::lookup_or_error(name)?.offset_of_local(local)),
            None => Err(refused(&format!("missing time zone in input string for type {of}"))),
        };
        match (self.dated, self.timed) {
            (true, false) if self.zoned => Err(refused("datetime format is zoned but not timed")),
            (true, false) => day_number(&moment)
                .filter(|days| calendar::is_valid_date(*days))
                .map(|days| Standard::Date(days as i32))
                .ok_or_else(|| EvalError::new("22008", format!("date out of range: \"{text}\""))),
            (true, true) => {
                let of = if self.zoned { "timestamptz" } else { "timestamp" };
                let out_of_range = || EvalError::new("22008", format!("{of} out of range"));
                let local = day_number(&moment)
                    .and_then(|days| days.checked_mul(DAY)?.checked_add(moment.micros))
                    .ok_or_else(out_of_range)?;
                let east = if self.zoned { offset(local, of)? } else { 0 };
                let at = local
                    .checked_sub(east as i64 * SECOND)
                    .filter(|at| calendar::is_valid_timestamp(*at))
                    .map(round)
                    .ok_or_else(out_of_range)?;
                Ok(if self.zoned { Standard::Timestamptz(at, east) } else { Standard::Timestamp(at) })
            }
            (false, true) if self.zoned => {
                Ok(Standard::TimeTz(round(moment.micros), offset(moment.micros, "timetz")?))
            }
            (false, true) => Ok(Standard::Time(round(moment.micros))),
            (false, false) => Err(refused("datetime format is not dated and not timed")),
        }
    }
}
