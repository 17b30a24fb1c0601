//! PostgreSQL's COPY text format.

use crate::CopyTextFormat;
use tidewire_plan::ScalarType;
use tidewire_row::{Datum, FormatSettings, text_out};

pub(super) fn header(names: &[String], format: &CopyTextFormat, out: &mut Vec<u8>) {
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            out.push(format.delimiter);
        }
        escape(name.as_bytes(), format.delimiter, out);
    }
    out.push(b'\n');
}

pub(super) fn row(
    values: &[Datum<'_>],
    types: &[ScalarType],
    format: &CopyTextFormat,
    settings: &FormatSettings,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    for (i, (&value, &scalar)) in values.iter().zip(types).enumerate() {
        if i > 0 {
            out.push(format.delimiter);
        }
        match value {
            Datum::Null => out.extend_from_slice(format.null.as_bytes()),
            Datum::Text(text) if scalar != ScalarType::Char => escape(text.as_bytes(), format.delimiter, out),
            value => {
                let start = out.len();
                text_out(value, scalar, settings, out);
                let is_plain = is_number(scalar) && format.delimiter.is_ascii_control();
                if !is_plain && is_special(&out[start..], format.delimiter) {
                    scratch.clear();
                    scratch.extend_from_slice(&out[start..]);
                    out.truncate(start);
                    escape_special(scratch, format.delimiter, out);
                }
            }
        }
    }
    out.push(b'\n');
}

/// Whether values are written as digits, signs and letters.
fn is_number(scalar: ScalarType) -> bool {
    use ScalarType::{Float4, Float8, Int2, Int4, Int8, Numeric};
    matches!(scalar, Int2 | Int4 | Int8 | Float4 | Float8 | Numeric)
}

/// Whether there may be something to escape: all bytes are looked at, eight at a time.
fn is_special(bytes: &[u8], delimiter: u8) -> bool {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let backslashes = ONES * u64::from(b'\\');
    let delimiters = ONES * u64::from(delimiter);
    // The high bit of each byte that is less than `limit`, which is at most 128, and of some behind one that is
    // (Bit Twiddling Hacks, "hasless").
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGH;
    let special = |word: u64| below(word, b' ') | below(word ^ backslashes, 1) | below(word ^ delimiters, 1);
    let mut words = bytes.chunks_exact(8);
    let mut found = 0;
    for word in &mut words {
        found |= special(u64::from_le_bytes(word.try_into().expect("eight bytes")));
    }
    // What is not there counts as a letter.
    let mut last = [b'a'; 8];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    (found | special(u64::from_le_bytes(last))) != 0
}

fn escape(bytes: &[u8], delimiter: u8, out: &mut Vec<u8>) {
    if is_special(bytes, delimiter) {
        escape_special(bytes, delimiter, out);
    } else {
        out.extend_from_slice(bytes);
    }
}

/// CopyAttributeOutText: control characters that C has letters for, backslash and delimiter get a backslash.
fn escape_special(bytes: &[u8], delimiter: u8, out: &mut Vec<u8>) {
    let mut start = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        let letter = match byte {
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            11 => b'v',
            b'\\' => b'\\',
            byte if byte == delimiter => byte,
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..i]);
        out.push(b'\\');
        out.push(letter);
        start = i + 1;
    }
    out.extend_from_slice(&bytes[start..]);
}
