//! oid

use crate::numeric::is_space;
use crate::{EvalError, EvalResult};

/// `oidin`: C's strtoul: a negative number wraps, if it fits an int4.
pub(super) fn parse(input: &str) -> EvalResult<u32> {
    let text = input.trim_matches(is_space);
    let invalid = || EvalError::invalid_syntax("oid", input);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(invalid());
    }
    match text.parse::<i64>() {
        Ok(value) if (0..=u32::MAX as i64).contains(&value) => Ok(value as u32),
        Ok(value) if (i32::MIN as i64..0).contains(&value) => Ok(value as i32 as u32),
        _ => Err(EvalError::value_out_of_range("oid", input)),
    }
}
