//! Elements by their value.

use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_row::array::Dimension;
use tidewire_row::{ArrayBuilder, ArrayRef, Datum, EvalError, EvalResult, equal};

/// NULL is found as NULL.
fn same(array: &ArrayRef<'_>, value: Datum<'_>, wanted: Datum<'_>) -> bool {
    match (value, wanted) {
        (Datum::Null, Datum::Null) => true,
        (Datum::Null, _) | (_, Datum::Null) => false,
        _ => equal(*array.element(), value, wanted),
    }
}

fn one_dimensional(array: &ArrayRef<'_>) -> EvalResult<i32> {
    match array.dimensions()[..] {
        [] => Ok(1),
        [dimension] => Ok(dimension.lower),
        _ => {
            Err(EvalError::new("0A000", "searching for elements in multidimensional arrays is not supported"))
        }
    }
}

/// array_position: the first from a subscript on.
fn position<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let (array, wanted, start) = match *values {
        [array, wanted] => (array, wanted, None),
        [_, _, Datum::Null] => return Err(EvalError::new("22004", "initial position must not be null")),
        [array, wanted, Datum::Int32(start)] => (array, wanted, Some(start)),
        _ => return Err(mismatch("array_position", values)),
    };
    let Datum::Array(array) = array else { return Ok(Datum::Null) };
    let lower = one_dimensional(&array)?;
    let skipped = start.map_or(0, |start| (start as i64 - lower as i64).max(0) as usize);
    let found = array
        .elements(env.arena)
        .enumerate()
        .skip(skipped)
        .find(|(_, value)| same(&array, *value, wanted))
        .map(|(index, _)| lower + index as i32);
    Ok(found.map_or(Datum::Null, Datum::Int32))
}

/// array_positions: all subscripts.
fn positions<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [array, wanted] = *values else { return Err(mismatch("array_positions", values)) };
    let Datum::Array(array) = array else { return Ok(Datum::Null) };
    let lower = one_dimensional(&array)?;
    let mut builder = ArrayBuilder::new(&tidewire_plan::ScalarType::Int4);
    for (index, value) in array.elements(env.arena).enumerate() {
        if same(&array, value, wanted) {
            builder.push(Datum::Int32(lower + index as i32));
        }
    }
    Ok(Datum::Array(builder.finish(env.arena)?))
}

/// array_remove
fn remove<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [array, unwanted] = *values else { return Err(mismatch("array_remove", values)) };
    let Datum::Array(array) = array else { return Ok(Datum::Null) };
    let dimensions = array.dimensions();
    if dimensions.len() > 1 {
        let message = "removing elements from multidimensional arrays is not supported";
        return Err(EvalError::new("0A000", message));
    }
    let mut builder = ArrayBuilder::new(array.element());
    for value in array.elements(env.arena) {
        if !same(&array, value, unwanted) {
            builder.push(value);
        }
    }
    let length = builder.len() as i32;
    let lower = dimensions.first().map_or(1, |dimension| dimension.lower);
    Ok(Datum::Array(builder.finish_as(&[Dimension { length, lower }], env.arena)))
}

/// array_replace
fn replace<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [array, old, new] = *values else { return Err(mismatch("array_replace", values)) };
    let Datum::Array(array) = array else { return Ok(Datum::Null) };
    let mut builder = ArrayBuilder::new(array.element());
    for value in array.elements(env.arena) {
        builder.push(if same(&array, value, old) { new } else { value });
    }
    Ok(Datum::Array(builder.finish_as(&array.dimensions(), env.arena)))
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::lenient("array_position", position),
    Function::lenient("array_position_start", position),
    Function::lenient("array_positions", positions),
    Function::lenient("array_remove", remove),
    Function::lenient("array_replace", replace),
];
