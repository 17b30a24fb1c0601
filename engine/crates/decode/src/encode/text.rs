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
                if is_special(&out[start..], format.delimiter) {
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

/// Whether there may be something to escape. All bytes are looked at, many at a time.
fn is_special(bytes: &[u8], delimiter: u8) -> bool {
    let special = |byte: u8| (byte < b' ') | (byte == b'\\') | (byte == delimiter);
    bytes.iter().fold(false, |found, &byte| found | special(byte))
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
