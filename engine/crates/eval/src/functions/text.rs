//! text, varchar, char(n), name and "char": concatenation, length, case, search, casts and length coercions.

use crate::context::Env;
use crate::registry::{Function, fallible, total};
use md5::{Digest, Md5};
use sha2::{Sha224, Sha256, Sha384, Sha512};
use tidewire_row::{Arena, Datum, EvalError, EvalResult, ScalarType, io, text_out};

/// The most bytes that a value may have, as in PostgreSQL.
pub(super) const MAX_BYTES: usize = 0x3fff_ffff;

/// Bytes of a `name`.
const NAME_BYTES: usize = 63;

#[cold]
pub(super) fn too_large() -> EvalError {
    EvalError::new("54000", "requested length too large")
}

/// Length in characters.
pub(super) fn characters(text: &str) -> i32 {
    text.chars().count() as i32
}

/// The byte position of character `index`, or the text's end.
pub(super) fn byte_of(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
}

/// Unicode escapes as characters: `\XXXX`, `\+XXXXXX`, `\uXXXX`, `\UXXXXXXXX`, and `\\` for a backslash. Two that are halves of
/// a surrogate pair are one.
fn unescape(text: &str) -> EvalResult<String> {
    let bad_pair = || EvalError::new("42601", "invalid Unicode surrogate pair");
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut high: Option<u32> = None;
    while let Some(character) = rest.chars().next() {
        let following = &rest[character.len_utf8()..];
        if character != '\\' || following.starts_with('\\') {
            if high.is_some() {
                return Err(bad_pair());
            }
            out.push(character);
            rest = if character == '\\' { &following[1..] } else { following };
            continue;
        }
        let (prefix, digits) = match following.as_bytes().first() {
            Some(b'+') => (1, 6),
            Some(b'u') => (1, 4),
            Some(b'U') => (1, 8),
            _ => (0, 4),
        };
        let code = following.get(prefix..prefix + digits);
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(code) = code.and_then(|code| u32::from_str_radix(code, 16).ok()) else {
            return Err(EvalError::new("42601", "invalid Unicode escape")
                .with_hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX."));
        };
        rest = &following[prefix + digits..];
        if code == 0 || code > 0x10_ffff {
            return Err(EvalError::new("22023", format!("invalid Unicode code point: {code:04X}")));
        }
        match (high.take(), code) {
            (Some(first), 0xdc00..=0xdfff) => {
                let code = 0x1_0000 + ((first - 0xd800) << 10) + (code - 0xdc00);
                out.push(char::from_u32(code).ok_or_else(bad_pair)?);
            }
            (None, 0xd800..=0xdbff) => high = Some(code),
            (None, code) => out.push(char::from_u32(code).ok_or_else(bad_pair)?),
            (Some(_), _) => return Err(bad_pair()),
        }
    }
    match high {
        Some(_) => Err(bad_pair()),
        None => Ok(out),
    }
}

/// Simple case mapping: one character becomes one character, as under PostgreSQL's C.UTF-8.
fn map_case<'a>(text: &'a str, arena: &'a Arena, map: fn(char) -> char) -> &'a str {
    let mapped: String = text.chars().map(map).collect();
    if mapped == text { text } else { arena.push_str(mapped) }
}

#[inline]
pub(super) fn upper(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

#[inline]
pub(super) fn lower(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let mut mapped = character.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        // The only character with a longer lower case is İ, whose simple mapping is i.
        _ => mapped_or(character),
    }
}

/// Unicode's simple case folding: the lower case of the upper case, but for letters that fold to themselves.
fn fold_case(character: char) -> char {
    match character {
        // Cherokee folds to its upper case; dotless i has no folding but Turkish's.
        '\u{131}' | '\u{130}' | '\u{13a0}'..='\u{13f5}' => character,
        '\u{13f8}'..='\u{13fd}' | '\u{ab70}'..='\u{abbf}' => upper(character),
        _ => lower(upper(character)),
    }
}

fn mapped_or(character: char) -> char {
    if character == '\u{130}' { 'i' } else { character }
}

fn initcap(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .map(|character| {
            let mapped = if inside { lower(character) } else { upper(character) };
            inside = character.is_alphabetic() || character.is_ascii_digit();
            mapped
        })
        .collect()
}

/// The character position, counted from 1, of `part` in `text`; 0 if it is not there.
fn position(text: &str, part: &str) -> i32 {
    match memchr::memmem::find(text.as_bytes(), part.as_bytes()) {
        Some(at) => text[..at].chars().count() as i32 + 1,
        None => 0,
    }
}

fn trim<'a>(text: &'a str, set: &str, start: bool, end: bool) -> &'a str {
    let inside = |character: char| set.contains(character);
    let text = if start { text.trim_start_matches(inside) } else { text };
    if end { text.trim_end_matches(inside) } else { text }
}

/// A text cut to at most `most` bytes at a character's boundary.
fn clip(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `varchar(text, typmod, explicit)`.
fn to_varchar(text: &str, typmod: i32, explicit: bool) -> EvalResult<&str> {
    if typmod < 4 || text.len() <= (typmod - 4) as usize {
        return Ok(text);
    }
    let most = (typmod - 4) as usize;
    let end = byte_of(text, most);
    if !explicit && !text[end..].bytes().all(|byte| byte == b' ') {
        return Err(EvalError::new("22001", format!("value too long for type character varying({most})")));
    }
    Ok(&text[..end])
}

/// `bpchar(bpchar, typmod, explicit)`: pads or cuts to the length.
fn to_bpchar<'a>(text: &'a str, typmod: i32, explicit: bool, arena: &'a Arena) -> EvalResult<&'a str> {
    if typmod < 4 {
        return Ok(text);
    }
    let length = (typmod - 4) as usize;
    let have = text.chars().count();
    if have < length {
        let mut padded = String::with_capacity(text.len() + length - have);
        padded.push_str(text);
        padded.extend(std::iter::repeat_n(' ', length - have));
        return Ok(arena.push_str(padded));
    }
    let end = byte_of(text, length);
    if !explicit && !text[end..].bytes().all(|byte| byte == b' ') {
        return Err(EvalError::new("22001", format!("value too long for type character({length})")));
    }
    Ok(&text[..end])
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[(byte >> 4) as usize] as char);
        text.push(DIGITS[(byte & 15) as usize] as char);
    }
    text
}

pub(super) fn md5(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

pub(super) fn sha224(bytes: &[u8]) -> Vec<u8> {
    Sha224::digest(bytes).to_vec()
}

pub(super) fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

pub(super) fn sha384(bytes: &[u8]) -> Vec<u8> {
    Sha384::digest(bytes).to_vec()
}

pub(super) fn sha512(bytes: &[u8]) -> Vec<u8> {
    Sha512::digest(bytes).to_vec()
}

fn chr(code: i32, arena: &Arena) -> EvalResult<&str> {
    if code < 0 {
        return Err(EvalError::new("22023", "character number must be positive"));
    }
    if code == 0 {
        return Err(EvalError::new("54000", "null character not permitted"));
    }
    if code > 0x10_ffff {
        return Err(EvalError::new("54000", format!("requested character too large for encoding: {code}")));
    }
    match char::from_u32(code as u32) {
        Some(character) => Ok(arena.push_str(character.encode_utf8(&mut [0; 4]))),
        None => Err(EvalError::new("54000", format!("requested character not valid for encoding: {code}"))),
    }
}

/// The type by which a value of a variadic "any" argument is written: its variant says all that output needs.
pub(crate) fn type_of(value: Datum<'_>) -> ScalarType {
    match value {
        Datum::Null | Datum::Text(_) => ScalarType::Text,
        Datum::Bool(_) => ScalarType::Bool,
        Datum::Int16(_) => ScalarType::Int2,
        Datum::Int32(_) => ScalarType::Int4,
        Datum::Int64(_) => ScalarType::Int8,
        Datum::Oid(_) => ScalarType::Oid,
        Datum::Float32(_) => ScalarType::Float4,
        Datum::Float64(_) => ScalarType::Float8,
        Datum::Numeric(_) => ScalarType::Numeric,
        Datum::Bytea(_) => ScalarType::Bytea,
        Datum::Date(_) => ScalarType::Date,
        Datum::Time(_) => ScalarType::Time,
        Datum::Timestamp(_) => ScalarType::Timestamp,
        Datum::Timestamptz(_) => ScalarType::Timestamptz,
        Datum::Interval(_) => ScalarType::Interval,
        Datum::Uuid(_) => ScalarType::Uuid,
        Datum::Inet(_) => ScalarType::Inet,
        Datum::Macaddr(_) => ScalarType::Macaddr,
        Datum::Macaddr8(_) => ScalarType::Macaddr8,
        Datum::Bits(_) => ScalarType::Varbit,
        Datum::Jsonb(_) => ScalarType::Jsonb,
        Datum::Array(value) => ScalarType::Array(value.element()),
        Datum::Record(value) => ScalarType::Record(value.of()),
        Datum::Json(_) => ScalarType::Json,
        Datum::Enum(value) => ScalarType::Enum(value.of()),
        Datum::Range(value) => ScalarType::Range(value.of()),
        Datum::Multirange(value) => ScalarType::Multirange(value.of()),
    }
}

/// Text from bytes that output functions wrote.
pub(super) fn push_utf8<'a>(bytes: &[u8], arena: &'a Arena) -> EvalResult<Datum<'a>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Datum::Text(arena.push_str(text))),
        Err(_) => Err(EvalError::new("22021", "invalid byte sequence for encoding \"UTF8\"")),
    }
}

fn concat<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let mut bytes = Vec::new();
    for value in values {
        text_out(*value, type_of(*value), env.settings(), &mut bytes);
    }
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    push_utf8(&bytes, env.arena)
}

fn concat_ws<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let Some((Datum::Text(separator), values)) = values.split_first() else {
        return Ok(Datum::Null);
    };
    let mut bytes = Vec::new();
    let mut first = true;
    for value in values.iter().filter(|value| !matches!(value, Datum::Null)) {
        if !first {
            bytes.extend_from_slice(separator.as_bytes());
        }
        first = false;
        text_out(*value, type_of(*value), env.settings(), &mut bytes);
    }
    if bytes.len() > MAX_BYTES {
        return Err(too_large());
    }
    push_utf8(&bytes, env.arena)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("textcat", (a: Text, b: Text), env => if a.len() + b.len() > MAX_BYTES {
        Err(too_large())
    } else {
        Ok(env.arena.push_concat(&[a, b]))
    }),
    Function::lenient("text_concat", concat).stable(),
    Function::lenient("text_concat_ws", concat_ws).stable(),
    total!("textlen", (a: Text) => characters(a)),
    total!("bpcharlen", (a: Text) => characters(a.trim_end_matches(' '))),
    total!("textoctetlen", (a: Text) => a.len() as i32),
    total!("bpcharoctetlen", (a: Text) => a.len() as i32),
    total!("lower", (a: Text), env => map_case(a, env.arena, lower)),
    total!("upper", (a: Text), env => map_case(a, env.arena, upper)),
    total!("casefold", (a: Text), env => map_case(a, env.arena, fold_case)),
    total!("initcap", (a: Text), env => env.arena.push_str(initcap(a))),
    total!("btrim", (a: Text, set: Text) => trim(a, set, true, true)),
    total!("btrim1", (a: Text) => a.trim_matches(' ')),
    total!("ltrim", (a: Text, set: Text) => trim(a, set, true, false)),
    total!("ltrim1", (a: Text) => a.trim_start_matches(' ')),
    total!("rtrim", (a: Text, set: Text) => trim(a, set, false, true)),
    total!("rtrim1", (a: Text) => a.trim_end_matches(' ')),
    total!("textpos", (a: Text, part: Text) => position(a, part)),
    total!("text_starts_with", (a: Text, prefix: Text) => a.starts_with(prefix)),
    total!("ascii", (a: Text) => a.chars().next().map_or(0, |first| first as i32)),
    fallible!("unistr", (a: Text), env => unescape(a).map(|text| env.arena.push_str(text))),
    fallible!("chr", (code: Int32), env => chr(code, env.arena)),
    total!("md5_text", (a: Text), env => env.arena.push_str(md5(a.as_bytes()))),
    // Casts and length coercions.
    fallible!("varchar", (a: Text, typmod: Int32, explicit: Bool) => to_varchar(a, typmod, explicit)),
    fallible!("bpchar", (a: Text, typmod: Int32, explicit: Bool), env =>
        to_bpchar(a, typmod, explicit, env.arena)),
    total!("name_text", (a: Text) => a),
    total!("name_bpchar", (a: Text) => a),
    total!("text_name", (a: Text) => clip(a, NAME_BYTES)),
    total!("bpchar_name", (a: Text) => clip(clip(a, NAME_BYTES).trim_end_matches(' '), NAME_BYTES)),
    total!("char_text", (a: Text), env => {
        let mut bytes = Vec::new();
        text_out(Datum::Text(a), ScalarType::Char, env.settings(), &mut bytes);
        env.arena.push_str(String::from_utf8_lossy(&bytes))
    }),
    total!("char_bpchar", (a: Text), env => {
        let mut bytes = Vec::new();
        text_out(Datum::Text(a), ScalarType::Char, env.settings(), &mut bytes);
        env.arena.push_str(String::from_utf8_lossy(&bytes))
    }),
    fallible!("text_char", (a: Text), env => io::text_in(ScalarType::Char, -1, a, env.settings(), env.arena)),
    fallible!("i4tochar", (code: Int32), env => match i8::try_from(code) {
        Ok(code) => io::binary_in(ScalarType::Char, -1, &[code as u8], env.arena),
        Err(_) => Err(EvalError::out_of_range("\"char\"")),
    }),
    total!("chartoi4", (a: Text) => {
        let mut bytes = Vec::new();
        io::binary_out(Datum::Text(a), ScalarType::Char, &mut bytes);
        bytes.first().map_or(0, |byte| *byte as i8 as i32)
    }),
]];
