//! Ranges: range_in, range_out, range_recv, range_send.

use super::composed::{ended, int4, is_space, take};
use super::{FormatSettings, binary_in, binary_out, text_in, text_out};
use crate::range::{Bound, Bounds, RangeRef};
use crate::{Arena, Datum, EvalError, EvalResult};
use tidewire_plan::{RangeType, ScalarType};

const EMPTY: &[u8] = b"empty";

/// The flags of the binary form.
const IS_EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_INFINITE: u8 = 0x08;
const UPPER_INFINITE: u8 = 0x10;

/// Whether text begins with the word for the empty range.
pub(super) fn begins_empty(bytes: &[u8]) -> bool {
    bytes.len() >= EMPTY.len() && bytes[..EMPTY.len()].eq_ignore_ascii_case(EMPTY)
}

/// Reads the text of a literal.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn malformed(&self, detail: &str) -> EvalError {
        EvalError::new("22P02", format!("malformed range literal: \"{}\"", self.text)).with_detail(detail)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    /// Takes one of two bytes: whether it was the first; None if it is another.
    fn either(&mut self, first: u8, second: u8) -> Option<bool> {
        let byte = self.peek().filter(|byte| *byte == first || *byte == second)?;
        self.at += 1;
        Some(byte == first)
    }

    /// The text of a bound; None where there is nothing at all, which is no bound.
    fn bound(&mut self) -> EvalResult<Option<String>> {
        let ends = |byte: u8| matches!(byte, b',' | b')' | b']');
        if self.peek().is_some_and(ends) {
            return Ok(None);
        }
        let ended = |reader: &Self| reader.malformed("Unexpected end of input.");
        let mut value = Vec::new();
        let mut quoted = false;
        loop {
            let byte = self.peek().ok_or_else(|| ended(self))?;
            if !quoted && ends(byte) {
                break;
            }
            self.at += 1;
            match byte {
                b'\\' => {
                    value.push(self.peek().ok_or_else(|| ended(self))?);
                    self.at += 1;
                }
                b'"' if !quoted => quoted = true,
                // Doubled inside of quotes, it is itself.
                b'"' if self.peek() == Some(b'"') => {
                    value.push(b'"');
                    self.at += 1;
                }
                b'"' => quoted = false,
                other => value.push(other),
            }
        }
        String::from_utf8(value)
            .map(Some)
            .map_err(|_| EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\""))
    }
}

/// range_in
pub(super) fn parse<'a>(
    of: RangeType,
    text: &str,
    settings: &FormatSettings,
    arena: &'a Arena,
) -> EvalResult<RangeRef<'a>> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_space();
    if begins_empty(&text.as_bytes()[reader.at..]) {
        reader.at += EMPTY.len();
        reader.skip_space();
        return match reader.peek() {
            None => Ok(RangeRef::empty(of)),
            Some(_) => Err(reader.malformed("Junk after \"empty\" key word.")),
        };
    }
    let lower_inclusive =
        reader.either(b'[', b'(').ok_or_else(|| reader.malformed("Missing left parenthesis or bracket."))?;
    let lower = reader.bound()?;
    if reader.peek() != Some(b',') {
        return Err(reader.malformed("Missing comma after lower bound."));
    }
    reader.at += 1;
    let upper = reader.bound()?;
    let upper_inclusive = reader.either(b']', b')').ok_or_else(|| reader.malformed("Too many commas."))?;
    reader.skip_space();
    if reader.peek().is_some() {
        return Err(reader.malformed("Junk after right parenthesis or bracket."));
    }
    let scratch = Arena::new();
    let value = |text: Option<String>| match text {
        Some(text) => text_in(of.subtype(), -1, &text, settings, &scratch),
        None => Ok(Datum::Null),
    };
    let lower = Bound::lower(value(lower)?, lower_inclusive, &scratch);
    let upper = Bound::upper(value(upper)?, upper_inclusive, &scratch);
    RangeRef::new(of, lower, upper, arena)
}

/// range_out
pub(super) fn write(range: RangeRef<'_>, settings: &FormatSettings, out: &mut Vec<u8>) {
    match range.bounds() {
        None => out.extend_from_slice(EMPTY),
        Some(bounds) => write_bounds(range.of(), &bounds, settings, out),
    }
}

pub(super) fn write_bounds(
    of: RangeType,
    (lower, upper): &Bounds<'_>,
    settings: &FormatSettings,
    out: &mut Vec<u8>,
) {
    out.push(if lower.is_inclusive() { b'[' } else { b'(' });
    write_value(of, lower, settings, out);
    out.push(b',');
    write_value(of, upper, settings, out);
    out.push(if upper.is_inclusive() { b']' } else { b')' });
}

fn write_value(of: RangeType, bound: &Bound<'_>, settings: &FormatSettings, out: &mut Vec<u8>) {
    if bound.is_infinite() {
        return;
    }
    let arena = Arena::new();
    let start = out.len();
    text_out(bound.datum(of, &arena), of.subtype(), settings, out);
    // What values of the subtypes are written as has no quote and no backslash.
    let special = |byte: &u8| matches!(byte, b'(' | b')' | b'[' | b']' | b',') || is_space(*byte);
    if out[start..].iter().any(special) {
        out.insert(start, b'"');
        out.push(b'"');
    }
}

/// range_send
pub(super) fn send(range: RangeRef<'_>, out: &mut Vec<u8>) {
    match range.bounds() {
        None => out.push(IS_EMPTY),
        Some(bounds) => send_bounds(range.of(), &bounds, out),
    }
}

pub(super) fn send_bounds(of: RangeType, (lower, upper): &Bounds<'_>, out: &mut Vec<u8>) {
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    out.push(
        flag(lower.is_inclusive(), LOWER_INCLUSIVE)
            | flag(upper.is_inclusive(), UPPER_INCLUSIVE)
            | flag(lower.is_infinite(), LOWER_INFINITE)
            | flag(upper.is_infinite(), UPPER_INFINITE),
    );
    let arena = Arena::new();
    for bound in [lower, upper].into_iter().filter(|bound| !bound.is_infinite()) {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        binary_out(bound.datum(of, &arena), of.subtype(), out);
        let length = (out.len() - start - 4) as i32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// What the receive function of a bound's type reads of its bytes: range_recv does not look at what it leaves.
fn without_rest(subtype: ScalarType, bytes: &[u8]) -> &[u8] {
    let length = match (subtype, bytes) {
        (ScalarType::Int4 | ScalarType::Date, _) => 4,
        (ScalarType::Int8 | ScalarType::Timestamp | ScalarType::Timestamptz, _) => 8,
        // A count of digits, three words, and the digits.
        (ScalarType::Numeric, [high, low, ..]) => 8 + 2 * usize::from(u16::from_be_bytes([*high, *low])),
        _ => bytes.len(),
    };
    &bytes[..length.min(bytes.len())]
}

/// range_recv
pub(super) fn receive<'a>(of: RangeType, bytes: &[u8], arena: &'a Arena) -> EvalResult<RangeRef<'a>> {
    let nothing = || EvalError::new("08P01", "no data left in message");
    let (flags, mut rest) = bytes.split_first().ok_or_else(nothing)?;
    let scratch = Arena::new();
    let mut value = |absent: u8| {
        if flags & (IS_EMPTY | absent) != 0 {
            return Ok(Datum::Null);
        }
        let length = int4(&mut rest)?;
        let subtype = of.subtype();
        binary_in(subtype, -1, without_rest(subtype, take(&mut rest, length)?), &scratch)
    };
    let lower = Bound::lower(value(LOWER_INFINITE)?, flags & LOWER_INCLUSIVE != 0, &scratch);
    let upper = Bound::upper(value(UPPER_INFINITE)?, flags & UPPER_INCLUSIVE != 0, &scratch);
    ended(rest)?;
    match flags & IS_EMPTY {
        0 => RangeRef::new(of, lower, upper, arena),
        _ => Ok(RangeRef::empty(of)),
    }
}
