//! bytea

use super::ByteaOutput;
use crate::{Arena, EvalError, EvalResult};

/// Appends lower-case hexadecimal digits.
pub fn encode_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]);
    }
}

/// Reads hexadecimal digits; white space may stand between bytes.
pub fn decode_hex(text: &str, out: &mut Vec<u8>) -> EvalResult<()> {
    let digit = |character: char| {
        character
            .to_digit(16)
            .map(|digit| digit as u8)
            .ok_or_else(|| EvalError::new("22023", format!("invalid hexadecimal digit: \"{character}\"")))
    };
    let mut characters = text.chars();
    while let Some(first) = characters.next() {
        if matches!(first, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let high = digit(first)?;
        let Some(second) = characters.next() else {
            return Err(EvalError::new("22023", "invalid hexadecimal data: odd number of digits"));
        };
        out.push(high << 4 | digit(second)?);
    }
    Ok(())
}

/// `byteain`: `\x…` or the escape form.
pub(super) fn parse<'a>(input: &str, arena: &'a Arena) -> EvalResult<&'a [u8]> {
    let mut plain = Vec::with_capacity(input.len());
    if let Some(hex) = input.strip_prefix("\\x") {
        decode_hex(hex, &mut plain)?;
        return Ok(arena.push_bytes(plain));
    }
    let mut rest = input.as_bytes();
    while let Some(backslash) = memchr::memchr(b'\\', rest) {
        plain.extend_from_slice(&rest[..backslash]);
        rest = match &rest[backslash..] {
            [_, b'\\', tail @ ..] => {
                plain.push(b'\\');
                tail
            }
            [_, a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                plain.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                tail
            }
            _ => return Err(EvalError::new("22P02", "invalid input syntax for type bytea")),
        };
    }
    plain.extend_from_slice(rest);
    Ok(arena.push_bytes(plain))
}

/// `byteaout`
pub(super) fn write(value: &[u8], style: ByteaOutput, out: &mut Vec<u8>) {
    match style {
        ByteaOutput::Hex => {
            out.extend_from_slice(b"\\x");
            encode_hex(value, out);
        }
        ByteaOutput::Escape => {
            for byte in value {
                match byte {
                    b'\\' => out.extend_from_slice(b"\\\\"),
                    0x20..=0x7e => out.push(*byte),
                    _ => {
                        out.extend_from_slice(&[
                            b'\\',
                            b'0' + (byte >> 6),
                            b'0' + (byte >> 3 & 7),
                            b'0' + (byte & 7),
                        ]);
                    }
                }
            }
        }
    }
}
