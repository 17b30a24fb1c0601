//! Values as JSON, as PostgreSQL's `to_json` writes them.

use crate::io::DateStyle;
use crate::{Arena, ArrayRef, Datum, FormatSettings, ScalarType, text_out};

/// Appends one value.
pub fn value(
    datum: Datum<'_>,
    scalar: ScalarType,
    settings: &FormatSettings,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    match datum {
        Datum::Null => out.extend_from_slice(b"null"),
        Datum::Bool(value) => out.extend_from_slice(if value { b"true" } else { b"false" }),
        Datum::Json(text) => out.extend_from_slice(text.as_bytes()),
        Datum::Text(text) if scalar != ScalarType::Char => string(text.as_bytes(), out),
        Datum::Array(array) => nested(array, settings, scratch, out),
        // Fields without names are f1, f2….
        Datum::Record(record) => {
            let arena = Arena::new();
            out.push(b'{');
            for (i, (scalar, field)) in record.fields(&arena).enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                string(format!("f{}", i + 1).as_bytes(), out);
                out.push(b':');
                value(field, scalar, settings, scratch, out);
            }
            out.push(b'}');
        }
        datum => {
            scratch.clear();
            scalar_text(datum, scalar, settings, scratch);
            match scalar {
                ScalarType::Jsonb => out.extend_from_slice(scratch),
                ScalarType::Int2
                | ScalarType::Int4
                | ScalarType::Int8
                | ScalarType::Float4
                | ScalarType::Float8
                | ScalarType::Numeric
                    if is_number(scratch) =>
                {
                    out.extend_from_slice(scratch);
                }
                _ => string(scratch, out),
            }
        }
    }
}

/// Writes a scalar's text into an empty buffer as JSON has it: dates and times in ISO 8601, whatever DateStyle says.
pub fn scalar_text(datum: Datum<'_>, scalar: ScalarType, settings: &FormatSettings, out: &mut Vec<u8>) {
    match datum {
        Datum::Date(_) | Datum::Timestamp(_) | Datum::Timestamptz(_)
            if settings.date_style != DateStyle::Iso =>
        {
            let settings = FormatSettings { date_style: DateStyle::Iso, ..settings.clone() };
            scalar_text(datum, scalar, &settings, out);
        }
        _ => {
            text_out(datum, scalar, settings, out);
            if matches!(datum, Datum::Timestamp(_) | Datum::Timestamptz(_)) {
                iso_8601(out);
            }
        }
    }
}

/// An array as arrays of its dimensions.
fn nested(array: ArrayRef<'_>, settings: &FormatSettings, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
    let dimensions = array.dimensions();
    if dimensions.is_empty() {
        out.extend_from_slice(b"[]");
        return;
    }
    let arena = Arena::new();
    let mut left: Vec<i32> = vec![0; dimensions.len()];
    for element in array.elements(&arena) {
        let opened = left.iter().rev().take_while(|left| **left == 0).count();
        if opened < dimensions.len() {
            out.push(b',');
        }
        let from = dimensions.len() - opened;
        for (left, dimension) in left.iter_mut().zip(&dimensions).skip(from) {
            out.push(b'[');
            *left = dimension.length;
        }
        value(element, *array.element(), settings, scratch, out);
        for left in left.iter_mut().rev() {
            *left -= 1;
            if *left > 0 {
                break;
            }
            out.push(b']');
        }
    }
}

/// NaN and the infinities are no JSON numbers: they are written as strings.
fn is_number(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
}

/// `2026-01-02 03:04:05+00` becomes `2026-01-02T03:04:05+00:00`. Infinities, and years before Christ beyond the blank,
/// stay as they are.
pub fn iso_8601(text: &mut Vec<u8>) {
    let Some(blank) = memchr::memchr(b' ', text) else { return };
    text[blank] = b'T';
    let zone = text[blank..].iter().rposition(|byte| matches!(byte, b'+' | b'-'));
    if zone.is_some_and(|zone| text.len() - (blank + zone) == 3) {
        text.extend_from_slice(b":00");
    }
}

/// Appends a JSON string with its quotes: PostgreSQL's escape_json.
pub fn string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut start = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            8 => b"\\b",
            12 => b"\\f",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => &[],
            _ => continue,
        };
        out.extend_from_slice(&bytes[start..i]);
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
        start = i + 1;
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}
