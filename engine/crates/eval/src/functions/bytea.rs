//! bytea.

use super::pattern::matches_bytes;
use super::text;
use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::{Arena, EvalError, EvalResult, io};

fn negative_length() -> EvalError {
    EvalError::new("22011", "negative substring length not allowed")
}

fn substring(bytes: &[u8], start: i32, length: Option<i32>) -> EvalResult<&[u8]> {
    let first = (start as i64 - 1).clamp(0, bytes.len() as i64);
    let end = match length {
        None => bytes.len() as i64,
        Some(length) if length < 0 => return Err(negative_length()),
        Some(length) => (start as i64 - 1 + length as i64).min(bytes.len() as i64),
    };
    Ok(if end <= first { &[] } else { &bytes[first as usize..end as usize] })
}

fn overlay<'a>(bytes: &[u8], with: &[u8], start: i32, length: i32, arena: &'a Arena) -> EvalResult<&'a [u8]> {
    if start <= 0 {
        return Err(negative_length());
    }
    let after = start.checked_add(length).ok_or_else(|| EvalError::out_of_range("integer"))?;
    let parts = [substring(bytes, 1, Some(start - 1))?, with, substring(bytes, after, None)?];
    Ok(arena.push_bytes(parts.concat()))
}

fn index_error(index: i64, length: i64) -> EvalError {
    EvalError::new("2202E", format!("index {index} out of valid range, 0..{}", length - 1))
}

fn byte_index(bytes: &[u8], index: i32) -> EvalResult<usize> {
    match usize::try_from(index) {
        Ok(index) if index < bytes.len() => Ok(index),
        _ => Err(index_error(index as i64, bytes.len() as i64)),
    }
}

fn bit_index(bytes: &[u8], index: i64) -> EvalResult<(usize, u32)> {
    if index < 0 || index >= bytes.len() as i64 * 8 {
        return Err(index_error(index, bytes.len() as i64 * 8));
    }
    Ok(((index / 8) as usize, (index % 8) as u32))
}

fn set_bit<'a>(bytes: &[u8], index: i64, bit: i32, arena: &'a Arena) -> EvalResult<&'a [u8]> {
    let (byte, shift) = bit_index(bytes, index)?;
    if bit != 0 && bit != 1 {
        return Err(EvalError::new("22023", "new bit must be 0 or 1"));
    }
    let mut changed = bytes.to_vec();
    changed[byte] = (changed[byte] & !(1 << shift)) | ((bit as u8) << shift);
    Ok(arena.push_bytes(changed))
}

fn trim<'a>(bytes: &'a [u8], set: &[u8], start: bool, end: bool) -> &'a [u8] {
    let mut bytes = bytes;
    while start && bytes.first().is_some_and(|byte| set.contains(byte)) {
        bytes = &bytes[1..];
    }
    while end && bytes.last().is_some_and(|byte| set.contains(byte)) {
        bytes = &bytes[..bytes.len() - 1];
    }
    bytes
}

fn unknown_encoding(name: &str) -> EvalError {
    EvalError::new("22023", format!("unrecognized encoding: \"{name}\""))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with lines of 76 characters, as PostgreSQL writes it.
fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for (index, chunk) in bytes.chunks(3).enumerate() {
        if index > 0 && index % 19 == 0 {
            out.push('\n');
        }
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | *byte as u32) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            if position <= chunk.len() {
                out.push(BASE64[(word >> (18 - 6 * position) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

fn from_base64(text: &str) -> EvalResult<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut word, mut position, mut padding) = (0u32, 0, 0);
    for character in text.chars() {
        if matches!(character, ' ' | '\t' | '\n' | '\r') {
            continue;
        }
        let value = if character == '=' {
            if padding == 0 {
                padding = match position {
                    2 => 1,
                    3 => 2,
                    _ => {
                        return Err(EvalError::new(
                            "22023",
                            "unexpected \"=\" while decoding base64 sequence",
                        ));
                    }
                };
            }
            0
        } else {
            match BASE64.iter().position(|digit| *digit as char == character) {
                Some(value) if padding == 0 => value as u32,
                _ => {
                    return Err(EvalError::new(
                        "22023",
                        format!("invalid symbol \"{character}\" found while decoding base64 sequence"),
                    ));
                }
            }
        };
        word = word << 6 | value;
        position += 1;
        if position == 4 {
            let three = word.to_be_bytes();
            let kept = if padding == 0 { 3 } else { padding };
            out.extend_from_slice(&three[1..1 + kept]);
            (word, position) = (0, 0);
        }
    }
    if position != 0 {
        return Err(EvalError::new("22023", "invalid base64 end sequence")
            .with_hint("Input data is missing padding, is truncated, or is otherwise corrupted."));
    }
    Ok(out)
}

fn encode<'a>(bytes: &[u8], encoding: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    let text = match encoding.to_ascii_lowercase().as_str() {
        "hex" => text::hex(bytes),
        "base64" => base64(bytes),
        "escape" => {
            let mut text = String::with_capacity(bytes.len());
            for byte in bytes {
                match byte {
                    b'\\' => text.push_str("\\\\"),
                    0 | 0x80.. => text.push_str(&format!("\\{byte:03o}")),
                    byte => text.push(*byte as char),
                }
            }
            text
        }
        _ => return Err(unknown_encoding(encoding)),
    };
    if text.len() > text::MAX_BYTES {
        return Err(text::too_large());
    }
    Ok(arena.push_str(text))
}

fn decode<'a>(text: &str, encoding: &str, arena: &'a Arena) -> EvalResult<&'a [u8]> {
    let mut out = Vec::with_capacity(text.len());
    match encoding.to_ascii_lowercase().as_str() {
        "hex" => io::decode_hex(text, &mut out)?,
        "base64" => out = from_base64(text)?,
        "escape" => {
            let mut rest = text.as_bytes();
            loop {
                rest = match rest {
                    [] => break,
                    [b'\\', b'\\', tail @ ..] => {
                        out.push(b'\\');
                        tail
                    }
                    [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] => {
                        out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                        tail
                    }
                    [b'\\', ..] => {
                        return Err(EvalError::new("22P02", "invalid input syntax for type bytea"));
                    }
                    [byte, tail @ ..] => {
                        out.push(*byte);
                        tail
                    }
                };
            }
        }
        _ => return Err(unknown_encoding(encoding)),
    }
    Ok(arena.push_bytes(out))
}

/// The encodings that text can be converted from and to.
enum Encoding {
    Utf8,
    Latin1,
    SqlAscii,
}

/// `role` is the word before `encoding name` in the message, with the space behind it.
fn encoding_named(name: &str, role: &str) -> EvalResult<Encoding> {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    Ok(match plain.as_str() {
        "utf8" | "unicode" => Encoding::Utf8,
        "latin1" | "iso88591" => Encoding::Latin1,
        "sqlascii" => Encoding::SqlAscii,
        _ => return Err(EvalError::new("22023", format!("invalid {role}encoding name \"{name}\""))),
    })
}

fn convert_from<'a>(bytes: &[u8], encoding: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    let encoding = encoding_named(encoding, "source ")?;
    match encoding {
        Encoding::Latin1 => {
            without_zero(bytes, "LATIN1")?;
            Ok(arena.push_str(bytes.iter().map(|byte| *byte as char).collect::<String>()))
        }
        Encoding::SqlAscii => {
            without_zero(bytes, "SQL_ASCII")?;
            Ok(arena.push_str(utf8(bytes)?))
        }
        Encoding::Utf8 => Ok(arena.push_str(utf8(bytes)?)),
    }
}

/// How many characters the bytes are in an encoding.
fn length_in_encoding(bytes: &[u8], encoding: &str) -> EvalResult<i32> {
    let length = match encoding_named(encoding, "")? {
        Encoding::Latin1 => without_zero(bytes, "LATIN1").map(|()| bytes.len()),
        Encoding::SqlAscii => without_zero(bytes, "SQL_ASCII").map(|()| bytes.len()),
        Encoding::Utf8 => utf8(bytes).map(|text| text.chars().count()),
    };
    length.map(|length| length as i32)
}

/// The bytes as a text, which has no zero.
fn utf8(bytes: &[u8]) -> EvalResult<&str> {
    let zero = memchr::memchr(0, bytes);
    match std::str::from_utf8(&bytes[..zero.unwrap_or(bytes.len())]) {
        Ok(text) => zero.map_or(Ok(text), |zero| Err(invalid_bytes("UTF8", &bytes[zero..=zero]))),
        Err(error) => {
            let rest = &bytes[error.valid_up_to()..];
            // As many bytes as the first one says that the character has.
            let length = match rest[0] {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            };
            Err(invalid_bytes("UTF8", &rest[..length.min(rest.len())]))
        }
    }
}

fn without_zero(bytes: &[u8], encoding: &str) -> EvalResult<()> {
    memchr::memchr(0, bytes).map_or(Ok(()), |_| Err(invalid_bytes(encoding, &[0])))
}

fn invalid_bytes(encoding: &str, bytes: &[u8]) -> EvalError {
    let shown: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
    let message = format!("invalid byte sequence for encoding \"{encoding}\": {}", shown.join(" "));
    EvalError::new("22021", message)
}

fn convert_to<'a>(text: &str, encoding: &str, arena: &'a Arena) -> EvalResult<&'a [u8]> {
    match encoding_named(encoding, "destination ")? {
        Encoding::Utf8 | Encoding::SqlAscii => Ok(arena.push_bytes(text)),
        Encoding::Latin1 => {
            let bytes = text
                .chars()
                .map(|character| {
                    u8::try_from(character as u32).map_err(|_| {
                        let mut buffer = [0; 4];
                        let encoded: Vec<String> = character
                            .encode_utf8(&mut buffer)
                            .bytes()
                            .map(|byte| format!("0x{byte:02x}"))
                            .collect();
                        EvalError::new(
                            "22P05",
                            format!(
                                "character with byte sequence {} in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\"",
                                encoded.join(" ")
                            ),
                        )
                    })
                })
                .collect::<EvalResult<Vec<u8>>>()?;
            Ok(arena.push_bytes(bytes))
        }
    }
}

/// The two's complement integer that at most so many bytes are, the most significant first.
fn big_endian(bytes: &[u8], width: usize, name: &'static str) -> EvalResult<i64> {
    if bytes.len() > width {
        return Err(EvalError::out_of_range(name));
    }
    // Fewer bytes than the type has are not extended by their sign.
    let value = bytes.iter().fold(0u64, |value, byte| value << 8 | *byte as u64);
    Ok(match width {
        2 => value as i16 as i64,
        4 => value as i32 as i64,
        _ => value as i64,
    })
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &comparisons!("bytea", Bytea, Bytea, |a, b| a.cmp(b)),
    &[
        fallible!("byteacat", (a: Bytea, b: Bytea), env => if a.len() + b.len() > text::MAX_BYTES {
            Err(text::too_large())
        } else {
            Ok(env.arena.push_bytes([a, b].concat()))
        }),
        total!("byteaoctetlen", (a: Bytea) => a.len() as i32),
        total!("byteapos", (a: Bytea, part: Bytea) =>
            memchr::memmem::find(a, part).map_or(0, |at| at as i32 + 1)),
        total!("byteatrim", (a: Bytea, set: Bytea) => trim(a, set, true, true)),
        total!("bytealtrim", (a: Bytea, set: Bytea) => trim(a, set, true, false)),
        total!("byteartrim", (a: Bytea, set: Bytea) => trim(a, set, false, true)),
        total!("bytea_bit_count", (a: Bytea) => a.iter().map(|byte| byte.count_ones() as i64).sum::<i64>()),
        total!("bytea_larger", (a: Bytea, b: Bytea) => if a > b { a } else { b }),
        total!("bytea_smaller", (a: Bytea, b: Bytea) => if a < b { a } else { b }),
        total!("bytea_reverse", (a: Bytea), env =>
            env.arena.push_bytes(a.iter().rev().copied().collect::<Vec<u8>>())),
        total!("md5_bytea", (a: Bytea), env => env.arena.push_str(text::md5(a))),
        total!("sha224_bytea", (a: Bytea), env => env.arena.push_bytes(text::sha224(a))),
        total!("sha256_bytea", (a: Bytea), env => env.arena.push_bytes(text::sha256(a))),
        total!("sha384_bytea", (a: Bytea), env => env.arena.push_bytes(text::sha384(a))),
        total!("sha512_bytea", (a: Bytea), env => env.arena.push_bytes(text::sha512(a))),
        total!("crc32_bytea", (a: Bytea) => i64::from(crc32fast::hash(a))),
        total!("crc32c_bytea", (a: Bytea) => i64::from(crc32c::crc32c(a))),
        total!("int2_bytea", (a: Int16), env => env.arena.push_bytes(a.to_be_bytes())),
        total!("int4_bytea", (a: Int32), env => env.arena.push_bytes(a.to_be_bytes())),
        total!("int8_bytea", (a: Int64), env => env.arena.push_bytes(a.to_be_bytes())),
        fallible!("bytea_int2", (a: Bytea) => big_endian(a, 2, "smallint").map(|value| value as i16)),
        fallible!("bytea_int4", (a: Bytea) => big_endian(a, 4, "integer").map(|value| value as i32)),
        fallible!("bytea_int8", (a: Bytea) => big_endian(a, 8, "bigint")),
        fallible!("bytea_substr", (a: Bytea, start: Int32, length: Int32) => substring(a, start, Some(length))),
        fallible!("bytea_substr_no_len", (a: Bytea, start: Int32) => substring(a, start, None)),
        fallible!("byteaoverlay", (a: Bytea, with: Bytea, start: Int32, length: Int32), env =>
            overlay(a, with, start, length, env.arena)),
        fallible!("byteaoverlay_no_len", (a: Bytea, with: Bytea, start: Int32), env =>
            overlay(a, with, start, with.len() as i32, env.arena)),
        fallible!("byteaGetByte", (a: Bytea, index: Int32) => byte_index(a, index).map(|at| a[at] as i32)),
        fallible!("byteaSetByte", (a: Bytea, index: Int32, byte: Int32), env => byte_index(a, index).map(|at| {
            let mut changed = a.to_vec();
            changed[at] = byte as u8;
            env.arena.push_bytes(changed)
        })),
        fallible!("byteaGetBit", (a: Bytea, index: Int64) =>
            bit_index(a, index).map(|(byte, shift)| (a[byte] >> shift & 1) as i32)),
        fallible!("byteaSetBit", (a: Bytea, index: Int64, bit: Int32), env => set_bit(a, index, bit, env.arena)),
        fallible!("bytealike", (a: Bytea, pattern: Bytea) => matches_bytes(a, pattern)),
        fallible!("byteanlike", (a: Bytea, pattern: Bytea) => matches_bytes(a, pattern).map(|matched| !matched)),
        fallible!("binary_encode", (a: Bytea, encoding: Text), env => encode(a, encoding, env.arena)),
        fallible!("binary_decode", (a: Text, encoding: Text), env => decode(a, encoding, env.arena)),
        fallible!("length_in_encoding", (a: Bytea, encoding: Text) => length_in_encoding(a, encoding)),
        fallible!("pg_convert_from", (a: Bytea, encoding: Text), env => convert_from(a, encoding, env.arena)),
        fallible!("pg_convert_to", (a: Text, encoding: Text), env => convert_to(a, encoding, env.arena)),
    ],
];
