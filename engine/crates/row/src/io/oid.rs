//! oid

use crate::numeric::is_space;
use crate::{EvalError, EvalResult};

/// `oidin`: C's strtoul with base 0 (0x, and octal after a leading 0); a negative number wraps, if it fits an int4.
pub(super) fn parse(input: &str) -> EvalResult<u32> {
    let text = input.trim_start_matches(is_space);
    let invalid = || EvalError::invalid_syntax("oid", input);
    let out_of_range = || EvalError::value_out_of_range("oid", input);
    let (negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let hexadecimal = body
        .strip_prefix("0x")
        .or_else(|| body.strip_prefix("0X"))
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_hexdigit()));
    let (radix, digits) = match hexadecimal {
        Some(rest) => (16, rest),
        None if body.starts_with('0') => (8, body),
        None => (10, body),
    };
    let mut value = 0u64;
    let mut length = 0;
    for digit in digits.chars().map_while(|digit| digit.to_digit(radix)) {
        value = value
            .checked_mul(radix as u64)
            .and_then(|value| value.checked_add(digit as u64))
            .ok_or_else(out_of_range)?;
        length += 1;
    }
    if length == 0 || !digits[length..].chars().all(is_space) {
        return Err(invalid());
    }
    match (negative, value) {
        (false, value) => u32::try_from(value).map_err(|_| out_of_range()),
        (true, value) if value <= 1 << 31 => Ok((value as u32).wrapping_neg()),
        _ => Err(out_of_range()),
    }
}
