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
                scratch.clear();
                text_out(value, scalar, settings, scratch);
                escape(scratch, format.delimiter, out);
            }
        }
    }
    out.push(b'\n');
}

/// CopyAttributeOutText: control characters that C has letters for, backslash and delimiter get a backslash.
fn escape(bytes: &[u8], delimiter: u8, out: &mut Vec<u8>) {
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
