//! The elements, pairs and keys of a jsonb value.

use super::Rows;
use crate::functions::jsonb::as_text;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, JsonbRef};

fn value<'a>(arguments: &[Datum<'a>]) -> EvalResult<JsonbRef<'a>> {
    match arguments {
        [Datum::Jsonb(value)] => Ok(*value),
        _ => Err(EvalError::new("XX000", "a jsonb value is wanted")),
    }
}

fn refused(message: &str) -> EvalError {
    EvalError::new("22023", message)
}

fn shown<'a>(value: JsonbRef<'a>, as_texts: bool, arena: &'a Arena) -> EvalResult<Datum<'a>> {
    if as_texts { as_text(Some(value), arena) } else { Ok(Datum::Jsonb(value)) }
}

pub(super) fn elements<'a>(
    arguments: &[Datum<'a>],
    as_texts: bool,
    arena: &'a Arena,
    rows: &mut Rows,
) -> EvalResult<()> {
    let array = value(arguments)?;
    if array.is_object() {
        return Err(refused("cannot extract elements from an object"));
    }
    if !array.is_array() {
        return Err(refused("cannot extract elements from a scalar"));
    }
    for element in array.elements() {
        rows.push(&[shown(element, as_texts, arena)?])?;
    }
    Ok(())
}

pub(super) fn pairs<'a>(
    arguments: &[Datum<'a>],
    as_texts: bool,
    arena: &'a Arena,
    rows: &mut Rows,
) -> EvalResult<()> {
    let object = value(arguments)?;
    if !object.is_object() {
        let name = if as_texts { "jsonb_each_text" } else { "jsonb_each" };
        return Err(refused(&format!("cannot call {name} on a non-object")));
    }
    for (key, value) in object.pairs() {
        rows.push(&[Datum::Text(key), shown(value, as_texts, arena)?])?;
    }
    Ok(())
}

pub(super) fn keys(arguments: &[Datum<'_>], rows: &mut Rows) -> EvalResult<()> {
    let object = value(arguments)?;
    if object.is_array() {
        return Err(refused("cannot call jsonb_object_keys on an array"));
    }
    if !object.is_object() {
        return Err(refused("cannot call jsonb_object_keys on a scalar"));
    }
    for (key, _) in object.pairs() {
        rows.push(&[Datum::Text(key)])?;
    }
    Ok(())
}
