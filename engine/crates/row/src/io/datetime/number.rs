//! Numeric fields of dates and times: `DecodeDate`, `DecodeTime`, `DecodeNumber`, `DecodeNumberField`,
//! `DecodeTimezone`, `ValidateDate`.

use super::Refusal;
use super::fields::{Fields, mask};
use super::words::{self, Word};
use crate::calendar;
use crate::io::DateOrder;

/// C's strtoint: an optional sign and digits; the number and what follows it.
pub(in crate::io) fn integer_prefix(text: &str) -> Result<(i64, &str), Refusal> {
    let bytes = text.as_bytes();
    let sign = matches!(bytes.first(), Some(b'+' | b'-')) as usize;
    let digits = bytes[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return Ok((0, text));
    }
    let end = sign + digits;
    let value: i64 = text[..end].parse().map_err(|_| Refusal::FieldOverflow)?;
    Ok((value, &text[end..]))
}

/// As [`integer_prefix`], within int4.
pub(in crate::io) fn int4_prefix(text: &str) -> Result<(i64, &str), Refusal> {
    let (value, rest) = integer_prefix(text)?;
    if i32::try_from(value).is_err() {
        return Err(Refusal::FieldOverflow);
    }
    Ok((value, rest))
}

/// `.digits` as a fraction below 1.
pub(in crate::io) fn fraction(text: &str) -> Result<f64, Refusal> {
    let digits = text.strip_prefix('.').ok_or(Refusal::BadFormat)?;
    if digits.is_empty() {
        return Ok(0.0);
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::BadFormat);
    }
    text.parse().map_err(|_| Refusal::BadFormat)
}

/// `.digits` as microseconds.
pub(in crate::io) fn fractional_micros(text: &str) -> Result<i64, Refusal> {
    Ok((fraction(text)? * 1_000_000.0).round_ties_even() as i64)
}

/// What has been decoded besides the fields.
pub(super) struct NumberContext {
    pub order: DateOrder,
    pub two_digit_year: bool,
}

/// `h:m[:s[.f]]`, or `m:s.f`.
pub(in crate::io) fn clock(text: &str) -> Result<(i64, i64, i64, i64), Refusal> {
    let (mut hour, rest) = integer_prefix(text)?;
    let rest = rest.strip_prefix(':').ok_or(Refusal::BadFormat)?;
    let (mut minute, rest) = int4_prefix(rest)?;
    let (mut second, mut micros) = (0, 0);
    if rest.starts_with('.') {
        micros = fractional_micros(rest)?;
        (second, minute, hour) = (minute, hour, 0);
    } else if let Some(rest) = rest.strip_prefix(':') {
        let (value, rest) = int4_prefix(rest)?;
        second = value;
        if rest.starts_with('.') {
            micros = fractional_micros(rest)?;
        } else if !rest.is_empty() {
            return Err(Refusal::BadFormat);
        }
    } else if !rest.is_empty() {
        return Err(Refusal::BadFormat);
    }
    let sane = hour >= 0
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && (0..=calendar::SECOND).contains(&micros);
    if sane { Ok((hour, minute, second, micros)) } else { Err(Refusal::FieldOverflow) }
}

/// `DecodeTime`
pub(super) fn time(text: &str, fields: &mut Fields) -> Result<u32, Refusal> {
    let (hour, minute, second, micros) = clock(text)?;
    if hour > i32::MAX as i64 {
        return Err(Refusal::FieldOverflow);
    }
    (fields.hour, fields.minute, fields.second, fields.micros) = (hour, minute, second, micros);
    Ok(mask::TIME)
}

/// `DecodeTimezone`: seconds east.
pub(super) fn zone(text: &str) -> Result<i32, Refusal> {
    let negative = match text.as_bytes().first() {
        Some(b'+') => false,
        Some(b'-') => true,
        _ => return Err(Refusal::BadFormat),
    };
    let overflow = |_| Refusal::ZoneOverflow;
    let (mut hour, mut rest) = int4_prefix(&text[1..]).map_err(overflow)?;
    let (mut minute, mut second) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (minute, rest) = int4_prefix(after).map_err(overflow)?;
        if let Some(after) = rest.strip_prefix(':') {
            (second, rest) = int4_prefix(after).map_err(overflow)?;
        }
    } else if rest.is_empty() && text.len() > 3 {
        (hour, minute) = (hour / 100, hour % 100);
    }
    if !(0..=15).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
        return Err(Refusal::ZoneOverflow);
    }
    if !rest.is_empty() {
        return Err(Refusal::BadFormat);
    }
    let seconds = ((hour * 60 + minute) * 60 + second) as i32;
    Ok(if negative { -seconds } else { seconds })
}

/// `DecodeDate`: a field with separators; returns what it decoded.
pub(super) fn date(
    text: &str,
    mut known: u32,
    fields: &mut Fields,
    context: &mut NumberContext,
) -> Result<u32, Refusal> {
    // Runs of digits or of letters; one character after a run is a separator, whatever it is.
    let bytes = text.as_bytes();
    let mut parts: Vec<&str> = Vec::with_capacity(3);
    let mut index = 0;
    while index < bytes.len() {
        while index < bytes.len() && !bytes[index].is_ascii_alphanumeric() {
            index += 1;
        }
        if index == bytes.len() {
            return Err(Refusal::BadFormat);
        }
        let start = index;
        let digits = bytes[index].is_ascii_digit();
        while index < bytes.len()
            && if digits { bytes[index].is_ascii_digit() } else { bytes[index].is_ascii_alphabetic() }
        {
            index += 1;
        }
        parts.push(&text[start..index]);
        index += 1;
    }
    let mut decoded = 0;
    let mut text_month = false;
    for part in parts.iter().filter(|part| part.as_bytes()[0].is_ascii_alphabetic()) {
        match words::datetime(part) {
            Some(Word::Month(month)) => {
                if known & mask::MONTH != 0 {
                    return Err(Refusal::BadFormat);
                }
                fields.month = month as i64;
                text_month = true;
                known |= mask::MONTH;
                decoded |= mask::MONTH;
            }
            _ => return Err(Refusal::BadFormat),
        }
    }
    for part in parts.iter().filter(|part| part.as_bytes()[0].is_ascii_digit()) {
        let part_mask = number(part, text_month, known, fields, context)?;
        if known & part_mask != 0 {
            return Err(Refusal::BadFormat);
        }
        known |= part_mask;
        decoded |= part_mask;
    }
    if known & !(mask::DOY | mask::ZONE) != mask::DATE {
        return Err(Refusal::BadFormat);
    }
    Ok(decoded)
}

/// `DecodeNumber`: a number on its own; what it means follows from what is known.
pub(super) fn number(
    text: &str,
    text_month: bool,
    known: u32,
    fields: &mut Fields,
    context: &mut NumberContext,
) -> Result<u32, Refusal> {
    let (value, rest) = int4_prefix(text)?;
    if rest.len() == text.len() {
        return Err(Refusal::BadFormat);
    }
    if rest.starts_with('.') {
        if text.len() - rest.len() > 2 {
            return number_field(text, known | mask::DATE, fields, context);
        }
        fields.micros = fractional_micros(rest)?;
    } else if !rest.is_empty() {
        return Err(Refusal::BadFormat);
    }
    if text.len() == 3 && known & mask::DATE == mask::YEAR && (1..=366).contains(&value) {
        fields.day_of_year = value;
        return Ok(mask::DOY | mask::MONTH | mask::DAY);
    }
    const NOTHING: u32 = 0;
    const YEAR_MONTH: u32 = mask::YEAR | mask::MONTH;
    const MONTH_DAY: u32 = mask::MONTH | mask::DAY;
    let wide = text.len() >= 3;
    let meaning = match known & mask::DATE {
        NOTHING if wide || context.order == DateOrder::Ymd => mask::YEAR,
        NOTHING if context.order == DateOrder::Dmy => mask::DAY,
        NOTHING => mask::MONTH,
        mask::YEAR => mask::MONTH,
        mask::MONTH if text_month && (wide || context.order == DateOrder::Ymd) => mask::YEAR,
        mask::MONTH => mask::DAY,
        YEAR_MONTH if text_month && wide && context.two_digit_year => {
            // The first number was the day after all.
            fields.day = fields.year;
            fields.year = value;
            context.two_digit_year = false;
            return Ok(mask::DAY);
        }
        YEAR_MONTH => mask::DAY,
        mask::DAY => mask::MONTH,
        MONTH_DAY => mask::YEAR,
        mask::DATE => return number_field(text, known, fields, context),
        _ => return Err(Refusal::BadFormat),
    };
    match meaning {
        mask::YEAR => {
            fields.year = value;
            context.two_digit_year = text.len() <= 2;
        }
        mask::MONTH => fields.month = value,
        _ => fields.day = value,
    }
    Ok(meaning)
}

/// `DecodeNumberField`: digits run together: yymmdd, yyyymmdd, hhmmss, hhmm.
pub(super) fn number_field(
    text: &str,
    known: u32,
    fields: &mut Fields,
    context: &mut NumberContext,
) -> Result<u32, Refusal> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(Refusal::BadFormat);
    }
    let value = |text: &str| text.parse::<i32>().map(i64::from).map_err(|_| Refusal::FieldOverflow);
    let mut digits = text;
    if let Some(point) = text.find('.') {
        fields.micros = fractional_micros(&text[point..])?;
        digits = &text[..point];
    } else if known & mask::DATE != mask::DATE && digits.len() >= 6 {
        let length = digits.len();
        fields.day = value(&digits[length - 2..])?;
        fields.month = value(&digits[length - 4..length - 2])?;
        fields.year = value(&digits[..length - 4])?;
        if length - 4 == 2 {
            context.two_digit_year = true;
        }
        return Ok(mask::DATE);
    }
    if known & mask::TIME != mask::TIME {
        let second = match digits.len() {
            6 => value(&digits[4..])?,
            4 => 0,
            _ => return Err(Refusal::BadFormat),
        };
        fields.hour = value(&digits[..2])?;
        fields.minute = value(&digits[2..4])?;
        fields.second = second;
        return Ok(mask::TIME);
    }
    Err(Refusal::BadFormat)
}

/// `ValidateDate`: adjusts the year and checks the ranges.
pub(super) fn validate(
    known: u32,
    julian: bool,
    two_digit_year: bool,
    bc: bool,
    fields: &mut Fields,
) -> Result<(), Refusal> {
    if known & mask::YEAR != 0 && !julian {
        if bc {
            if fields.year <= 0 {
                return Err(Refusal::FieldOverflow);
            }
            fields.year = 1 - fields.year;
        } else if two_digit_year {
            if fields.year < 0 {
                return Err(Refusal::FieldOverflow);
            }
            if fields.year < 70 {
                fields.year += 2000;
            } else if fields.year < 100 {
                fields.year += 1900;
            }
        } else if fields.year <= 0 {
            return Err(Refusal::FieldOverflow);
        }
    }
    if known & mask::DOY != 0 {
        let days = calendar::days_from_civil(fields.year, 1, 1) + fields.day_of_year - 1;
        let (year, month, day) = calendar::civil_from_days(days);
        (fields.year, fields.month, fields.day) = (year, month as i64, day as i64);
    }
    if known & mask::MONTH != 0 && !(1..=12).contains(&fields.month) {
        return Err(Refusal::MonthDayOverflow);
    }
    if known & mask::DAY != 0 && !(1..=31).contains(&fields.day) {
        return Err(Refusal::MonthDayOverflow);
    }
    if known & mask::DATE == mask::DATE
        && fields.day > calendar::days_in_month(fields.year, fields.month as u32) as i64
    {
        return Err(Refusal::FieldOverflow);
    }
    Ok(())
}
