//! Records: record_in, record_out, record_recv, record_send.

use super::array::oid;
use super::composed::{int4, is_space, send_value};
use super::{FormatSettings, binary_in, text_in, text_out};
use crate::record::RecordRef;
use crate::{Arena, Datum, EvalError, EvalResult, ScalarType};
use tidewire_plan::RecordType;

fn malformed(text: &str, detail: &str) -> EvalError {
    EvalError::new("22P02", format!("malformed record literal: \"{text}\"")).with_detail(detail)
}

/// record_in
pub(super) fn parse<'a>(
    of: &'static RecordType,
    text: &str,
    settings: &FormatSettings,
    arena: &'a Arena,
) -> EvalResult<RecordRef<'a>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let skip_space = |at: &mut usize| {
        while bytes.get(*at).copied().is_some_and(is_space) {
            *at += 1;
        }
    };
    skip_space(&mut at);
    if bytes.get(at) != Some(&b'(') {
        return Err(malformed(text, "Missing left parenthesis."));
    }
    at += 1;
    let mut values = Vec::with_capacity(of.fields().len());
    let mut field = Vec::new();
    for (index, scalar) in of.fields().iter().enumerate() {
        if index > 0 {
            if bytes.get(at) != Some(&b',') {
                return Err(malformed(text, "Too few columns."));
            }
            at += 1;
        }
        // Nothing at all is NULL.
        if matches!(bytes.get(at), Some(b',' | b')')) {
            values.push(Datum::Null);
            continue;
        }
        field.clear();
        let mut quoted = false;
        loop {
            let ended = || malformed(text, "Unexpected end of input.");
            let byte = *bytes.get(at).ok_or_else(ended)?;
            if !quoted && matches!(byte, b',' | b')') {
                break;
            }
            at += 1;
            match byte {
                b'\\' => {
                    field.push(*bytes.get(at).ok_or_else(ended)?);
                    at += 1;
                }
                b'"' if !quoted => quoted = true,
                // Doubled inside of quotes, it is itself.
                b'"' if bytes.get(at) == Some(&b'"') => {
                    field.push(b'"');
                    at += 1;
                }
                b'"' => quoted = false,
                other => field.push(other),
            }
        }
        let value = std::str::from_utf8(&field)
            .map_err(|_| EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\""))?;
        values.push(text_in(*scalar, -1, value, settings, arena)?);
    }
    if bytes.get(at) != Some(&b')') {
        return Err(malformed(text, "Too many columns."));
    }
    at += 1;
    skip_space(&mut at);
    if at < bytes.len() {
        return Err(malformed(text, "Junk after right parenthesis."));
    }
    Ok(RecordRef::new(of, &values, arena))
}

/// record_out
pub(super) fn write(record: RecordRef<'_>, settings: &FormatSettings, out: &mut Vec<u8>) {
    let arena = Arena::new();
    let mut text = Vec::new();
    out.push(b'(');
    for (index, (scalar, value)) in record.fields(&arena).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if matches!(value, Datum::Null) {
            continue;
        }
        text.clear();
        text_out(value, scalar, settings, &mut text);
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'(' | b')' | b',') || is_space(*byte);
        if !text.is_empty() && !text.iter().any(special) {
            out.extend_from_slice(&text);
            continue;
        }
        out.push(b'"');
        for byte in &text {
            if matches!(byte, b'"' | b'\\') {
                out.push(*byte);
            }
            out.push(*byte);
        }
        out.push(b'"');
    }
    out.push(b')');
}

/// record_send
pub(super) fn send(record: RecordRef<'_>, out: &mut Vec<u8>) {
    let arena = Arena::new();
    out.extend_from_slice(&(record.of().fields().len() as i32).to_be_bytes());
    for (scalar, value) in record.fields(&arena) {
        out.extend_from_slice(&oid(scalar).to_be_bytes());
        send_value(value, scalar, out);
    }
}

/// record_recv. Types that are not the fields' are refused by their values' form.
pub(super) fn receive<'a>(
    of: &'static RecordType,
    bytes: &[u8],
    arena: &'a Arena,
) -> EvalResult<RecordRef<'a>> {
    let mut rest = bytes;
    let count = int4(&mut rest)?;
    if count as usize != of.fields().len() {
        let message = format!("wrong number of columns: {count}, expected {}", of.fields().len());
        return Err(EvalError::new("42804", message));
    }
    let mut values = Vec::with_capacity(of.fields().len());
    for (index, scalar) in of.fields().iter().enumerate() {
        let given = int4(&mut rest)? as u32;
        if given != oid(*scalar) && !matches!(scalar, ScalarType::Record(_) | ScalarType::Array(_)) {
            let message = format!(
                "binary data has type {given} instead of expected {} in record column {}",
                oid(*scalar),
                index + 1
            );
            return Err(EvalError::new("42804", message));
        }
        let length = int4(&mut rest)?;
        if length == -1 {
            values.push(Datum::Null);
            continue;
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= rest.len());
        let Some(length) = length else {
            return Err(EvalError::new("22P03", "insufficient data left in message"));
        };
        let (field, after) = rest.split_at(length);
        rest = after;
        values.push(binary_in(*scalar, -1, field, arena)?);
    }
    Ok(RecordRef::new(of, &values, arena))
}
