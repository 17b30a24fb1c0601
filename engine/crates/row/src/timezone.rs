//! Time zones, from the bundled tz database, with PostgreSQL's rules for local times that do not exist or exist twice.

use crate::calendar::{DAY, SECOND, UNIX_EPOCH_MICROS};
use crate::{EvalError, EvalResult};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneTransition};
use std::sync::{Arc, LazyLock, OnceLock};

/// 400 years: after them the calendar, days of the week included, repeats.
const CYCLE: i64 = 146_097 * DAY;
/// The years that the database is asked about; others are moved by whole cycles.
const FIRST: i64 = -(4_800 * 365 + 4_800 / 4) * DAY;
const LAST: i64 = 7_900 * 365 * DAY;

/// A time zone. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Zone {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    name: String,
    rule: Rule,
    /// What it ever called its offsets.
    abbreviations: OnceLock<Vec<Named>>,
}

/// An abbreviation of a zone, with the offset that it stands for if it was always the same.
#[derive(Debug)]
struct Named {
    abbreviation: String,
    offset: Option<(i32, bool)>,
}

/// What an abbreviation means in a zone that uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneAbbreviation {
    /// Seconds east and whether that is daylight-saving time, at all times.
    Fixed(i32, bool),
    /// It depends on the time.
    Varying,
}

#[derive(Debug)]
enum Rule {
    /// Seconds east.
    Fixed(i32),
    Tz(TimeZone),
}

/// What a zone says about an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalOffset {
    /// Seconds east of UTC.
    pub seconds: i32,
    /// Whether daylight-saving time is in force.
    pub dst: bool,
    /// The zone's abbreviation for it, such as `CEST`.
    pub abbreviation: String,
}

impl Default for Zone {
    fn default() -> Self {
        Zone::utc()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.inner.name == other.inner.name
    }
}

impl Eq for Zone {}

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        static UTC: LazyLock<Zone> = LazyLock::new(|| Zone::new("UTC".into(), Rule::Fixed(0)));
        UTC.clone()
    }

    /// A fixed offset, named as PostgreSQL names it (`<+02>-02`).
    pub fn fixed(seconds_east: i32) -> Self {
        let hours_minutes = |seconds: i32| {
            let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            match (minutes, rest) {
                (0, 0) => format!("{hours:02}"),
                (_, 0) => format!("{hours:02}:{minutes:02}"),
                _ => format!("{hours:02}:{minutes:02}:{rest:02}"),
            }
        };
        let (shown, posix) = if seconds_east < 0 { ('-', '+') } else { ('+', '-') };
        let size = hours_minutes(seconds_east.abs());
        Zone::new(format!("<{shown}{size}>{posix}{size}"), Rule::Fixed(seconds_east))
    }

    fn new(name: String, rule: Rule) -> Self {
        Zone { inner: Arc::new(Inner { name, rule, abbreviations: OnceLock::new() }) }
    }

    /// A zone of the database by its name in any case, or a POSIX specification (`EST5EDT`, `<+02>-02`).
    pub fn lookup(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("gmt") {
            return Some(Zone::new(name.to_ascii_uppercase(), Rule::Fixed(0)));
        }
        // The database's name for an unknown zone is not a zone.
        if name.is_empty() || name.eq_ignore_ascii_case("etc/unknown") {
            return None;
        }
        // Since tzdata 2024b these are links; the bundled database still has their own rules.
        const LINKS: [(&str, &str); 11] = [
            ("EST5EDT", "America/New_York"),
            ("CST6CDT", "America/Chicago"),
            ("MST7MDT", "America/Denver"),
            ("PST8PDT", "America/Los_Angeles"),
            ("EST", "America/Panama"),
            ("MST", "America/Phoenix"),
            ("HST", "Pacific/Honolulu"),
            ("CET", "Europe/Brussels"),
            ("MET", "Europe/Brussels"),
            ("EET", "Europe/Athens"),
            ("WET", "Europe/Lisbon"),
        ];
        if let Some((link, target)) = LINKS.iter().find(|(link, _)| link.eq_ignore_ascii_case(name)) {
            return TimeZone::get(target).ok().map(|zone| Zone::new(link.to_string(), Rule::Tz(zone)));
        }
        if let Ok(zone) = TimeZone::get(name) {
            let canonical = zone.iana_name().unwrap_or(name).to_string();
            return Some(Zone::new(canonical, Rule::Tz(zone)));
        }
        posix(name)
    }

    /// As [`Zone::lookup`]; 22023 for a name that is none.
    pub fn lookup_or_error(name: &str) -> EvalResult<Self> {
        Zone::lookup(name)
            .ok_or_else(|| EvalError::new("22023", format!("time zone \"{name}\" not recognized")))
    }

    /// The zone's name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Whether it has one offset for ever.
    pub fn is_fixed(&self) -> bool {
        match &self.inner.rule {
            Rule::Fixed(_) => true,
            Rule::Tz(zone) => zone.to_fixed_offset().is_ok(),
        }
    }

    /// Seconds east of UTC at an instant (µs since 2000-01-01 UTC).
    #[inline]
    pub fn offset_at(&self, utc: i64) -> i32 {
        match &self.inner.rule {
            Rule::Fixed(seconds) => *seconds,
            Rule::Tz(zone) => zone.to_offset(instant(utc)).seconds(),
        }
    }

    /// Offset, abbreviation and daylight-saving time at an instant.
    pub fn info_at(&self, utc: i64) -> LocalOffset {
        match &self.inner.rule {
            Rule::Fixed(seconds) => {
                let name = self.name();
                let abbreviation = posix_name(name).map_or(name, |(abbreviation, _)| abbreviation);
                LocalOffset { seconds: *seconds, dst: false, abbreviation: abbreviation.to_string() }
            }
            Rule::Tz(zone) => {
                let info = zone.to_offset_info(instant(utc));
                LocalOffset {
                    seconds: info.offset().seconds(),
                    dst: info.dst().is_dst(),
                    abbreviation: info.abbreviation().to_string(),
                }
            }
        }
    }

    /// What the zone means by an abbreviation; None if it never used it.
    pub fn abbreviation(&self, name: &str) -> Option<ZoneAbbreviation> {
        let Rule::Tz(zone) = &self.inner.rule else {
            let info = self.info_at(0);
            return info
                .abbreviation
                .eq_ignore_ascii_case(name)
                .then_some(ZoneAbbreviation::Fixed(info.seconds, info.dst));
        };
        let known = self.inner.abbreviations.get_or_init(|| abbreviations_of(zone));
        let found = known.iter().find(|named| named.abbreviation.eq_ignore_ascii_case(name))?;
        Some(
            found.offset.map_or(ZoneAbbreviation::Varying, |(east, daylight)| {
                ZoneAbbreviation::Fixed(east, daylight)
            }),
        )
    }

    /// Seconds east that an abbreviation meant last at a local time, or else would mean first; where the zone never used it,
    /// what holds at that time.
    pub fn offset_of_abbreviation(&self, name: &str, local: i64) -> i32 {
        let east = self.offset_of_local(local);
        match &self.inner.rule {
            Rule::Fixed(_) => east,
            Rule::Tz(zone) => meaning_at(zone, name, instant(local - east as i64 * SECOND)).unwrap_or(east),
        }
    }

    /// [`Zone::offset_of_abbreviation`] at an instant.
    pub fn offset_of_abbreviation_at(&self, name: &str, utc: i64) -> i32 {
        match &self.inner.rule {
            Rule::Fixed(seconds) => *seconds,
            Rule::Tz(zone) => meaning_at(zone, name, instant(utc)).unwrap_or_else(|| self.offset_at(utc)),
        }
    }

    /// The local time (µs since 2000-01-01 local) of an instant.
    #[inline]
    pub fn to_local(&self, utc: i64) -> i64 {
        utc.saturating_add(self.offset_at(utc) as i64 * SECOND)
    }

    /// Seconds east of UTC at a local time. In a gap the offset before it counts, in a fold the offset after it.
    pub fn offset_of_local(&self, local: i64) -> i32 {
        match &self.inner.rule {
            Rule::Fixed(seconds) => *seconds,
            Rule::Tz(zone) => {
                let offset: Offset = match zone.to_ambiguous_timestamp(civil(local)).offset() {
                    AmbiguousOffset::Unambiguous { offset } => offset,
                    AmbiguousOffset::Gap { before, .. } => before,
                    AmbiguousOffset::Fold { after, .. } => after,
                };
                offset.seconds()
            }
        }
    }

    /// The instant of a local time.
    #[inline]
    pub fn to_utc(&self, local: i64) -> i64 {
        local.saturating_sub(self.offset_of_local(local) as i64 * SECOND)
    }
}

/// A POSIX specification: an abbreviation and hours west of Greenwich, perhaps a daylight-saving zone. PostgreSQL
/// takes any abbreviation, and none before a sign; without a rule the daylight-saving time is that of the United States.
fn posix(name: &str) -> Option<Zone> {
    let (_, rest) = posix_name(name)?;
    let (west, rest) = posix_offset(rest)?;
    let upper = name.to_ascii_uppercase();
    if rest.is_empty() {
        return Some(Zone::new(upper, Rule::Fixed(-west)));
    }
    let specification = if rest.contains(',') { upper.clone() } else { format!("{upper},M3.2.0,M11.1.0") };
    TimeZone::posix(&specification).ok().map(|zone| Zone::new(upper, Rule::Tz(zone)))
}

/// Cuts the abbreviation off, in angle brackets or not.
fn posix_name(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = match text.strip_prefix('<') {
        Some(quoted) => quoted.split_once('>')?,
        None => {
            let end = text
                .find(|character: char| character.is_ascii_digit() || matches!(character, ',' | '-' | '+'))?;
            text.split_at(end)
        }
    };
    (!name.is_empty() || rest.starts_with(|first: char| matches!(first, '-' | '+') || first.is_ascii_digit()))
        .then_some((name, rest))
}

/// Cuts `[+-]hh[:mm[:ss]]` off: seconds west.
fn posix_offset(text: &str) -> Option<(i32, &str)> {
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut seconds = 0;
    for (index, (unit, limit)) in [(3600, 24 * 7), (60, 60), (1, 61)].into_iter().enumerate() {
        if index > 0 {
            match rest.strip_prefix(':') {
                Some(after) => rest = after,
                None => break,
            }
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let value: i32 = rest[..digits].parse().ok().filter(|value| *value < limit)?;
        seconds += value * unit;
        rest = &rest[digits..];
    }
    Some((if negative { -seconds } else { seconds }, rest))
}

/// Transitions are looked at from where the database begins until its last rules have come round.
fn transitions(zone: &TimeZone) -> impl Iterator<Item = TimeZoneTransition<'_>> {
    const LAST_YEAR: i16 = 2040;
    zone.following(jiff::Timestamp::MIN)
        .take_while(|transition| transition.timestamp().to_zoned(TimeZone::UTC).year() < LAST_YEAR)
}

fn abbreviations_of(zone: &TimeZone) -> Vec<Named> {
    let first = zone.to_offset_info(jiff::Timestamp::MIN);
    let first = (first.abbreviation().to_string(), first.offset().seconds(), first.dst().is_dst());
    let later = transitions(zone).map(|transition| {
        (transition.abbreviation().to_string(), transition.offset().seconds(), transition.dst().is_dst())
    });
    let mut known: Vec<Named> = Vec::new();
    for (abbreviation, east, daylight) in std::iter::once(first).chain(later) {
        match known.iter_mut().find(|named| named.abbreviation == abbreviation) {
            Some(named) if named.offset != Some((east, daylight)) => named.offset = None,
            Some(_) => {}
            None => known.push(Named { abbreviation, offset: Some((east, daylight)) }),
        }
    }
    known
}

/// `pg_interpret_timezone_abbrev`: the last use up to a time, or else the first one behind it.
fn meaning_at(zone: &TimeZone, name: &str, at: jiff::Timestamp) -> Option<i32> {
    let mut before = None;
    for transition in
        transitions(zone).filter(|transition| transition.abbreviation().eq_ignore_ascii_case(name))
    {
        let east = transition.offset().seconds();
        if transition.timestamp() > at {
            return Some(before.unwrap_or(east));
        }
        before = Some(east);
    }
    before
}

/// Moves a time by whole calendar cycles into the years that the database knows.
fn fold(micros: i64) -> i64 {
    if micros > LAST {
        LAST - CYCLE + (micros - LAST).rem_euclid(CYCLE)
    } else if micros < FIRST {
        FIRST + (micros - FIRST).rem_euclid(CYCLE)
    } else {
        micros
    }
}

fn instant(utc: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(fold(utc) + UNIX_EPOCH_MICROS).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

fn civil(local: i64) -> DateTime {
    Offset::UTC.to_datetime(instant(local))
}
