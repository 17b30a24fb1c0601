//! One value's text to its packed form, through PostgreSQL's input functions.

use crate::Field;
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, FormatSettings, push_datum, text_in};

/// What input functions need besides the text.
pub(crate) struct ValueContext {
    pub(crate) settings: FormatSettings,
    pub(crate) arena: Arena,
}

/// Appends NULL, if the field may be NULL.
#[inline]
pub(crate) fn push_null(out: &mut Vec<u8>, field: &Field) -> EvalResult<()> {
    if !field.column.nullable {
        return Err(field.null_error());
    }
    tidewire_row::push_null(out);
    Ok(())
}

/// Appends the value that a text means to a field's type.
#[inline]
pub(crate) fn push_text(
    out: &mut Vec<u8>,
    field: &Field,
    text: &str,
    context: &ValueContext,
) -> EvalResult<()> {
    check_zero(text.as_bytes())?;
    push_checked(out, field, text, context)
}

/// The same for a text that is known to have no NUL.
#[inline]
pub(crate) fn push_checked(
    out: &mut Vec<u8>,
    field: &Field,
    text: &str,
    context: &ValueContext,
) -> EvalResult<()> {
    match field.column.scalar {
        ScalarType::Text => push_datum(out, Datum::Text(text)),
        ScalarType::Int8 => match small_integer(text) {
            Some(value) => push_datum(out, Datum::Int64(value)),
            None => return push_input(out, field, text, context),
        },
        ScalarType::Int4 => match small_integer(text).and_then(|value| i32::try_from(value).ok()) {
            Some(value) => push_datum(out, Datum::Int32(value)),
            None => return push_input(out, field, text, context),
        },
        _ => return push_input(out, field, text, context),
    }
    Ok(())
}

/// Appends text as it is.
#[inline]
pub(crate) fn push_plain(out: &mut Vec<u8>, text: &str) -> EvalResult<()> {
    check_zero(text.as_bytes())?;
    push_datum(out, Datum::Text(text));
    Ok(())
}

fn push_input(out: &mut Vec<u8>, field: &Field, text: &str, context: &ValueContext) -> EvalResult<()> {
    let column = &field.column;
    let datum = text_in(column.scalar, column.typmod, text, &context.settings, &context.arena)?;
    push_datum(out, datum);
    Ok(())
}

/// Refuses a NUL: PostgreSQL's text has none.
#[inline]
pub(crate) fn check_zero(bytes: &[u8]) -> EvalResult<()> {
    if memchr::memchr(0, bytes).is_some() {
        return Err(zero_byte());
    }
    Ok(())
}

/// PostgreSQL's error for a NUL in text.
#[cold]
fn zero_byte() -> EvalError {
    EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\": 0x00")
}

/// Plain decimal digits with an optional sign, at most 18 of them; everything else is the input function's business.
#[inline]
fn small_integer(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (negative, digits) = match bytes.first()? {
        b'-' => (true, &bytes[1..]),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0i64;
    for &digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// The text of bytes, or PostgreSQL's error naming the first bad ones.
pub(crate) fn utf8(bytes: &[u8]) -> EvalResult<&str> {
    std::str::from_utf8(bytes).map_err(|error| {
        let bad = &bytes[error.valid_up_to()..];
        // As many bytes as the first says its sequence has.
        let length = match bad.first() {
            Some(0xc2..=0xdf) => 2,
            Some(0xe0..=0xef) => 3,
            Some(0xf0..=0xf4) => 4,
            _ => 1,
        };
        let shown: Vec<String> = bad.iter().take(length).map(|byte| format!("0x{byte:02x}")).collect();
        EvalError::new("22021", format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")))
    })
}

/// Appends all the bytes as one value: as they are for a bytea, else by the type's input function.
pub(crate) fn push_whole(
    out: &mut Vec<u8>,
    field: &Field,
    bytes: &[u8],
    context: &ValueContext,
) -> EvalResult<()> {
    if field.column.scalar == ScalarType::Bytea {
        push_datum(out, Datum::Bytea(bytes));
        return Ok(());
    }
    push_text(out, field, utf8(bytes)?, context)
}
