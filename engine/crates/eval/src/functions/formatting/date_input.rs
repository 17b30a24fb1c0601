//! Text to dates and timestamps by a picture.

use super::date_assembly::{Given, Moment, ZoneGiven, assemble, bad_format};
use super::date_picture::{
    Convention, DAYS, Key, MONTHS, Part, Picture, ROMAN_MONTHS, is_separator, is_space,
};
use crate::context::Env;
use crate::functions::datetime::timestamp_out_of_range;
use crate::registry::{Function, fallible};
use tidewire_row::abbreviations::{self, Abbreviation};
use tidewire_row::calendar::{self, DAY, SECOND};
use tidewire_row::timezone::Zone;
use tidewire_row::{Datum, EvalError, EvalResult};

/// Two-digit and shorter years are those nearest to 2020.
fn nearest_to_2020(year: i32) -> i32 {
    match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        100..520 => year + 2000,
        520..1000 => year + 1000,
        _ => year,
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    given: Given,
}

/// A field of the picture while it is read.
struct Field {
    name: &'static str,
    /// Takes as many digits as there are: FM, or no digit follows.
    greedy: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn skip_spaces(&mut self) -> i32 {
        let mut count = 0;
        while self.peek().is_some_and(is_space) {
            self.skip();
            count += 1;
        }
        count
    }

    /// An integer of at most `width` characters, or of any length where the field is greedy. Gives it and how many
    /// characters it took, blanks included.
    fn integer(&mut self, width: usize, field: &Field) -> EvalResult<(i32, usize)> {
        let start = self.at;
        self.skip_spaces();
        let rest = self.rest();
        let copy: String = rest.chars().take(width).collect();
        let scanned = if field.greedy { rest } else { copy.as_str() };
        let available = rest.len();
        if !field.greedy && available < width {
            return Err(bad_format(format!(
                "source string too short for \"{}\" formatting field",
                field.name
            ))
            .with_detail(format!("Field requires {width} characters, but only {available} remain."))
            .with_hint("If your source string is not fixed-width, try using the \"FM\" modifier."));
        }
        // As C's strtol: blanks, a sign, digits.
        let blanks = scanned.len() - scanned.trim_start_matches(is_space).len();
        let body = &scanned[blanks..];
        let signed = body.starts_with(['-', '+']) as usize;
        let digits = body[signed..].bytes().take_while(u8::is_ascii_digit).count();
        let used = if digits == 0 { 0 } else { blanks + signed + digits };
        let invalid = |detail: String| {
            bad_format(format!("invalid value \"{copy}\" for \"{}\"", field.name)).with_detail(detail)
        };
        if !field.greedy && used > 0 && used < width {
            return Err(invalid(format!(
                "Field requires {width} characters, but only {used} could be parsed."
            ))
            .with_hint("If your source string is not fixed-width, try using the \"FM\" modifier."));
        }
        if digits == 0 {
            return Err(invalid("Value must be an integer.".into()));
        }
        let number = scanned[blanks..used].trim_start_matches('+');
        let value = number.parse::<i32>().map_err(|_| {
            EvalError::new("22008", format!("value for \"{}\" in source string is out of range", field.name))
                .with_detail(format!("Value must be in the range {} to {}.", i32::MIN, i32::MAX))
        })?;
        self.at += used;
        Ok((value, self.at - start))
    }

    /// The first of `names` that the text begins with, in any case.
    fn search(&mut self, names: &[&str], field: &Field) -> EvalResult<usize> {
        let rest = self.rest();
        let found = names.iter().position(|name| {
            rest.len() >= name.len() && rest.as_bytes()[..name.len()].eq_ignore_ascii_case(name.as_bytes())
        });
        match found {
            Some(index) => {
                self.at += names[index].len();
                Ok(index)
            }
            None => {
                let word = rest.split(is_space).next().unwrap_or_default();
                Err(bad_format(format!("invalid value \"{word}\" for \"{}\"", field.name))
                    .with_detail("The given value did not match any of the allowed values for this field."))
            }
        }
    }

    /// Hours, and minutes behind a colon, of a zone's offset.
    fn zone_sign(&mut self, skipped: i32) {
        match self.peek() {
            Some(sign @ ('+' | '-' | ' ')) => {
                self.given.zone_sign = if sign == '-' { -1 } else { 1 };
                self.skip();
            }
            _ => {
                // A minus that was skipped as a separator is the sign.
                let minus = skipped > 0 && self.text[..self.at].ends_with('-');
                self.given.zone_sign = if minus { -1 } else { 1 };
            }
        }
    }

    fn zone_name(&mut self) -> Option<Abbreviation> {
        let letters = self.rest().bytes().take_while(u8::is_ascii_alphabetic).take(10).count();
        for length in (1..=letters).rev() {
            let word = self.rest()[..length].to_ascii_lowercase();
            if let Some(found) = abbreviations::lookup(&word) {
                self.at += length;
                return Some(found);
            }
        }
        None
    }
}

/// Stores a value once; another value for the same field is a conflict.
fn set(target: &mut i32, value: i32, name: &str) -> EvalResult<()> {
    if *target != 0 && *target != value {
        return Err(bad_format(format!("conflicting values for \"{name}\" field in formatting string"))
            .with_detail("This value contradicts a previous setting for the same field type."));
    }
    *target = value;
    Ok(())
}

/// Reads the fields of a picture; `standard`: as SQL/JSON wants it, where the text is what the picture says and no more.
pub(super) fn read(text: &str, picture: &Picture, standard: bool) -> EvalResult<Given> {
    let mut reader = Reader { text, at: 0, given: Given::default() };
    let mut fixed = standard;
    let mut missing = false;
    // Characters skipped beyond what the picture has.
    let mut extra = 0;
    for (index, part) in picture.parts.iter().enumerate() {
        if reader.rest().is_empty() {
            missing = true;
            break;
        }
        let is_field = matches!(part, Part::Field { .. });
        let is_fixed = matches!(part, Part::Field { key: Key::Fixed, .. });
        if !fixed && !is_fixed && (is_field || index == 0) {
            extra += reader.skip_spaces();
        }
        match part {
            Part::Separator(wanted) | Part::Space(wanted) if standard => {
                if reader.peek() != Some(*wanted) {
                    return Err(bad_format(format!("unmatched format separator \"{wanted}\"")));
                }
                reader.skip();
            }
            Part::Character(wanted) if standard && reader.peek() != Some(*wanted) => {
                return Err(bad_format(format!("unmatched format character \"{wanted}\"")));
            }
            Part::Separator(_) | Part::Space(_) => {
                if fixed {
                    reader.skip();
                } else {
                    extra -= 1;
                    if reader.peek().is_some_and(|next| is_space(next) || is_separator(next)) {
                        reader.skip();
                        extra += 1;
                    }
                }
            }
            Part::Character(_) => {
                if !fixed && extra > 0 {
                    extra -= 1;
                } else {
                    reader.skip();
                }
            }
            Part::Field { key: Key::Fixed, .. } => fixed = true,
            Part::Field { key, name, fill, ordinal, .. } => {
                let next_is_digits = match picture.parts.get(index + 1) {
                    None => false,
                    Some(Part::Field { key, .. }) => key.is_digits(),
                    Some(Part::Separator(next) | Part::Space(next) | Part::Character(next)) => {
                        next.is_ascii_digit()
                    }
                };
                let greedy = *fill || ordinal.is_some() || !next_is_digits;
                field(&mut reader, *key, &Field { name, greedy }, extra)?;
                if ordinal.is_some() && takes_ordinal(*key) {
                    reader.skip();
                    reader.skip();
                }
                if !fixed {
                    extra = reader.skip_spaces();
                }
            }
        }
    }
    if standard {
        if missing {
            return Err(bad_format("input string is too short for datetime format".into()));
        }
        reader.skip_spaces();
        if !reader.rest().is_empty() {
            let message = "trailing characters remain in input string after datetime format";
            return Err(bad_format(message.into()));
        }
    }
    Ok(reader.given)
}

/// Fields behind which TH and th are skipped.
fn takes_ordinal(key: Key) -> bool {
    key.is_digits() && !matches!(key, Key::ZoneMinutes)
}

fn field(reader: &mut Reader<'_>, key: Key, field: &Field, extra: i32) -> EvalResult<()> {
    let convention = key.convention();
    if convention != Convention::Any {
        match reader.given.convention {
            Some(earlier) if earlier != convention => {
                return Err(bad_format("invalid combination of date conventions".into()).with_hint(
                    "Do not mix Gregorian and ISO week date conventions in a formatting template.",
                ));
            }
            _ => reader.given.convention = Some(convention),
        }
    }
    let name = field.name;
    let width = name.len();
    match key {
        Key::Meridiem { points, .. } => {
            let names: &[&str] = if points { &["a.m.", "p.m."] } else { &["am", "pm"] };
            let value = reader.search(names, field)? as i32;
            set(&mut reader.given.afternoon, value, name)?;
            reader.given.twelve_hours = true;
        }
        Key::Era { points, .. } => {
            let names: &[&str] = if points { &["a.d.", "b.c."] } else { &["ad", "bc"] };
            let value = reader.search(names, field)? as i32;
            set(&mut reader.given.before_christ, value, name)?;
        }
        Key::Hour12 | Key::Hour24 => {
            let (value, _) = reader.integer(2, field)?;
            set(&mut reader.given.hour, value, name)?;
            reader.given.twelve_hours |= key == Key::Hour12;
        }
        Key::Minute => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.minute, value, name)?;
        }
        Key::Second => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.second, value, name)?;
        }
        Key::Millisecond => {
            let (value, length) = reader.integer(3, field)?;
            set(&mut reader.given.millisecond, value, name)?;
            // 25 is a quarter of a second as 250 is; 025 is not.
            let scale = [1, 100, 10].get(length).copied().unwrap_or(1);
            reader.given.millisecond = reader.given.millisecond.saturating_mul(scale);
        }
        Key::Microsecond | Key::Fraction(_) => {
            let width = match key {
                Key::Fraction(digits) => {
                    reader.given.precision = Some(digits);
                    digits as usize
                }
                _ => 6,
            };
            let (value, length) = reader.integer(width, field)?;
            set(&mut reader.given.microsecond, value, name)?;
            let scale = [1, 100_000, 10_000, 1000, 100, 10].get(length).copied().unwrap_or(1);
            reader.given.microsecond = reader.given.microsecond.saturating_mul(scale);
        }
        Key::SecondsOfDay => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.seconds_of_day, value, name)?;
        }
        Key::ZoneName { .. } => {
            if let Some(zone) = reader.zone_name() {
                reader.given.zone = Some(zone);
                reader.given.zone_sign = 0;
            } else if reader.peek().is_some_and(|next| next.is_ascii_alphabetic()) {
                return Err(bad_format(format!("invalid value \"{}\" for \"{name}\"", reader.rest()))
                    .with_detail("Time zone abbreviation is not recognized."));
            } else {
                zone_offset(reader, field, extra)?;
            }
        }
        Key::ZoneOffset => zone_offset(reader, field, extra)?,
        Key::ZoneHours => {
            reader.zone_sign(extra);
            let (value, _) = reader.integer(2, field)?;
            set(&mut reader.given.zone_hours, value, name)?;
        }
        Key::ZoneMinutes => {
            if reader.given.zone_sign == 0 {
                reader.given.zone_sign = 1;
            }
            let (value, _) = reader.integer(2, field)?;
            set(&mut reader.given.zone_minutes, value, name)?;
        }
        Key::MonthName(_) => {
            let value = reader.search(&MONTHS, field)? as i32 + 1;
            set(&mut reader.given.month, value, name)?;
        }
        Key::MonthShort(_) => {
            let value = reader.search(&MONTHS.map(|month| &month[..3]), field)? as i32 + 1;
            set(&mut reader.given.month, value, name)?;
        }
        Key::RomanMonth { .. } => {
            let value = 12 - reader.search(&ROMAN_MONTHS, field)? as i32;
            set(&mut reader.given.month, value, name)?;
        }
        Key::Month => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.month, value, name)?;
        }
        Key::DayName(_) | Key::DayShort(_) => {
            let value = match key {
                Key::DayName(_) => reader.search(&DAYS, field)?,
                _ => reader.search(&DAYS.map(|day| &day[..3]), field)?,
            };
            set(&mut reader.given.day_of_week, value as i32, name)?;
            reader.given.day_of_week += 1;
        }
        Key::DayOfYear | Key::IsoDayOfYear => {
            let (value, _) = reader.integer(3, field)?;
            set(&mut reader.given.day_of_year, value, name)?;
        }
        Key::Day => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.day, value, name)?;
        }
        Key::DayOfWeek => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.day_of_week, value, name)?;
        }
        Key::IsoDayOfWeek => {
            let (value, _) = reader.integer(1, field)?;
            set(&mut reader.given.day_of_week, value, name)?;
            // Sunday is 1 inside.
            reader.given.day_of_week = if value.saturating_add(1) > 7 { 1 } else { value + 1 };
        }
        Key::Week | Key::IsoWeek => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.week, value, name)?;
        }
        Key::WeekOfMonth => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.week_of_month, value, name)?;
        }
        // A quarter is read and ignored: it names no date.
        Key::Quarter => {
            reader.integer(width, field)?;
        }
        Key::Century => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.century, value, name)?;
        }
        Key::YearWithComma => year_with_comma(reader, name)?,
        Key::Year(digits) | Key::IsoYear(digits) => {
            let (value, length) = reader.integer(width, field)?;
            set(&mut reader.given.year, value, name)?;
            if digits < 4 && length < 4 {
                reader.given.year = nearest_to_2020(reader.given.year);
            }
            reader.given.year_digits = digits;
        }
        Key::Julian => {
            let (value, _) = reader.integer(width, field)?;
            set(&mut reader.given.julian, value, name)?;
        }
        Key::Fixed => {}
    }
    Ok(())
}

fn zone_offset(reader: &mut Reader<'_>, field: &Field, extra: i32) -> EvalResult<()> {
    reader.zone_sign(extra);
    let (hours, _) = reader.integer(2, field)?;
    set(&mut reader.given.zone_hours, hours, field.name)?;
    if reader.peek() == Some(':') {
        reader.skip();
        let (minutes, _) = reader.integer(2, field)?;
        set(&mut reader.given.zone_minutes, minutes, field.name)?;
    }
    Ok(())
}

fn year_with_comma(reader: &mut Reader<'_>, name: &str) -> EvalResult<()> {
    let invalid = || bad_format("invalid input string for \"Y,YYY\"".into());
    let rest = reader.rest();
    let blanks = rest.len() - rest.trim_start_matches(is_space).len();
    let body = &rest[blanks..];
    let comma = body.find(',').ok_or_else(invalid)?;
    let millennia: i32 = body[..comma].trim_start_matches('+').parse().map_err(|_| invalid())?;
    let digits = body[comma + 1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err(invalid());
    }
    let years: i32 = body[comma + 1..comma + 1 + digits].parse().map_err(|_| invalid())?;
    let year = millennia
        .checked_mul(1000)
        .and_then(|millennia| millennia.checked_add(years))
        .ok_or_else(|| EvalError::new("22008", "value for \"Y,YYY\" in source string is out of range"))?;
    let used = blanks + comma + 1 + digits;
    reader.at += used;
    set(&mut reader.given.year, year, name)?;
    reader.given.year_digits = 4;
    Ok(())
}

/// The day number, if it is one that PostgreSQL's Julian days reach.
pub(super) fn day_number(moment: &Moment) -> Option<i64> {
    let days = calendar::days_from_civil(moment.year, moment.month, moment.day);
    (days >= calendar::MIN_DATE as i64 && (moment.year, moment.month) < (5_874_898, 6)).then_some(days)
}

fn parse(text: &str, format: &str, env: &Env<'_>) -> EvalResult<Moment> {
    let picture = env.site.cached(format, || Picture::parse(format))?;
    assemble(&read(text, &picture, false)?, text)
}

fn to_date(text: &str, format: &str, env: &Env<'_>) -> EvalResult<Datum<'static>> {
    let moment = parse(text, format, env)?;
    day_number(&moment)
        .filter(|days| calendar::is_valid_date(*days))
        .map(|days| Datum::Date(days as i32))
        .ok_or_else(|| EvalError::new("22008", format!("date out of range: \"{text}\"")))
}

fn to_timestamp(text: &str, format: &str, env: &Env<'_>) -> EvalResult<Datum<'static>> {
    let moment = parse(text, format, env)?;
    let local = day_number(&moment)
        .and_then(|days| days.checked_mul(DAY))
        .and_then(|midnight| midnight.checked_add(moment.micros))
        .ok_or_else(timestamp_out_of_range)?;
    let utc = match &moment.zone {
        Some(ZoneGiven::Offset(seconds)) => local.checked_sub(*seconds as i64 * SECOND),
        Some(ZoneGiven::Named(name)) => Some(Zone::lookup_or_error(name)?.to_utc(local)),
        None => Some(env.settings().time_zone.to_utc(local)),
    };
    let utc = utc.filter(|utc| calendar::is_valid_timestamp(*utc)).ok_or_else(timestamp_out_of_range)?;
    let rounded = moment.precision.map_or(utc, |digits| calendar::round_micros(utc, digits as i32));
    Ok(Datum::Timestamptz(rounded))
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("to_date", (text: Text, format: Text), env => to_date(text, format, env)).stable(),
    fallible!("to_timestamp", (text: Text, format: Text), env => to_timestamp(text, format, env)).stable(),
]];
