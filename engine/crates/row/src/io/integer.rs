//! smallint, integer, bigint

use crate::numeric::is_space;
use crate::{EvalError, EvalResult};

/// `int2in`
pub(super) fn parse_int2(input: &str) -> EvalResult<i16> {
    let value = parse_int(input, "smallint", 1 << 15)?;
    i16::try_from(value).map_err(|_| EvalError::value_out_of_range("smallint", input))
}

/// `int4in`
pub(crate) fn parse_int4(input: &str) -> EvalResult<i32> {
    let value = parse_int(input, "integer", 1 << 31)?;
    i32::try_from(value).map_err(|_| EvalError::value_out_of_range("integer", input))
}

/// `int8in`
pub(super) fn parse_int8(input: &str) -> EvalResult<i64> {
    parse_int(input, "bigint", 1 << 63)
}

/// `limit` is the magnitude of the least value.
fn parse_int(input: &str, type_name: &str, limit: i128) -> EvalResult<i64> {
    // Nearly all input: a sign and at most 18 digits.
    let bytes = input.as_bytes();
    let digits = match bytes.first() {
        Some(b'-') => &bytes[1..],
        _ => bytes,
    };
    if !digits.is_empty() && digits.len() <= 18 && digits.iter().all(u8::is_ascii_digit) {
        let value = digits.iter().fold(0i64, |sum, digit| sum * 10 + (digit - b'0') as i64);
        return Ok(if digits.len() < bytes.len() { -value } else { value });
    }
    parse_general(input, type_name, limit)
}

#[cold]
fn parse_general(input: &str, type_name: &str, limit: i128) -> EvalResult<i64> {
    let invalid = || EvalError::invalid_syntax(type_name, input);
    let text = input.trim_start_matches(is_space).as_bytes();
    let (negative, body) = match text.first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, body, prefixed) = match body {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest, true),
        [b'0', b'o' | b'O', rest @ ..] => (8, rest, true),
        [b'0', b'b' | b'B', rest @ ..] => (2, rest, true),
        _ => (10, body, false),
    };
    let digit = |index: usize| body.get(index).and_then(|byte| (*byte as char).to_digit(radix));
    let mut value: i128 = 0;
    let mut at = 0;
    let mut count = 0;
    loop {
        if let Some(digit) = digit(at) {
            // Too many digits count before whatever follows them, as in PostgreSQL.
            if value > limit / radix as i128 {
                return Err(EvalError::value_out_of_range(type_name, input));
            }
            value = value * radix as i128 + digit as i128;
            count += 1;
            at += 1;
        } else if body.get(at) == Some(&b'_') && (count > 0 || prefixed) {
            at += 1;
            digit(at).ok_or_else(invalid)?;
        } else {
            break;
        }
    }
    let rest = &body[at..];
    if count == 0 || !rest.iter().all(|byte| is_space(*byte as char)) {
        return Err(invalid());
    }
    let value = if negative { -value } else { value };
    match i64::try_from(value) {
        Ok(value) => Ok(value),
        Err(_) => Err(EvalError::value_out_of_range(type_name, input)),
    }
}

/// The decimal text of an integer.
#[inline]
pub(crate) fn write_i64(value: i64, out: &mut Vec<u8>) {
    const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";
    let mut buffer = [0u8; 20];
    let mut at = buffer.len();
    let mut rest = value.unsigned_abs();
    while rest >= 100 {
        let pair = (rest % 100) as usize * 2;
        rest /= 100;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if rest >= 10 {
        let pair = rest as usize * 2;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        buffer[at] = b'0' + rest as u8;
    }
    if value < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    out.extend_from_slice(&buffer[at..]);
}
