//! Text form: `numeric_in` and `numeric_out`.

use super::integer::{Int, digit_count_u128};
use super::{MAX_INTEGER_DIGITS, MAX_SCALE, Numeric};
use crate::{Arena, EvalError, EvalResult};
use num_bigint::BigInt;

impl<'a> Numeric<'a> {
    /// `numeric_in`: reads text and applies a type modifier (-1 for none).
    pub fn parse(input: &str, typmod: i32, arena: &'a Arena) -> EvalResult<Self> {
        let text = input.trim_matches(is_space);
        let value = match parse_plain(text) {
            Some(value) => value,
            None => parse_general(text, arena)
                .map_err(|error| error.unwrap_or_else(|| EvalError::invalid_syntax("numeric", input)))?,
        };
        if typmod < 0 { Ok(value) } else { value.apply_typmod(typmod, arena) }
    }

    /// `numeric_out`: appends the text form.
    pub fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Numeric::Small(mantissa, scale) => {
                let mantissa = mantissa.0;
                if mantissa < 0 {
                    out.push(b'-');
                }
                let magnitude = mantissa.unsigned_abs();
                let mut buffer = [0u8; 39];
                let digits = super::integer::small_digits(magnitude, &mut buffer);
                debug_assert_eq!(digits.len() as u32, digit_count_u128(magnitude));
                write_decimal(out, digits, *scale as usize);
            }
            Numeric::Big(big) => {
                if big.negative {
                    out.push(b'-');
                }
                write_decimal(out, &Int::Big(big.mantissa()).digits(), big.scale as usize);
            }
            Numeric::NaN => out.extend_from_slice(b"NaN"),
            Numeric::Infinity => out.extend_from_slice(b"Infinity"),
            Numeric::NegInfinity => out.extend_from_slice(b"-Infinity"),
        }
    }
}

/// Writes digits 0..=9 (no leading zeros) with `scale` of them after the point.
fn write_decimal(out: &mut Vec<u8>, digits: &[u8], scale: usize) {
    let before = digits.len().saturating_sub(scale);
    if before == 0 {
        out.push(b'0');
    }
    out.extend(digits[..before].iter().map(|digit| digit + b'0'));
    if scale > 0 {
        out.push(b'.');
        let filled = out.len() + scale.saturating_sub(digits.len());
        out.resize(filled, b'0');
        out.extend(digits[before..].iter().map(|digit| digit + b'0'));
    }
}

impl std::fmt::Display for Numeric<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::new();
        self.write_text(&mut text);
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// C's isspace.
pub(crate) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// `[-+]digits[.digits]` of at most 18 digits: what nearly all input is.
fn parse_plain(text: &str) -> Option<Numeric<'static>> {
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        b'+' => (false, &bytes[1..]),
        _ => (false, bytes),
    };
    if bytes.is_empty() || bytes.len() > 19 {
        return None;
    }
    let mut value = 0u64;
    let mut point = None;
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value.wrapping_mul(10).wrapping_add((byte - b'0') as u64),
            b'.' if point.is_none() => point = Some(index),
            _ => return None,
        }
    }
    if bytes.len() - point.is_some() as usize == 0 || bytes.len() - point.is_some() as usize > 18 {
        return None;
    }
    let scale = point.map_or(0, |point| bytes.len() - point - 1) as u16;
    let mantissa = value as i128;
    Some(Numeric::from_parts(if negative { -mantissa } else { mantissa }, scale))
}

/// Everything else: special values, exponents, underscores, other bases, many digits. `Err(None)` is a syntax error.
fn parse_general<'a>(text: &str, arena: &'a Arena) -> Result<Numeric<'a>, Option<EvalError>> {
    let (negative, signed, body) = match text.as_bytes().first() {
        Some(b'-') => (true, true, &text[1..]),
        Some(b'+') => (false, true, &text[1..]),
        _ => (false, false, text),
    };
    if body.eq_ignore_ascii_case("nan") && !signed {
        return Ok(Numeric::NaN);
    }
    if body.eq_ignore_ascii_case("infinity") || body.eq_ignore_ascii_case("inf") {
        return Ok(if negative { Numeric::NegInfinity } else { Numeric::Infinity });
    }
    let bytes = body.as_bytes();
    if let [b'0', base @ (b'x' | b'X' | b'o' | b'O' | b'b' | b'B'), rest @ ..] = bytes {
        let radix = match base {
            b'x' | b'X' => 16,
            b'o' | b'O' => 8,
            _ => 2,
        };
        return parse_radix(negative, rest, radix, arena);
    }

    let mut digits = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut after_point = 0i64;
    let before = take_digits(bytes, &mut at, &mut digits)?;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        // No underscore may stand beside the point.
        after_point = take_digits(bytes, &mut at, &mut digits)? as i64;
    }
    if before == 0 && after_point == 0 {
        return Err(None);
    }
    let mut exponent = 0i64;
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        let negative_exponent = match bytes.get(at) {
            Some(b'-') => {
                at += 1;
                true
            }
            Some(b'+') => {
                at += 1;
                false
            }
            _ => false,
        };
        let mut exponent_digits = Vec::new();
        if take_digits(bytes, &mut at, &mut exponent_digits)? == 0 {
            return Err(None);
        }
        exponent = exponent_digits
            .iter()
            .fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add(*digit as i64));
        // PostgreSQL reads exponents up to INT_MAX / 2.
        if exponent > (i32::MAX / 2) as i64 {
            return Err(Some(Numeric::overflow()));
        }
        if negative_exponent {
            exponent = -exponent;
        }
    }
    if at != bytes.len() {
        return Err(None);
    }

    let leading = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
    digits.drain(..leading);
    // value = digits · 10^-scale
    let mut scale = after_point - exponent;
    if digits.is_empty() {
        let scale = scale.max(0);
        if scale > MAX_SCALE as i64 {
            return Err(Some(Numeric::overflow()));
        }
        return Ok(Numeric::from_parts(0, scale as u16));
    }
    if digits.len() as i64 - scale > MAX_INTEGER_DIGITS {
        return Err(Some(Numeric::overflow()));
    }
    // Even a typmod does not help: PostgreSQL reads the value before it rounds.
    if scale > MAX_SCALE as i64 {
        return Err(Some(Numeric::overflow()));
    }
    if scale < 0 {
        digits.resize(digits.len() + (-scale) as usize, 0);
        scale = 0;
    }
    Ok(Int::from_digits(negative, &digits).place(scale as u16, arena))
}

/// Reads digits with single underscores between them; returns how many.
fn take_digits(bytes: &[u8], at: &mut usize, digits: &mut Vec<u8>) -> Result<usize, Option<EvalError>> {
    let start = digits.len();
    while let Some(byte) = bytes.get(*at) {
        match byte {
            b'0'..=b'9' => digits.push(byte - b'0'),
            b'_' if digits.len() > start && bytes.get(*at + 1).is_some_and(u8::is_ascii_digit) => {}
            b'_' => return Err(None),
            _ => break,
        }
        *at += 1;
    }
    Ok(digits.len() - start)
}

fn parse_radix<'a>(
    negative: bool,
    bytes: &[u8],
    radix: u32,
    arena: &'a Arena,
) -> Result<Numeric<'a>, Option<EvalError>> {
    let mut digits = Vec::with_capacity(bytes.len());
    for (index, byte) in bytes.iter().enumerate() {
        match (*byte as char).to_digit(radix) {
            Some(digit) => digits.push(digit as u8),
            // An underscore may also stand right after the prefix.
            None if *byte == b'_'
                && bytes.get(index + 1).is_some_and(|next| (*next as char).is_digit(radix)) => {}
            None => return Err(None),
        }
    }
    let value = BigInt::from_radix_be(num_bigint::Sign::Plus, &digits, radix).ok_or(None)?;
    if digits.is_empty() {
        return Err(None);
    }
    let value = Int::from_big(value);
    let value = if negative { value.neg() } else { value };
    value.with_scale(0, arena).map_err(Some)
}
