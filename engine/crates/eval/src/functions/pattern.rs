//! LIKE and ILIKE.

use super::text::lower;
use crate::context::Env;
use crate::registry::{Function, fallible};
use memchr::memmem::Finder;
use tidewire_row::{Arena, EvalError, EvalResult};

/// A LIKE pattern, by the cheapest way to match it.
enum Pattern {
    /// No wildcards.
    Exact(Vec<u8>),
    /// Literals between `%`: anchored at the start, anywhere in order, anchored at the end.
    Segments { first: Vec<u8>, middle: Vec<Finder<'static>>, last: Vec<u8> },
    /// With `_`, or ending with the escape character: PostgreSQL's own matching, which says when that is an error.
    General(Vec<u8>),
}

impl Pattern {
    fn new(pattern: &str) -> Self {
        let mut segments = vec![Vec::new()];
        let mut bytes = pattern.bytes();
        while let Some(byte) = bytes.next() {
            match byte {
                b'_' => return Pattern::General(pattern.as_bytes().to_vec()),
                b'%' => segments.push(Vec::new()),
                b'\\' => match bytes.next() {
                    None => return Pattern::General(pattern.as_bytes().to_vec()),
                    Some(escaped) => push_last(&mut segments, escaped),
                },
                other => push_last(&mut segments, other),
            }
        }
        let last = segments.pop().unwrap_or_default();
        if segments.is_empty() {
            return Pattern::Exact(last);
        }
        let first = segments.remove(0);
        segments.retain(|segment| !segment.is_empty());
        let middle = segments.iter().map(|segment| Finder::new(segment).into_owned()).collect();
        Pattern::Segments { first, middle, last }
    }

    fn matches(&self, text: &[u8]) -> EvalResult<bool> {
        match self {
            Pattern::Exact(literal) => Ok(text == literal.as_slice()),
            Pattern::Segments { first, middle, last } => {
                if text.len() < first.len() + last.len()
                    || !is_empty_or(first, |first| text.starts_with(first))
                    || !is_empty_or(last, |last| text.ends_with(last))
                {
                    return Ok(false);
                }
                let mut rest = &text[first.len()..text.len() - last.len()];
                for segment in middle {
                    match segment.find(rest) {
                        Some(at) => rest = &rest[at + segment.needle().len()..],
                        None => return Ok(false),
                    }
                }
                Ok(true)
            }
            Pattern::General(pattern) => Ok(general(text, pattern, true)? == Outcome::True),
        }
    }
}

/// An empty literal is not compared: it has no memory, and masked loads at such an address take some hundred cycles.
#[inline]
fn is_empty_or(literal: &[u8], holds: impl FnOnce(&[u8]) -> bool) -> bool {
    literal.is_empty() || holds(literal)
}

fn push_last(segments: &mut [Vec<u8>], byte: u8) {
    if let Some(last) = segments.last_mut() {
        last.push(byte);
    }
}

#[derive(PartialEq)]
enum Outcome {
    True,
    False,
    /// The text ended before the pattern: no later start can match either.
    Abort,
}

#[cold]
fn trailing_escape() -> EvalError {
    EvalError::new("22025", "LIKE pattern must not end with escape character")
}

/// The byte length of the character that begins with this byte.
fn width(first: u8, characters: bool) -> usize {
    match first {
        _ if !characters => 1,
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}

/// `MatchText` of PostgreSQL's like_match.c. Recursion is bounded by the pattern's number of `%`.
fn general(mut text: &[u8], mut pattern: &[u8], characters: bool) -> EvalResult<Outcome> {
    if pattern == b"%" {
        return Ok(Outcome::True);
    }
    while let (false, Some(&wanted)) = (text.is_empty(), pattern.first()) {
        match wanted {
            b'\\' => {
                pattern = &pattern[1..];
                match pattern.first() {
                    None => return Err(trailing_escape()),
                    Some(byte) if *byte != text[0] => return Ok(Outcome::False),
                    _ => {}
                }
                (text, pattern) = (&text[1..], &pattern[1..]);
            }
            b'%' => {
                pattern = &pattern[1..];
                loop {
                    match pattern.first() {
                        Some(b'%') => pattern = &pattern[1..],
                        Some(b'_') => {
                            if text.is_empty() {
                                return Ok(Outcome::Abort);
                            }
                            text = &text[width(text[0], characters).min(text.len())..];
                            pattern = &pattern[1..];
                        }
                        _ => break,
                    }
                }
                let first = match pattern {
                    [] => return Ok(Outcome::True),
                    [b'\\'] => return Err(trailing_escape()),
                    [b'\\', escaped, ..] => *escaped,
                    [literal, ..] => *literal,
                };
                while !text.is_empty() {
                    if text[0] == first {
                        let outcome = general(text, pattern, characters)?;
                        if outcome != Outcome::False {
                            return Ok(outcome);
                        }
                    }
                    text = &text[width(text[0], characters).min(text.len())..];
                }
                return Ok(Outcome::Abort);
            }
            b'_' => {
                text = &text[width(text[0], characters).min(text.len())..];
                pattern = &pattern[1..];
            }
            literal => {
                if literal != text[0] {
                    return Ok(Outcome::False);
                }
                (text, pattern) = (&text[1..], &pattern[1..]);
            }
        }
    }
    if !text.is_empty() {
        return Ok(Outcome::False);
    }
    while pattern.first() == Some(&b'%') {
        pattern = &pattern[1..];
    }
    Ok(if pattern.is_empty() { Outcome::True } else { Outcome::Abort })
}

/// LIKE over bytes.
pub(super) fn matches_bytes(bytes: &[u8], pattern: &[u8]) -> EvalResult<bool> {
    Ok(general(bytes, pattern, false)? == Outcome::True)
}

fn like(text: &str, pattern: &str, env: &Env<'_>) -> EvalResult<bool> {
    env.site.cached(pattern, || Ok(Pattern::new(pattern)))?.matches(text.as_bytes())
}

/// ILIKE compares lower-cased text with the lower-cased pattern, as PostgreSQL does.
fn ilike(text: &str, pattern: &str, env: &Env<'_>) -> EvalResult<bool> {
    let folded: String = text.chars().map(lower).collect();
    let make = || Ok(Pattern::new(&pattern.chars().map(lower).collect::<String>()));
    env.site.cached(pattern, make)?.matches(folded.as_bytes())
}

/// `pattern LIKE … ESCAPE escape`: the pattern with backslash as its escape character.
fn like_escape<'a>(pattern: &'a str, escape: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    let mut characters = escape.chars();
    let Some(escape) = characters.next() else {
        return Ok(arena.push_str(pattern.replace('\\', "\\\\")));
    };
    if characters.next().is_some() {
        return Err(EvalError::new("22025", "invalid escape string")
            .with_hint("Escape string must be empty or one character."));
    }
    if escape == '\\' {
        return Ok(pattern);
    }
    let mut out = String::with_capacity(pattern.len() + 4);
    let mut after_escape = false;
    for character in pattern.chars() {
        if character == escape && !after_escape {
            out.push('\\');
            after_escape = true;
        } else if character == '\\' {
            out.push('\\');
            if !after_escape {
                out.push('\\');
            }
            after_escape = false;
        } else {
            out.push(character);
            after_escape = false;
        }
    }
    Ok(arena.push_str(out))
}

/// [`like_escape`] for bytes.
fn like_escape_bytes(pattern: &[u8], escape: &[u8]) -> EvalResult<Vec<u8>> {
    let escape = match *escape {
        [] => None,
        [escape] => Some(escape),
        _ => {
            return Err(EvalError::new("22025", "invalid escape string")
                .with_hint("Escape string must be empty or one character."));
        }
    };
    if escape == Some(b'\\') {
        return Ok(pattern.to_vec());
    }
    let mut out = Vec::with_capacity(pattern.len() + 4);
    let mut after_escape = false;
    for &byte in pattern {
        if Some(byte) == escape && !after_escape {
            out.push(b'\\');
            after_escape = true;
            continue;
        }
        if byte == b'\\' && !after_escape {
            out.push(b'\\');
        }
        out.push(byte);
        after_escape = false;
    }
    Ok(out)
}

macro_rules! patterns {
    ($($opcode:literal => $matcher:ident $wanted:literal),* $(,)?) => {
        [$(fallible!($opcode, (text: Text, pattern: Text), env =>
            $matcher(text, pattern, env).map(|matched| matched == $wanted))),*]
    };
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &patterns! {
        "textlike" => like true, "textnlike" => like false,
        "texticlike" => ilike true, "texticnlike" => ilike false,
        "namelike" => like true, "namenlike" => like false,
        "nameiclike" => ilike true, "nameicnlike" => ilike false,
    },
    &[
        fallible!("like_escape_bytea", (pattern: Bytea, escape: Bytea), env =>
            like_escape_bytes(pattern, escape).map(|bytes| env.arena.push_bytes(bytes))),
        fallible!("like_escape", (pattern: Text, escape: Text), env => like_escape(pattern, escape, env.arena)),
    ],
];
