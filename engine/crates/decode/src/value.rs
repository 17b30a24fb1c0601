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
        ScalarType::Text => tidewire_row::push_text(out, text),
        ScalarType::Int8 => match small_integer(text) {
            Some(value) => tidewire_row::push_int64(out, value),
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
    let (mut value, rest) = match digits.split_first_chunk::<8>() {
        Some((eight, rest)) => (i64::from(eight_digits(*eight)?), rest),
        None => (0, digits),
    };
    for &digit in rest {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// The number that eight digits are, all at once: neighbours become numbers of two digits, these of four, these of eight.
#[inline]
fn eight_digits(digits: [u8; 8]) -> Option<u32> {
    let word = u64::from_le_bytes(digits);
    let high = 0xf0f0_f0f0_f0f0_f0f0;
    let above_nine = word.wrapping_add(0x0606_0606_0606_0606) & high;
    if (word & high) != 0x3030_3030_3030_3030 || above_nine != 0x3030_3030_3030_3030 {
        return None;
    }
    let ones = word - 0x3030_3030_3030_3030;
    let pairs = (ones * 10 + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some(((fours * 10_000 + (fours >> 32)) & 0xffff_ffff) as u32)
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

#[cfg(test)]
mod tests {
    use super::small_integer;

    #[test]
    fn small_integers() {
        for value in
            [0, 7, 10, 99_999_999, 12_345_678, 100_000_000, 987_654_321_012_345_678, -1, -12_345_678_901]
        {
            assert_eq!(small_integer(&format!("{value}")), Some(value), "{value}");
        }
        assert_eq!(small_integer("000000012"), Some(12));
        for text in
            ["", "-", "+1", " 1", "1234567a", "12345678:", "/2345678", "1234 678", "1234567890123456789"]
        {
            assert_eq!(small_integer(text), None, "{text:?}");
        }
    }
}
