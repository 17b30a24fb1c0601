//! Text to dates and timestamps by a picture.

use super::date_picture::{
    Convention, DAYS, Key, MONTHS, Part, Picture, ROMAN_MONTHS, is_separator, is_space,
};
use crate::context::Env;
use crate::functions::datetime::{iso_week_start, timestamp_out_of_range};
use crate::registry::{Function, fallible};
use tidewire_row::abbreviations::{self, Abbreviation};
use tidewire_row::calendar::{self, DAY, EPOCH_JULIAN, HOUR, MINUTE, SECOND};
use tidewire_row::timezone::Zone;
use tidewire_row::{Datum, EvalError, EvalResult};

/// The fields that were read; 0 is "not given", as PostgreSQL has it.
#[derive(Default)]
struct Given {
    convention: Option<Convention>,
    hour: i32,
    minute: i32,
    second: i32,
    seconds_of_day: i32,
    millisecond: i32,
    microsecond: i32,
    /// The digits of FFn.
    precision: Option<u8>,
    twelve_hours: bool,
    afternoon: i32,
    before_christ: i32,
    day_of_week: i32,
    day: i32,
    day_of_year: i32,
    month: i32,
    year: i32,
    /// Digits of the year's pattern.
    year_digits: u8,
    week: i32,
    week_of_month: i32,
    century: i32,
    julian: i32,
    zone_sign: i32,
    zone_hours: i32,
    zone_minutes: i32,
    zone: Option<Abbreviation>,
}

fn bad_format(message: String) -> EvalError {
    EvalError::new("22007", message)
}

/// `date/time field value out of range`.
fn overflow(input: &str) -> EvalError {
    EvalError::new("22008", format!("date/time field value out of range: \"{input}\""))
}

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

fn read(text: &str, picture: &Picture) -> EvalResult<Given> {
    let mut reader = Reader { text, at: 0, given: Given::default() };
    let mut fixed = false;
    // Characters skipped beyond what the picture has.
    let mut extra = 0;
    for (index, part) in picture.parts.iter().enumerate() {
        if reader.rest().is_empty() {
            break;
        }
        let is_field = matches!(part, Part::Field { .. });
        let is_fixed = matches!(part, Part::Field { key: Key::Fixed, .. });
        if !fixed && !is_fixed && (is_field || index == 0) {
            extra += reader.skip_spaces();
        }
        match part {
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

/// Year (0 is 1 BC), month, day, microseconds of the day and the offset east of UTC if the text had one.
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    micros: i64,
    zone: Option<ZoneGiven>,
    precision: Option<u8>,
}

enum ZoneGiven {
    Offset(i32),
    Named(&'static str),
}

/// Puts the fields together and checks them.
fn assemble(given: &Given, input: &str) -> EvalResult<Moment> {
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

/// The day number, if it is one that PostgreSQL's Julian days reach.
fn day_number(moment: &Moment) -> Option<i64> {
    let days = calendar::days_from_civil(moment.year, moment.month, moment.day);
    (days >= calendar::MIN_DATE as i64 && (moment.year, moment.month) < (5_874_898, 6)).then_some(days)
}

fn parse(text: &str, format: &str, env: &Env<'_>) -> EvalResult<Moment> {
    let picture = env.site.cached(format, || Picture::parse(format))?;
    assemble(&read(text, &picture)?, text)
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
