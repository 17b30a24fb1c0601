//! `DecodeISO8601Interval`: `P1Y2M3DT4H5M6S` and the alternative formats.

use super::parts::Parts;
use crate::io::datetime::Refusal;
use crate::io::datetime::words::Unit;

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
pub(super) fn decode_iso(input: &str) -> Result<Parts, Refusal> {
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
