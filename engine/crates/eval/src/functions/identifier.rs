//! parse_ident: a qualified name as its parts.

use crate::registry::{Function, fallible};
use tidewire_plan::ScalarType;
use tidewire_row::{Arena, ArrayBuilder, ArrayRef, Datum, EvalError, EvalResult};

fn begins(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic() || !byte.is_ascii()
}

fn goes_on(byte: u8) -> bool {
    begins(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// As PostgreSQL's scanner has it.
fn skip_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c'])
}

/// One part from the beginning of a text, and what is behind it; None: there is none.
fn part(text: &str) -> Result<Option<(String, &str)>, &'static str> {
    if let Some(mut rest) = text.strip_prefix('"') {
        let mut name = String::new();
        loop {
            let (before, behind) = rest.split_once('"').ok_or("String has unclosed double quotes.")?;
            name.push_str(before);
            rest = behind;
            match rest.strip_prefix('"') {
                Some(behind) => {
                    name.push('"');
                    rest = behind;
                }
                None if name.is_empty() => return Err("Quoted identifier must not be empty."),
                None => return Ok(Some((name, rest))),
            }
        }
    }
    if !text.bytes().next().is_some_and(begins) {
        return Ok(None);
    }
    let end = text.bytes().position(|byte| !goes_on(byte)).unwrap_or(text.len());
    Ok(Some((text[..end].to_ascii_lowercase(), &text[end..])))
}

fn parse_ident<'a>(text: &str, strict: bool, arena: &'a Arena) -> EvalResult<ArrayRef<'a>> {
    let refused = || EvalError::new("22023", format!("string is not a valid identifier: \"{text}\""));
    let mut builder = ArrayBuilder::new(&ScalarType::Text);
    let mut rest = skip_space(text);
    let mut behind_dot = false;
    loop {
        match part(rest) {
            Err(detail) => return Err(refused().with_detail(detail)),
            Ok(None) if rest.starts_with('.') => {
                return Err(refused().with_detail("No valid identifier before \".\"."));
            }
            Ok(None) if behind_dot => return Err(refused().with_detail("No valid identifier after \".\".")),
            Ok(None) => return Err(refused()),
            Ok(Some((name, behind))) => {
                builder.push(Datum::Text(&name));
                rest = skip_space(behind);
            }
        }
        match rest.strip_prefix('.') {
            Some(behind) => {
                behind_dot = true;
                rest = skip_space(behind);
            }
            None if !rest.is_empty() && strict => return Err(refused()),
            None => return builder.finish(arena),
        }
    }
}

pub(super) const FUNCTIONS: &[Function] =
    &[fallible!("parse_ident", (text: Text, strict: Bool), env => parse_ident(text, strict, env.arena))];
