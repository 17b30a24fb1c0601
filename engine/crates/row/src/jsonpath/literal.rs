//! Escapes in quoted texts, names and variables of jsonpath.

use crate::{EvalError, EvalResult};

/// What stands behind a backslash, taken off the front of a text that begins with one.
pub(super) enum Escape {
    /// What it means, and how long it is.
    Text(String, usize),
    /// The scanner's complaint, and how much of the text it is about.
    Wrong(&'static str, usize),
}

fn hex_digits(text: &[u8], most: usize) -> usize {
    text.iter().take(most).take_while(|byte| byte.is_ascii_hexdigit()).count()
}

/// The length of the `\uXXXX` or `\u{X…}` that the text begins with, and its code; 0 where there is none.
fn unicode(text: &str) -> (usize, u32) {
    let Some(rest) = text.strip_prefix("\\u") else { return (0, 0) };
    let code = |digits: &str| u32::from_str_radix(digits, 16).unwrap_or(0);
    if let Some(inner) = rest.strip_prefix('{') {
        let length = hex_digits(inner.as_bytes(), 6);
        let closed = length > 0 && inner[length..].starts_with('}');
        return if closed { (length + 4, code(&inner[..length])) } else { (0, 0) };
    }
    if hex_digits(rest.as_bytes(), 4) == 4 { (6, code(&rest[..4])) } else { (0, 0) }
}

/// The length of a `\u` that goes wrong.
fn broken_unicode(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\\u") else { return 0 };
    match rest.strip_prefix('{') {
        Some(inner) => 3 + hex_digits(inner.as_bytes(), 6),
        None => 2 + hex_digits(rest.as_bytes(), 3),
    }
}

fn invalid(detail: &str) -> EvalError {
    EvalError::new("22P02", "invalid input syntax for type jsonpath").with_detail(detail)
}

fn push(out: &mut String, code: u32) -> EvalResult<()> {
    if code == 0 {
        return Err(EvalError::new("22P05", "unsupported Unicode escape sequence")
            .with_detail("\\u0000 cannot be converted to text."));
    }
    let character =
        char::from_u32(code).ok_or_else(|| EvalError::new("42601", "invalid Unicode code point"))?;
    out.push(character);
    Ok(())
}

/// `\uXXXX`, one after another: surrogates make pairs.
fn unicode_run(text: &str) -> EvalResult<Option<Escape>> {
    let lone = || invalid("Unicode low surrogate must follow a high surrogate.");
    let (mut out, mut at, mut high) = (String::new(), 0, None);
    loop {
        let (length, code) = unicode(&text[at..]);
        if length == 0 {
            break;
        }
        at += length;
        match (code, high) {
            (0xd800..=0xdbff, Some(_)) => {
                return Err(invalid("Unicode high surrogate must not follow a high surrogate."));
            }
            (0xd800..=0xdbff, None) => high = Some((code & 0x3ff) << 10),
            (0xdc00..=0xdfff, Some(upper)) => {
                push(&mut out, 0x10000 + upper + (code & 0x3ff))?;
                high = None;
            }
            (0xdc00..=0xdfff, None) | (_, Some(_)) => return Err(lone()),
            (code, None) => push(&mut out, code)?,
        }
    }
    match broken_unicode(&text[at..]) {
        0 if at == 0 => Ok(None),
        0 if high.is_some() => Err(lone()),
        0 => Ok(Some(Escape::Text(out, at))),
        broken => Ok(Some(Escape::Wrong("invalid Unicode escape sequence", at + broken))),
    }
}

/// Reads the escape that the text begins with.
pub(super) fn escape(text: &str) -> EvalResult<Escape> {
    if let Some(run) = unicode_run(text)? {
        return Ok(run);
    }
    let mut characters = text.chars().skip(1);
    let one = |character: char| Ok(Escape::Text(character.to_string(), 1 + character.len_utf8()));
    match characters.next() {
        None => Ok(Escape::Wrong("unexpected end after backslash", 1)),
        Some('b') => Ok(Escape::Text("\x08".into(), 2)),
        Some('f') => Ok(Escape::Text("\x0c".into(), 2)),
        Some('n') => Ok(Escape::Text("\n".into(), 2)),
        Some('r') => Ok(Escape::Text("\r".into(), 2)),
        Some('t') => Ok(Escape::Text("\t".into(), 2)),
        Some('v') => Ok(Escape::Text("\x0b".into(), 2)),
        Some('x') => match hex_digits(&text.as_bytes()[2..], 2) {
            2 => {
                let mut out = String::new();
                push(&mut out, u32::from_str_radix(&text[2..4], 16).unwrap_or(0))?;
                Ok(Escape::Text(out, 4))
            }
            digits => Ok(Escape::Wrong("invalid hexadecimal character sequence", 2 + digits)),
        },
        Some(character) => one(character),
    }
}
