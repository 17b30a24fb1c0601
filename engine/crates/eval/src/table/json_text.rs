//! The elements, pairs and keys of a json text.

use super::Rows;
use tidewire_row::json::{JsonKind, JsonOutline, JsonPart};
use tidewire_row::{Datum, EvalError, EvalResult};

fn input<'a>(arguments: &[Datum<'a>]) -> EvalResult<&'a str> {
    match arguments {
        [Datum::Json(text)] => Ok(*text),
        _ => Err(EvalError::new("XX000", "a json value is wanted")),
    }
}

fn refused(message: String) -> EvalError {
    EvalError::new("22023", message)
}

fn shown<'t>(text: &'t str, part: &'t JsonPart, as_text: bool) -> Datum<'t> {
    match (as_text, part.text(text)) {
        (false, _) => Datum::Json(part.raw(text)),
        (true, Some(text)) => Datum::Text(text),
        (true, None) => Datum::Null,
    }
}

pub(super) fn elements(arguments: &[Datum<'_>], as_texts: bool, rows: &mut Rows) -> EvalResult<()> {
    let text = input(arguments)?;
    let outline = JsonOutline::of(text)?;
    let name = if as_texts { "json_array_elements_text" } else { "json_array_elements" };
    match outline.whole.kind {
        JsonKind::Array => {}
        JsonKind::Object => return Err(refused(format!("cannot call {name} on a non-array"))),
        _ => return Err(refused(format!("cannot call {name} on a scalar"))),
    }
    outline.parts.iter().try_for_each(|part| rows.push(&[shown(text, part, as_texts)]))
}

fn key(part: &JsonPart) -> Datum<'_> {
    Datum::Text(part.key.as_deref().unwrap_or_default())
}

pub(super) fn pairs(arguments: &[Datum<'_>], as_texts: bool, rows: &mut Rows) -> EvalResult<()> {
    let text = input(arguments)?;
    let outline = JsonOutline::of(text)?;
    match outline.whole.kind {
        JsonKind::Object => {}
        JsonKind::Array => return Err(refused("cannot deconstruct an array as an object".into())),
        _ => return Err(refused("cannot deconstruct a scalar".into())),
    }
    outline.parts.iter().try_for_each(|part| rows.push(&[key(part), shown(text, part, as_texts)]))
}

pub(super) fn keys(arguments: &[Datum<'_>], rows: &mut Rows) -> EvalResult<()> {
    let outline = JsonOutline::of(input(arguments)?)?;
    match outline.whole.kind {
        JsonKind::Object => {}
        JsonKind::Array => return Err(refused("cannot call json_object_keys on an array".into())),
        _ => return Err(refused("cannot call json_object_keys on a scalar".into())),
    }
    outline.parts.iter().try_for_each(|part| rows.push(&[key(part)]))
}
