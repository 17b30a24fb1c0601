//! `DecodeInterval`: numbers with units, clock times, SQL's `years-months`.

use super::parts::Parts;
use super::range;
use crate::calendar::{HOUR, MINUTE, SECOND};
use crate::io::datetime::words::{self, Unit, Word};
use crate::io::datetime::{FieldKind, Refusal, clock, fraction, int4_prefix, integer_prefix, tokenize};
use crate::io::{FormatSettings, IntervalStyle};

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

/// What an input says.
pub(super) enum Decoded {
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
pub(super) fn decode(input: &str, fields: i32, settings: &FormatSettings) -> Result<Decoded, Refusal> {
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
                let mut part = 0.0;
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
                    part = fraction(rest)?;
                    if negative {
                        part = -part;
                    }
                } else if !rest.is_empty() {
                    return Err(Refusal::BadFormat);
                }
                if force_negative {
                    value = -value.abs();
                    part = -part.abs();
                }
                parts.add(of, value, part)?;
                // A number before hours is of days; else the unit goes on for numbers without one of their own.
                unit = Some(if of == Unit::Hour { Unit::Day } else { of });
                unit_pending = false;
                unit_mask(of, part)
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
                    // A number right before it has no unit.
                    unit = Some(Unit::Other);
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
