//! uuid

use crate::{EvalError, EvalResult};

/// `uuid_in`: 32 hexadecimal digits, with hyphens after any group of four, in braces or not.
pub(super) fn parse(input: &str) -> EvalResult<[u8; 16]> {
    parse_strict(input.as_bytes()).ok_or_else(|| EvalError::invalid_syntax("uuid", input))
}

fn parse_strict(bytes: &[u8]) -> Option<[u8; 16]> {
    let (mut rest, braces) = match bytes.strip_prefix(b"{") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let mut value = [0u8; 16];
    for (index, target) in value.iter_mut().enumerate() {
        let [high, low, tail @ ..] = rest else { return None };
        *target = ((*high as char).to_digit(16)? * 16 + (*low as char).to_digit(16)?) as u8;
        rest = tail;
        if index % 2 == 1 && index < 15 {
            rest = rest.strip_prefix(b"-").unwrap_or(rest);
        }
    }
    if braces {
        rest = rest.strip_prefix(b"}")?;
    }
    rest.is_empty().then_some(value)
}

/// `uuid_out`
pub(super) fn write(value: &[u8; 16], out: &mut Vec<u8>) {
    for (index, byte) in value.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        super::encode_hex(&[*byte], out);
    }
}
