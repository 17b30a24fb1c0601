//! What the forms of arrays, records and ranges have in common: what counts as space, values with their lengths.

use super::binary_out;
use crate::{Datum, EvalError, EvalResult, ScalarType};

/// A value behind its length, which is -1 for NULL.
pub(super) fn send_value(value: Datum<'_>, of: ScalarType, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&(-1i32).to_be_bytes());
    if !matches!(value, Datum::Null) {
        binary_out(value, of, out);
        let length = (out.len() - start - 4) as i32;
        out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

/// Takes four bytes.
pub(super) fn int4(rest: &mut &[u8]) -> EvalResult<i32> {
    let (first, after) = rest
        .split_first_chunk::<4>()
        .ok_or_else(|| EvalError::new("08P01", "insufficient data left in message"))?;
    *rest = after;
    Ok(i32::from_be_bytes(*first))
}

/// Takes as many bytes as a length says.
pub(super) fn take<'b>(rest: &mut &'b [u8], length: i32) -> EvalResult<&'b [u8]> {
    let (taken, after) = usize::try_from(length)
        .ok()
        .and_then(|length| rest.split_at_checked(length))
        .ok_or_else(|| EvalError::new("08P01", "insufficient data left in message"))?;
    *rest = after;
    Ok(taken)
}

/// Nothing may be left of a message.
pub(super) fn ended(rest: &[u8]) -> EvalResult<()> {
    match rest {
        [] => Ok(()),
        _ => Err(EvalError::new("08P01", "invalid message format")),
    }
}

/// C's isspace.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}
