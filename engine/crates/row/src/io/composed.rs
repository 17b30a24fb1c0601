//! What the binary forms of arrays and records have in common: values with their lengths.

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
