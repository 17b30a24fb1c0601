//! interval: `DecodeInterval`, `DecodeISO8601Interval`, the typmod, and the four output styles.

use super::datetime::words::{self, Unit, Word};
use super::datetime::{FieldKind, Refusal, clock, int4_prefix, integer_prefix, tokenize, write_fraction};
use super::{FormatSettings, IntervalStyle};
use crate::calendar::{DAY, HOUR, MINUTE, SECOND, round_micros};
use crate::io::integer::write_i64;
use crate::{EvalError, EvalResult, Interval};

/// Bits of a field in an interval typmod's range.
mod range {
    pub const MONTH: i32 = 1 << 1;
    pub const YEAR: i32 = 1 << 2;
    pub const DAY: i32 = 1 << 3;
    pub const HOUR: i32 = 1 << 10;
    pub const MINUTE: i32 = 1 << 11;
    pub const SECOND: i32 = 1 << 12;
    pub const FULL: i32 = 0x7fff;
}

/// The fields that a typmod allows, and its precision of seconds (6 for none).
fn decode_typmod(typmod: i32) -> (i32, i32) {
    if typmod < 0 {
        return (range::FULL, 6);
    }
    let precision = typmod & 0xffff;
    ((typmod >> 16) & 0x7fff, if precision == 0xffff { 6 } else { precision })
}

/// Parts while an input is read; within int4 and int8 as PostgreSQL keeps them.
#[derive(Default)]
struct Parts {
    years: i32,
    months: i32,
    days: i32,
    micros: i64,
}

fn int4(value: Option<i64>) -> Option<i32> {
    value.and_then(|value| i32::try_from(value).ok())
}

impl Parts {
    fn add_years(&mut self, value: i64, scale: i64) -> Option<()> {
        self.years = self.years.checked_add(int4(value.checked_mul(scale))?)?;
        Some(())
    }

    fn add_months(&mut self, value: i64) -> Option<()> {
        self.months = self.months.checked_add(int4(Some(value))?)?;
        Some(())
    }

    fn add_days(&mut self, value: i64, scale: i64) -> Option<()> {
        self.days = self.days.checked_add(int4(value.checked_mul(scale))?)?;
        Some(())
    }

    fn add_micros(&mut self, value: i64, fraction: f64, scale: i64) -> Option<()> {
        self.micros = self.micros.checked_add(value.checked_mul(scale)?)?;
        self.add_fraction_micros(fraction, scale)
    }

    fn add_fraction_micros(&mut self, fraction: f64, scale: i64) -> Option<()> {
        let scaled = fraction * scale as f64;
        let mut whole = scaled as i64;
        let rest = scaled - whole as f64;
        if rest > 0.5 {
            whole += 1;
        } else if rest < -0.5 {
            whole -= 1;
        }
        self.micros = self.micros.checked_add(whole)?;
        Some(())
    }

    fn add_fraction_days(&mut self, fraction: f64, scale: i64) -> Option<()> {
        let scaled = fraction * scale as f64;
        let whole = scaled as i32;
        self.days = self.days.checked_add(whole)?;
        self.add_fraction_micros(scaled - whole as f64, DAY)
    }

    fn add_fraction_years(&mut self, fraction: f64, scale: i64) -> Option<()> {
        let months = (fraction * scale as f64 * 12.0).round_ties_even() as i32;
        self.months = self.months.checked_add(months)?;
        Some(())
    }

    fn negate(&mut self) -> Option<()> {
        self.years = self.years.checked_neg()?;
        self.months = self.months.checked_neg()?;
        self.days = self.days.checked_neg()?;
        self.micros = self.micros.checked_neg()?;
        Some(())
    }

    /// Adds `value + fraction` of a unit.
    fn add(&mut self, unit: Unit, value: i64, fraction: f64) -> Result<(), Refusal> {
        let scaled_years = |parts: &mut Parts, scale: i64| {
            parts.add_years(value, scale).and_then(|()| parts.add_fraction_years(fraction, scale))
        };
        let done = match unit {
            Unit::Microsecond => self.add_micros(value, fraction, 1),
            Unit::Millisecond => self.add_micros(value, fraction, 1000),
            Unit::Second => self.add_micros(value, fraction, SECOND),
            Unit::Minute => self.add_micros(value, fraction, MINUTE),
            Unit::Hour => self.add_micros(value, fraction, HOUR),
            Unit::Day => self.add_days(value, 1).and_then(|()| self.add_fraction_micros(fraction, DAY)),
            Unit::Week => self.add_days(value, 7).and_then(|()| self.add_fraction_days(fraction, 7)),
            Unit::Month => self.add_months(value).and_then(|()| self.add_fraction_days(fraction, 30)),
            Unit::Year => scaled_years(self, 1),
            Unit::Decade => scaled_years(self, 10),
            Unit::Century => scaled_years(self, 100),
            Unit::Millennium => scaled_years(self, 1000),
            Unit::Other => return Err(Refusal::BadFormat),
        };
        done.ok_or(Refusal::FieldOverflow)
    }
}

/// A bit for each unit, so that none comes twice.
fn unit_mask(unit: Unit, fraction: f64) -> u32 {
    let bit = 1 << unit as u32;
    if unit == Unit::Second && fraction != 0.0 {
        // A fraction stands for milli- and microseconds too.
        return bit | 1 << Unit::Millisecond as u32 | 1 << Unit::Microsecond as u32;
    }
    bit
}

const TIME_MASK: u32 = 1 << Unit::Hour as u32
    | 1 << Unit::Minute as u32
    | 1 << Unit::Second as u32
    | 1 << Unit::Millisecond as u32
    | 1 << Unit::Microsecond as u32;

/// `interval_in`
pub(super) fn parse(input: &str, typmod: i32, settings: &FormatSettings) -> EvalResult<Interval> {
    let (fields, _) = decode_typmod(typmod);
    let refuse = |refusal: Refusal| {
        let refusal = if refusal == Refusal::FieldOverflow { Refusal::IntervalOverflow } else { refusal };
        refusal.into_error("interval", input)
    };
    let decoded = match decode(input, fields, settings) {
        Err(Refusal::BadFormat) => decode_iso(input).map(Decoded::Parts),
        other => other,
    };
    let parts = match decoded.map_err(refuse)? {
        Decoded::Infinity(positive) => {
            return Ok(if positive { Interval::INFINITY } else { Interval::NEG_INFINITY });
        }
        Decoded::Parts(parts) => parts,
    };
    let months = parts.years as i64 * 12 + parts.months as i64;
    let interval = Interval {
        months: i32::try_from(months).map_err(|_| EvalError::new("22008", "interval out of range"))?,
        days: parts.days,
        micros: parts.micros,
    };
    apply_typmod(interval, typmod)
}

/// `AdjustIntervalForTypmod`: drops fields below the range's last and rounds seconds.
pub fn apply_typmod(interval: Interval, typmod: i32) -> EvalResult<Interval> {
    if typmod < 0 || !interval.is_finite() {
        return Ok(interval);
    }
    let (fields, precision) = decode_typmod(typmod);
    let Interval { mut months, mut days, mut micros } = interval;
    let cut = |micros: i64, unit: i64| micros / unit * unit;
    if fields != range::FULL {
        // The last field of the range decides.
        if fields & range::SECOND != 0 {
        } else if fields & range::MINUTE != 0 {
            micros = cut(micros, MINUTE);
        } else if fields & range::HOUR != 0 {
            micros = cut(micros, HOUR);
        } else if fields & range::DAY != 0 {
            micros = 0;
        } else if fields & range::MONTH != 0 {
            (days, micros) = (0, 0);
        } else if fields & range::YEAR != 0 {
            (months, days, micros) = (months / 12 * 12, 0, 0);
        }
    }
    if precision < 6 {
        let half = 10i64.pow(6 - precision.max(0) as u32) / 2;
        if micros.checked_add(if micros < 0 { -half } else { half }).is_none() {
            return Err(EvalError::new("22008", "interval out of range"));
        }
        micros = round_micros(micros, precision);
    }
    Ok(Interval { months, days, micros })
}

enum Decoded {
    Infinity(bool),
    Parts(Parts),
}

/// The unit of a last number without one.
fn unit_of_range(fields: i32) -> Unit {
    if fields == range::FULL || fields & range::SECOND != 0 {
        Unit::Second
    } else if fields & range::MINUTE != 0 {
        Unit::Minute
    } else if fields & range::HOUR != 0 {
        Unit::Hour
    } else if fields & range::DAY != 0 {
        Unit::Day
    } else if fields & range::MONTH != 0 {
        Unit::Month
    } else if fields & range::YEAR != 0 {
        Unit::Year
    } else {
        Unit::Second
    }
}

/// `h:m[:s]` in microseconds.
fn clock_micros(text: &str, fields: i32) -> Result<i64, Refusal> {
    let (mut hour, mut minute, mut second, micros) = clock(text)?;
    if fields == range::MINUTE | range::SECOND && text.matches(':').count() == 1 && !text.contains('.') {
        (second, minute, hour) = (minute, hour, 0);
    }
    hour.checked_mul(HOUR)
        .and_then(|sum| sum.checked_add(minute.checked_mul(MINUTE)?))
        .and_then(|sum| sum.checked_add(second * SECOND + micros))
        .ok_or(Refusal::FieldOverflow)
}

/// `DecodeInterval`: reads the fields from the last to the first, so that a unit comes before its number.
fn decode(input: &str, fields: i32, settings: &FormatSettings) -> Result<Decoded, Refusal> {
    let tokens = tokenize(input)?;
    let mut parts = Parts::default();
    let mut known = 0u32;
    let mut unit: Option<Unit> = None;
    let mut unit_pending = false;
    let mut ago = false;
    let mut infinity = None;
    // In sql_standard style a leading sign holds for all fields if no other has one.
    let force_negative = settings.interval_style == IntervalStyle::SqlStandard
        && tokens.first().is_some_and(|(_, text)| text.starts_with('-'))
        && !tokens[1..].iter().any(|(_, text)| text.starts_with(['-', '+']));
    let negative_time = |micros: i64| if force_negative && micros > 0 { -micros } else { micros };
    let last = tokens.len().wrapping_sub(1);
    for (index, (kind, text)) in tokens.iter().enumerate().rev() {
        let decoded = match kind {
            FieldKind::Time => {
                parts.micros = negative_time(clock_micros(text, fields)?);
                unit = Some(Unit::Day);
                unit_pending = false;
                TIME_MASK
            }
            FieldKind::Zone if text[1..].contains(':') && clock_micros(&text[1..], fields).is_ok() => {
                let micros = clock_micros(&text[1..], fields)?;
                parts.micros = negative_time(if text.starts_with('-') { -micros } else { micros });
                unit = Some(Unit::Day);
                unit_pending = false;
                TIME_MASK
            }
            FieldKind::Zone | FieldKind::Date | FieldKind::Number => {
                let mut of = unit.unwrap_or_else(|| unit_of_range(fields));
                let negative = text.starts_with('-');
                let (mut value, rest) = integer_prefix(text)?;
                let mut fraction = 0.0;
                if let Some(months) = rest.strip_prefix('-') {
                    // years-months
                    let (months, rest) = int4_prefix(months)?;
                    if !(0..12).contains(&months) {
                        return Err(Refusal::FieldOverflow);
                    }
                    if !rest.is_empty() {
                        return Err(Refusal::BadFormat);
                    }
                    of = Unit::Month;
                    value = value
                        .checked_mul(12)
                        .and_then(|value| value.checked_add(if negative { -months } else { months }))
                        .ok_or(Refusal::FieldOverflow)?;
                } else if rest.starts_with('.') {
                    fraction = super::datetime::fraction(rest)?;
                    if negative {
                        fraction = -fraction;
                    }
                } else if !rest.is_empty() {
                    return Err(Refusal::BadFormat);
                }
                if force_negative {
                    value = -value.abs();
                    fraction = -fraction.abs();
                }
                parts.add(of, value, fraction)?;
                // A number before hours is of days; else the unit goes on for numbers without one of their own.
                unit = Some(if of == Unit::Hour { Unit::Day } else { of });
                unit_pending = false;
                unit_mask(of, fraction)
            }
            FieldKind::String | FieldKind::Special => {
                if unit_pending {
                    return Err(Refusal::BadFormat);
                }
                if text == "ago" {
                    if index != last {
                        return Err(Refusal::BadFormat);
                    }
                    ago = true;
                    unit = None;
                    continue;
                }
                if let Some(found) = words::unit(text) {
                    unit = Some(found);
                    unit_pending = true;
                    continue;
                }
                match words::datetime(text) {
                    Some(Word::Ignore) => continue,
                    Some(word @ (Word::Infinity | Word::NegInfinity)) => {
                        if index != last {
                            return Err(Refusal::BadFormat);
                        }
                        infinity = Some(word == Word::Infinity);
                        u32::MAX
                    }
                    _ => return Err(Refusal::BadFormat),
                }
            }
        };
        if decoded & known != 0 {
            return Err(Refusal::BadFormat);
        }
        known |= decoded;
    }
    if known == 0 || unit_pending {
        return Err(Refusal::BadFormat);
    }
    if let Some(positive) = infinity {
        return Ok(Decoded::Infinity(positive));
    }
    if ago {
        parts.negate().ok_or(Refusal::FieldOverflow)?;
    }
    Ok(Decoded::Parts(parts))
}

/// A number of ISO 8601: whole part, fraction, rest.
fn iso_number(text: &str) -> Result<(i64, f64, &str), Refusal> {
    let bytes = text.as_bytes();
    if !bytes.first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')) {
        return Err(Refusal::BadFormat);
    }
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut end = (bytes[0] == b'-') as usize;
    let whole = digits(end);
    end += whole;
    let mut after = 0;
    if bytes.get(end) == Some(&b'.') {
        after = digits(end + 1);
        end += 1 + after;
    }
    if whole + after == 0 {
        return Err(Refusal::BadFormat);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = matches!(bytes.get(end + 1), Some(b'+' | b'-')) as usize;
        let exponent = bytes.get(end + 1 + sign..).map_or(0, |_| digits(end + 1 + sign));
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let value: f64 = text[..end].parse().map_err(|_| Refusal::BadFormat)?;
    if !(-1e15..=1e15).contains(&value) {
        return Err(Refusal::FieldOverflow);
    }
    Ok((value.trunc() as i64, value - value.trunc(), &text[end..]))
}

/// Digits before the point, without the sign.
fn integer_width(text: &str) -> usize {
    text.trim_start_matches('-').bytes().take_while(u8::is_ascii_digit).count()
}

/// `DecodeISO8601Interval`: designators, or the alternative formats.
fn decode_iso(input: &str) -> Result<Parts, Refusal> {
    let Some(mut text) = input.strip_prefix('P').filter(|rest| !rest.is_empty()) else {
        return Err(Refusal::BadFormat);
    };
    let mut parts = Parts::default();
    let mut date_part = true;
    let mut have_field = false;
    while !text.is_empty() {
        if let Some(rest) = text.strip_prefix('T') {
            (date_part, have_field, text) = (false, false, rest);
            continue;
        }
        let start = text;
        let (value, fraction, rest) = iso_number(text)?;
        let designator = rest.chars().next();
        text = designator.map_or("", |designator| &rest[designator.len_utf8()..]);
        if date_part {
            match designator {
                Some('Y') => parts.add(Unit::Year, value, fraction)?,
                Some('M') => parts.add(Unit::Month, value, fraction)?,
                Some('W') => parts.add(Unit::Week, value, fraction)?,
                Some('D') => parts.add(Unit::Day, value, fraction)?,
                Some('T') | None if integer_width(start) == 8 && !have_field => {
                    parts.add(Unit::Year, value / 10_000, 0.0)?;
                    parts.add(Unit::Month, value / 100 % 100, 0.0)?;
                    parts.add(Unit::Day, value % 100, fraction)?;
                    (date_part, have_field) = (false, false);
                    continue;
                }
                Some('T' | '-') | None => {
                    if have_field {
                        return Err(Refusal::BadFormat);
                    }
                    parts.add(Unit::Year, value, fraction)?;
                    if designator == Some('-') {
                        for unit in [Unit::Month, Unit::Day] {
                            let (value, fraction, rest) = iso_number(text)?;
                            parts.add(unit, value, fraction)?;
                            text = rest;
                            match rest.strip_prefix('-') {
                                Some(rest) if unit == Unit::Month => text = rest,
                                _ => break,
                            }
                        }
                        if text.is_empty() {
                            return Ok(parts);
                        }
                        text = text.strip_prefix('T').ok_or(Refusal::BadFormat)?;
                    }
                    (date_part, have_field) = (false, false);
                    continue;
                }
                _ => return Err(Refusal::BadFormat),
            }
        } else {
            match designator {
                Some('H') => parts.add(Unit::Hour, value, fraction)?,
                Some('M') => parts.add(Unit::Minute, value, fraction)?,
                Some('S') => parts.add(Unit::Second, value, fraction)?,
                None if integer_width(start) == 6 && !have_field => {
                    parts.add(Unit::Hour, value / 10_000, 0.0)?;
                    parts.add(Unit::Minute, value / 100 % 100, 0.0)?;
                    parts.add(Unit::Second, value % 100, 0.0)?;
                    parts.add(Unit::Microsecond, 0, fraction)?;
                    return Ok(parts);
                }
                Some(':') | None => {
                    if have_field {
                        return Err(Refusal::BadFormat);
                    }
                    parts.add(Unit::Hour, value, fraction)?;
                    if designator == Some(':') {
                        let (value, fraction, rest) = iso_number(text)?;
                        parts.add(Unit::Minute, value, fraction)?;
                        if let Some(rest) = rest.strip_prefix(':') {
                            let (value, fraction, rest) = iso_number(rest)?;
                            parts.add(Unit::Second, value, fraction)?;
                            if !rest.is_empty() {
                                return Err(Refusal::BadFormat);
                            }
                        } else if !rest.is_empty() {
                            return Err(Refusal::BadFormat);
                        }
                    }
                    return Ok(parts);
                }
                _ => return Err(Refusal::BadFormat),
            }
        }
        have_field = true;
    }
    Ok(parts)
}

/// The fields that an interval is shown by.
struct Shown {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
}

/// `interval_out`
pub(super) fn write(value: Interval, style: IntervalStyle, out: &mut Vec<u8>) {
    if !value.is_finite() {
        let word = if value == Interval::INFINITY { "infinity" } else { "-infinity" };
        return out.extend_from_slice(word.as_bytes());
    }
    let shown = Shown {
        year: (value.months / 12) as i64,
        month: (value.months % 12) as i64,
        day: value.days as i64,
        hour: value.micros / HOUR,
        minute: value.micros / MINUTE % 60,
        second: value.micros / SECOND % 60,
        micros: value.micros % SECOND,
    };
    match style {
        IntervalStyle::Postgres => shown.write_postgres(out),
        IntervalStyle::PostgresVerbose => shown.write_verbose(out),
        IntervalStyle::SqlStandard => shown.write_sql(out),
        IntervalStyle::Iso8601 => shown.write_iso(out),
    }
}

/// Seconds and fraction without sign.
fn write_seconds(second: i64, micros: i64, fill: bool, out: &mut Vec<u8>) {
    if fill && second.abs() < 10 {
        out.push(b'0');
    }
    write_i64(second.abs(), out);
    write_fraction(micros.abs(), out);
}

/// At least two digits.
fn write_two(value: i64, out: &mut Vec<u8>) {
    if value < 10 {
        out.push(b'0');
    }
    write_i64(value, out);
}

impl Shown {
    fn time_negative(&self) -> bool {
        self.hour < 0 || self.minute < 0 || self.second < 0 || self.micros < 0
    }

    fn has_time(&self) -> bool {
        self.hour != 0 || self.minute != 0 || self.second != 0 || self.micros != 0
    }

    fn write_postgres(&self, out: &mut Vec<u8>) {
        let mut zero = true;
        let mut before = false;
        for (value, name) in [(self.year, " year"), (self.month, " mon"), (self.day, " day")] {
            if value == 0 {
                continue;
            }
            if !zero {
                out.push(b' ');
            }
            if before && value > 0 {
                out.push(b'+');
            }
            write_i64(value, out);
            out.extend_from_slice(name.as_bytes());
            if value != 1 {
                out.push(b's');
            }
            before = value < 0;
            zero = false;
        }
        if zero || self.has_time() {
            if !zero {
                out.push(b' ');
            }
            if self.time_negative() {
                out.push(b'-');
            } else if before {
                out.push(b'+');
            }
            write_two(self.hour.abs(), out);
            out.push(b':');
            write_two(self.minute.abs(), out);
            out.push(b':');
            write_seconds(self.second, self.micros, true, out);
        }
    }

    fn write_verbose(&self, out: &mut Vec<u8>) {
        out.push(b'@');
        let mut zero = true;
        let mut before = false;
        let parts = [
            (self.year, " year"),
            (self.month, " mon"),
            (self.day, " day"),
            (self.hour, " hour"),
            (self.minute, " min"),
        ];
        for (mut value, name) in parts {
            if value == 0 {
                continue;
            }
            if zero {
                before = value < 0;
                value = value.abs();
            } else if before {
                value = -value;
            }
            out.push(b' ');
            write_i64(value, out);
            out.extend_from_slice(name.as_bytes());
            if value != 1 {
                out.push(b's');
            }
            zero = false;
        }
        if self.second != 0 || self.micros != 0 {
            out.push(b' ');
            if self.second < 0 || (self.second == 0 && self.micros < 0) {
                if zero {
                    before = true;
                } else if !before {
                    out.push(b'-');
                }
            } else if before {
                out.push(b'-');
            }
            write_seconds(self.second, self.micros, false, out);
            out.extend_from_slice(b" sec");
            if self.second.abs() != 1 || self.micros != 0 {
                out.push(b's');
            }
            zero = false;
        }
        if zero {
            out.extend_from_slice(b" 0");
        }
        if before {
            out.extend_from_slice(b" ago");
        }
    }

    fn write_sql(&self, out: &mut Vec<u8>) {
        let all = [self.year, self.month, self.day, self.hour, self.minute, self.second, self.micros];
        let negative = all.iter().any(|value| *value < 0);
        let positive = all.iter().any(|value| *value > 0);
        let year_month = self.year != 0 || self.month != 0;
        let day_time = self.day != 0 || self.has_time();
        let standard = !(negative && positive || year_month && day_time);
        if !negative && !positive {
            return out.push(b'0');
        }
        let number = |value: i64, out: &mut Vec<u8>| write_i64(value.abs(), out);
        let sign = |negative: bool| if negative { b'-' } else { b'+' };
        let clock = |out: &mut Vec<u8>| {
            number(self.hour, out);
            out.push(b':');
            write_two(self.minute.abs(), out);
            out.push(b':');
            write_seconds(self.second, self.micros, true, out);
        };
        if !standard {
            out.push(sign(self.year < 0 || self.month < 0));
            number(self.year, out);
            out.push(b'-');
            number(self.month, out);
            out.extend_from_slice(&[b' ', sign(self.day < 0)]);
            number(self.day, out);
            out.extend_from_slice(&[b' ', sign(self.time_negative())]);
            return clock(out);
        }
        if negative {
            out.push(b'-');
        }
        if year_month {
            number(self.year, out);
            out.push(b'-');
            number(self.month, out);
            return;
        }
        if self.day != 0 {
            number(self.day, out);
            out.push(b' ');
        }
        clock(out);
    }

    fn write_iso(&self, out: &mut Vec<u8>) {
        if self.year == 0 && self.month == 0 && self.day == 0 && !self.has_time() {
            return out.extend_from_slice(b"PT0S");
        }
        let part = |value: i64, designator: u8, out: &mut Vec<u8>| {
            if value != 0 {
                write_i64(value, out);
                out.push(designator);
            }
        };
        out.push(b'P');
        part(self.year, b'Y', out);
        part(self.month, b'M', out);
        part(self.day, b'D', out);
        if self.has_time() {
            out.push(b'T');
            part(self.hour, b'H', out);
            part(self.minute, b'M', out);
            if self.second != 0 || self.micros != 0 {
                if self.second < 0 || self.micros < 0 {
                    out.push(b'-');
                }
                write_seconds(self.second, self.micros, false, out);
                out.push(b'S');
            }
        }
    }
}
