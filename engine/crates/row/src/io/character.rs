//! text, varchar, bpchar, name, "char"

use crate::{Arena, EvalError, EvalResult};

/// Typmods of varchar and bpchar count a 4-byte header.
const HEADER: i32 = 4;
/// `name` holds this many bytes at most.
const NAME_BYTES: usize = 63;

#[cold]
fn nul_error() -> EvalError {
    EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\": 0x00")
}

/// Text holds no NUL.
#[inline]
pub(super) fn check_nul(text: &str) -> EvalResult<()> {
    if memchr::memchr(0, text.as_bytes()).is_some() { Err(nul_error()) } else { Ok(()) }
}

/// Bytes from a client as text.
pub(super) fn utf8(bytes: &[u8]) -> EvalResult<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => check_nul(text).map(|()| text),
        Err(error) => {
            let start = error.valid_up_to();
            // PostgreSQL shows the bytes that the first byte announces.
            let announced = match bytes[start] {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            };
            let shown: Vec<String> =
                bytes[start..].iter().take(announced).map(|byte| format!("0x{byte:02x}")).collect();
            Err(EvalError::new(
                "22021",
                format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
            ))
        }
    }
}

/// The byte position after `count` characters, if there are that many or more.
fn position_after(text: &str, count: usize) -> Option<usize> {
    if text.len() < count {
        return None;
    }
    text.char_indices()
        .nth(count)
        .map(|(position, _)| position)
        .or_else(|| (text.chars().count() == count).then_some(text.len()))
}

#[cold]
fn too_long(type_name: &str, limit: usize) -> EvalError {
    EvalError::new("22001", format!("value too long for type {type_name}({limit})"))
}

/// `varcharin`, and the implicit coercion to varchar(n): only blanks may be cut off.
pub fn varchar_in<'a>(text: &str, typmod: i32, arena: &'a Arena) -> EvalResult<&'a str> {
    check_nul(text)?;
    if typmod < HEADER {
        return Ok(arena.push_str(text));
    }
    let limit = (typmod - HEADER) as usize;
    match position_after(text, limit) {
        Some(end) if end < text.len() => {
            if text[end..].bytes().any(|byte| byte != b' ') {
                return Err(too_long("character varying", limit));
            }
            Ok(arena.push_str(&text[..end]))
        }
        _ => Ok(arena.push_str(text)),
    }
}

/// `bpcharin`, and the implicit coercion to char(n): padded with blanks; only blanks may be cut off.
pub fn bpchar_in<'a>(text: &str, typmod: i32, arena: &'a Arena) -> EvalResult<&'a str> {
    check_nul(text)?;
    if typmod < HEADER {
        return Ok(arena.push_str(text));
    }
    let limit = (typmod - HEADER) as usize;
    match position_after(text, limit) {
        Some(end) => {
            if text[end..].bytes().any(|byte| byte != b' ') {
                return Err(too_long("character", limit));
            }
            Ok(arena.push_str(&text[..end]))
        }
        None => {
            let missing = limit - text.chars().count();
            let mut padded = String::with_capacity(text.len() + missing);
            padded.push_str(text);
            padded.extend(std::iter::repeat_n(' ', missing));
            Ok(arena.push_str(padded))
        }
    }
}

/// `namein`: cut to 63 bytes at a character boundary.
pub fn name_in<'a>(text: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    check_nul(text)?;
    let mut end = text.len().min(NAME_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Ok(arena.push_str(&text[..end]))
}

/// The text that stands for a "char": the character of its byte (Latin-1), empty for zero.
fn char_text(byte: u8, arena: &Arena) -> &str {
    if byte == 0 { "" } else { arena.push_str((byte as char).encode_utf8(&mut [0; 2])) }
}

/// `charin`: the first byte, or `\ooo`.
pub fn char_in<'a>(text: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    let byte = match text.as_bytes() {
        [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] => {
            (a - b'0') << 6 | (b - b'0') << 3 | (c - b'0')
        }
        [first, ..] => *first,
        [] => 0,
    };
    Ok(char_text(byte, arena))
}

/// `charrecv`
pub(super) fn char_recv<'a>(bytes: &[u8], arena: &'a Arena) -> EvalResult<&'a str> {
    Ok(char_text(super::fixed::<1>(bytes)?[0], arena))
}

/// `charout`: nothing for zero, `\ooo` for bytes beyond ASCII.
pub(super) fn char_out(value: &str, out: &mut Vec<u8>) {
    match value.chars().next().map(|character| character as u32) {
        None => {}
        Some(byte @ 0x80..) => out.extend_from_slice(format!("\\{:03o}", byte & 0xff).as_bytes()),
        Some(byte) => out.push(byte as u8),
    }
}

/// `charsend`
pub(super) fn char_send(value: &str, out: &mut Vec<u8>) {
    out.push(value.chars().next().map_or(0, |character| character as u32 as u8));
}
