//! Functions that cut, pad, replace and quote text.

use super::text::{MAX_BYTES, byte_of, characters, push_utf8, too_large, type_of};
use crate::context::Env;
use crate::registry::{Function, fallible, total};
use tidewire_row::work::spend;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, text_out};

/// Bytes that cost about as much to write as a row costs.
const UNIT_BYTES: u64 = 4096;
/// Characters that do.
const UNIT_CHARACTERS: u64 = 64;

#[cold]
fn negative_length() -> EvalError {
    EvalError::new("22011", "negative substring length not allowed")
}

/// `substring(text from start for length)`: positions count from 1, and what lies before the text is cut off.
fn substring(text: &str, start: i32, length: Option<i32>) -> EvalResult<&str> {
    let first = (start as i64 - 1).max(0);
    let end = match length {
        None => i64::MAX,
        Some(length) if length < 0 => return Err(negative_length()),
        Some(length) => start as i64 - 1 + length as i64,
    };
    if end <= first {
        return Ok("");
    }
    let rest = &text[byte_of(text, first as usize)..];
    Ok(&rest[..byte_of(rest, (end - first) as usize)])
}

fn overlay<'a>(text: &'a str, with: &str, start: i32, length: i32, arena: &'a Arena) -> EvalResult<&'a str> {
    if start <= 0 {
        return Err(negative_length());
    }
    let after = start.checked_add(length).ok_or_else(|| EvalError::out_of_range("integer"))?;
    let head = substring(text, 1, Some(start - 1))?;
    let tail = substring(text, after, None)?;
    if head.len() + with.len() + tail.len() > MAX_BYTES {
        return Err(too_large());
    }
    Ok(arena.push_concat(&[head, with, tail]))
}

fn left(text: &str, count: i32) -> &str {
    let count = if count >= 0 { count as i64 } else { characters(text) as i64 + count as i64 };
    &text[..byte_of(text, count.max(0) as usize)]
}

fn right(text: &str, count: i32) -> &str {
    let skip = if count >= 0 { characters(text) as i64 - count as i64 } else { -(count as i64) };
    &text[byte_of(text, skip.max(0) as usize)..]
}

fn repeat<'a>(text: &str, count: i32, arena: &'a Arena) -> EvalResult<&'a str> {
    let count = count.max(0) as usize;
    if text.len().saturating_mul(count) > MAX_BYTES {
        return Err(too_large());
    }
    spend((text.len() * count) as u64 / UNIT_BYTES);
    Ok(arena.push_str(text.repeat(count)))
}

fn replace<'a>(text: &'a str, from: &str, to: &str, arena: &'a Arena) -> EvalResult<&'a str> {
    if from.is_empty() || !text.contains(from) {
        return Ok(text);
    }
    if to.len() > from.len() {
        let grown = text.len() + (to.len() - from.len()) * text.matches(from).count();
        if grown > MAX_BYTES {
            return Err(too_large());
        }
    }
    Ok(arena.push_str(text.replace(from, to)))
}

fn pad<'a>(text: &'a str, length: i32, fill: &str, before: bool, arena: &'a Arena) -> EvalResult<&'a str> {
    let length = length.max(0) as usize;
    if length > MAX_BYTES / 4 {
        return Err(too_large());
    }
    let have = characters(text) as usize;
    if have >= length || fill.is_empty() {
        return Ok(&text[..byte_of(text, length)]);
    }
    spend((length - have) as u64 / UNIT_CHARACTERS);
    let filling: String = fill.chars().cycle().take(length - have).collect();
    Ok(if before { arena.push_concat(&[&filling, text]) } else { arena.push_concat(&[text, &filling]) })
}

fn split_part<'a>(text: &'a str, delimiter: &str, field: i32) -> EvalResult<&'a str> {
    if field == 0 {
        return Err(EvalError::new("22023", "field position must not be zero"));
    }
    if text.is_empty() {
        return Ok("");
    }
    if delimiter.is_empty() {
        return Ok(if field == 1 || field == -1 { text } else { "" });
    }
    let part = if field > 0 {
        text.split(delimiter).nth(field as usize - 1)
    } else {
        // As PostgreSQL: fields are counted from the start, then taken from the end.
        let count = text.split(delimiter).count() as i64;
        let index = count + field as i64;
        if index < 0 { None } else { text.split(delimiter).nth(index as usize) }
    };
    Ok(part.unwrap_or(""))
}

fn translate(text: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let from: Vec<char> = from.chars().collect();
    text.chars()
        .filter_map(|character| match from.iter().position(|candidate| *candidate == character) {
            None => Some(character),
            Some(index) => to.get(index).copied(),
        })
        .collect()
}

pub(super) fn quote_ident(name: &str) -> String {
    let plain = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && super::keywords::QUOTED.binary_search(&name).is_err();
    if plain { name.to_string() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

pub(super) fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\\', "\\\\").replace('\'', "''");
    let prefix = if text.contains('\\') { "E" } else { "" };
    format!("{prefix}'{quoted}'")
}

fn quote_nullable<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    Ok(match values.first() {
        Some(Datum::Text(text)) => Datum::Text(env.arena.push_str(quote_literal(text))),
        _ => Datum::Text("NULL"),
    })
}

/// `format(text, variadic "any")`.
pub(super) fn format<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let Some((Datum::Text(template), arguments)) = values.split_first() else {
        return Ok(Datum::Null);
    };
    let refuse = |message: String| EvalError::new("22023", message);
    let unterminated = || {
        refuse("unterminated format() type specifier".to_string()).with_hint("For a single \"%\" use \"%%\".")
    };
    let text_of = |value: Datum<'a>| -> EvalResult<String> {
        let mut bytes = Vec::new();
        text_out(value, type_of(value), env.settings(), &mut bytes);
        String::from_utf8(bytes).map_err(|_| EvalError::new("22021", "text is not UTF-8"))
    };
    let mut out = String::new();
    let mut characters = template.chars().peekable();
    // The argument that the last specifier took, counted from 1.
    let mut taken = 0usize;
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        if characters.peek() == Some(&'%') {
            characters.next();
            out.push('%');
            continue;
        }
        let number = |characters: &mut std::iter::Peekable<std::str::Chars<'_>>| -> EvalResult<Option<i32>> {
            let mut value: Option<i32> = None;
            while let Some(digit) = characters.peek().and_then(|next| next.to_digit(10)) {
                characters.next();
                value = Some(
                    value
                        .unwrap_or(0)
                        .checked_mul(10)
                        .and_then(|value| value.checked_add(digit as i32))
                        .ok_or_else(|| EvalError::new("22003", "number is out of range"))?,
                );
            }
            Ok(value)
        };
        let mut argument = None;
        let mut width = None;
        let mut left = false;
        let first = number(&mut characters)?;
        if first.is_some() && characters.peek() == Some(&'$') {
            characters.next();
            if first == Some(0) {
                return Err(refuse("format specifies argument 0, but arguments are numbered from 1".into()));
            }
            argument = first;
        } else if first.is_some() {
            width = first;
        }
        let take = |position: Option<i32>, taken: &mut usize| -> EvalResult<Datum<'a>> {
            *taken = position.map_or(*taken + 1, |position| position as usize);
            arguments
                .get(*taken - 1)
                .copied()
                .ok_or_else(|| refuse("too few arguments for format()".to_string()))
        };
        if width.is_none() {
            while characters.peek() == Some(&'-') {
                characters.next();
                left = true;
            }
            if characters.peek() == Some(&'*') {
                characters.next();
                let position = number(&mut characters)?;
                if position.is_some() {
                    if characters.next() != Some('$') {
                        return Err(refuse("width argument position must be ended by \"$\"".into()));
                    }
                    if position == Some(0) {
                        return Err(refuse(
                            "format specifies argument 0, but arguments are numbered from 1".into(),
                        ));
                    }
                }
                let value = take(position, &mut taken)?;
                width = match value {
                    Datum::Null => Some(0),
                    Datum::Int32(value) => Some(value),
                    Datum::Int16(value) => Some(value as i32),
                    other => Some(text_of(other)?.trim().parse().map_err(|_| {
                        EvalError::invalid_syntax("integer", &text_of(other).unwrap_or_default())
                    })?),
                };
            } else {
                width = number(&mut characters)?;
            }
        }
        let kind = characters.next().ok_or_else(unterminated)?;
        if !matches!(kind, 's' | 'I' | 'L') {
            return Err(refuse(format!("unrecognized format() type specifier \"{kind}\""))
                .with_hint("For a single \"%\" use \"%%\"."));
        }
        let value = take(argument, &mut taken)?;
        let text = match (kind, value) {
            ('I', Datum::Null) => {
                return Err(EvalError::new("22004", "null values cannot be formatted as an SQL identifier"));
            }
            ('L', Datum::Null) => "NULL".to_string(),
            (_, Datum::Null) => String::new(),
            ('I', value) => quote_ident(&text_of(value)?),
            ('L', value) => quote_literal(&text_of(value)?),
            (_, value) => text_of(value)?,
        };
        let width = width.unwrap_or(0);
        let left = left || width < 0;
        let missing = (width.unsigned_abs() as usize).saturating_sub(text.chars().count());
        if out.len() + text.len() + missing > MAX_BYTES {
            return Err(too_large());
        }
        if !left {
            out.extend(std::iter::repeat_n(' ', missing));
        }
        out.push_str(&text);
        if left {
            out.extend(std::iter::repeat_n(' ', missing));
        }
    }
    push_utf8(out.as_bytes(), env.arena)
}

pub(super) const FUNCTIONS: &[&[Function]] = &[&[
    fallible!("text_substr", (a: Text, start: Int32, length: Int32) => substring(a, start, Some(length))),
    fallible!("text_substr_no_len", (a: Text, start: Int32) => substring(a, start, None)),
    fallible!("textoverlay", (a: Text, with: Text, start: Int32, length: Int32), env =>
        overlay(a, with, start, length, env.arena)),
    fallible!("textoverlay_no_len", (a: Text, with: Text, start: Int32), env =>
        overlay(a, with, start, characters(with), env.arena)),
    total!("text_left", (a: Text, count: Int32) => left(a, count)),
    total!("text_right", (a: Text, count: Int32) => right(a, count)),
    total!("text_reverse", (a: Text), env => env.arena.push_str(a.chars().rev().collect::<String>())),
    fallible!("repeat", (a: Text, count: Int32), env => repeat(a, count, env.arena)),
    fallible!("replace_text", (a: Text, from: Text, to: Text), env => replace(a, from, to, env.arena)),
    fallible!("lpad", (a: Text, length: Int32, fill: Text), env => pad(a, length, fill, true, env.arena)),
    fallible!("rpad", (a: Text, length: Int32, fill: Text), env => pad(a, length, fill, false, env.arena)),
    fallible!("split_part", (a: Text, delimiter: Text, field: Int32) => split_part(a, delimiter, field)),
    total!("translate", (a: Text, from: Text, to: Text), env => env.arena.push_str(translate(a, from, to))),
    total!("quote_ident", (a: Text), env => env.arena.push_str(quote_ident(a))),
    total!("quote_literal", (a: Text), env => env.arena.push_str(quote_literal(a))),
    Function::lenient("quote_nullable", quote_nullable),
    Function::lenient("text_format", format).stable(),
    Function::lenient("text_format_nv", format).stable(),
]];
