//! `SET array[i] = value`, `SET array[a:b] = array`: PostgreSQL's array_set_element and array_set_slice.

use super::element_of;
use crate::context::Env;
use crate::registry::{Function, mismatch};
use tidewire_row::array::{Dimension, MAX_DIMENSIONS, checked_length};
use tidewire_row::{ArrayBuilder, ArrayRef, Datum, EvalError, EvalResult, push_datum};

fn subscripts(message: &str) -> EvalError {
    EvalError::new("2202E", message)
}

fn bounds(values: &[Datum<'_>]) -> EvalResult<Vec<i32>> {
    let bound = |value: &Datum<'_>| match value {
        Datum::Int32(bound) => Ok(*bound),
        _ => Err(EvalError::new("22004", "array subscript in assignment must not be null")),
    };
    values.iter().map(bound).collect()
}

fn packed(value: Datum<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_datum(&mut bytes, value);
    bytes
}

/// `(array, value, subscript…)`: NULL counts as the array without elements.
fn set_element<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [array, value, rest @ ..] = arguments else { return Err(mismatch("array_set", arguments)) };
    let at = bounds(rest)?;
    let element = element_of(env.result);
    let array = match array {
        Datum::Array(array) => *array,
        _ => ArrayRef::empty(element),
    };
    if at.len() > MAX_DIMENSIONS {
        return Err(subscripts("wrong number of array subscripts"));
    }
    let dimensions = array.dimensions();
    let mut builder = ArrayBuilder::new(element);
    if dimensions.is_empty() {
        builder.push(*value);
        let made: Vec<Dimension> = at.iter().map(|lower| Dimension { length: 1, lower: *lower }).collect();
        return Ok(Datum::Array(builder.finish_as(&made, env.arena)));
    }
    if dimensions.len() != at.len() {
        return Err(subscripts("wrong number of array subscripts"));
    }
    if let ([one], [at]) = (dimensions.as_slice(), at.as_slice()) {
        return set_in_one(array, *one, *at, *value, builder, env);
    }
    let mut place = 0usize;
    for (dimension, at) in dimensions.iter().zip(&at) {
        if *at < dimension.lower || *at > dimension.upper() {
            return Err(subscripts("array subscript out of range"));
        }
        place = place * dimension.length as usize + (at - dimension.lower) as usize;
    }
    let value = packed(*value);
    for (index, old) in array.packed().enumerate() {
        builder.push_packed(if index == place { &value } else { old });
    }
    Ok(Datum::Array(builder.finish_as(&dimensions, env.arena)))
}

/// An array of one dimension grows on both sides; what lies between is NULL.
fn set_in_one<'a>(
    array: ArrayRef<'a>,
    one: Dimension,
    at: i32,
    value: Datum<'a>,
    mut builder: ArrayBuilder,
    env: &Env<'a>,
) -> EvalResult<Datum<'a>> {
    let lower = one.lower.min(at);
    let upper = i64::from(one.upper()).max(i64::from(at));
    let length = checked_length((upper - i64::from(lower) + 1) as usize)?;
    let value = packed(value);
    let null = packed(Datum::Null);
    let mut old = array.packed();
    for place in i64::from(lower)..=upper {
        let inside = (i64::from(one.lower)..=i64::from(one.upper())).contains(&place);
        let before = if inside { old.next() } else { None };
        builder.push_packed(if place == i64::from(at) { &value } else { before.unwrap_or(&null) });
    }
    Ok(Datum::Array(builder.finish_as(&[Dimension { length, lower }], env.arena)))
}

/// `(array, source, lower, upper)` of one dimension; a bound that is not written is the array's.
fn set_slice<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [array, source, has_lower, lower, has_upper, upper] = *arguments else {
        return Err(mismatch("array_set_slice", arguments));
    };
    let Datum::Array(source) = source else {
        return Ok(array); // as PostgreSQL, where what is assigned is NULL
    };
    let element = element_of(env.result);
    let array = match array {
        Datum::Array(array) => array,
        _ => ArrayRef::empty(element),
    };
    let written = |has: Datum<'_>| matches!(has, Datum::Bool(true));
    let dimensions = array.dimensions();
    let given: Vec<&[u8]> = source.packed().collect();
    let (old, from, to) = match dimensions.as_slice() {
        [] => {
            if !written(has_lower) || !written(has_upper) {
                return Err(subscripts("array slice subscript must provide both boundaries").with_detail(
                    "When assigning to a slice of an empty array value, slice boundaries must be fully specified.",
                ));
            }
            let bounds = bounds(&[lower, upper])?;
            (None, bounds[0], bounds[1])
        }
        [one] => {
            let bound =
                |has, value, own| if written(has) { bounds(&[value]).map(|all| all[0]) } else { Ok(own) };
            (Some(*one), bound(has_lower, lower, one.lower)?, bound(has_upper, upper, one.upper())?)
        }
        _ => return Err(subscripts("wrong number of array subscripts")),
    };
    let wanted = (i64::from(to) - i64::from(from) + 1).max(0) as usize;
    if from > to {
        return Err(subscripts("upper bound cannot be less than lower bound"));
    }
    if given.len() < wanted {
        return Err(subscripts("source array too small"));
    }
    let (first, last) = match old {
        None => (i64::from(from), i64::from(to)),
        Some(one) => (i64::from(one.lower.min(from)), i64::from(one.upper()).max(i64::from(to))),
    };
    let length = checked_length((last - first + 1).max(0) as usize)?;
    let null = packed(Datum::Null);
    let mut before = array.packed();
    let mut builder = ArrayBuilder::new(element);
    for place in first..=last {
        let inside = old.is_some_and(|one| (i64::from(one.lower)..=i64::from(one.upper())).contains(&place));
        let kept = if inside { before.next() } else { None };
        let fresh = (i64::from(from)..=i64::from(to)).contains(&place);
        builder.push_packed(if fresh {
            given[(place - i64::from(from)) as usize]
        } else {
            kept.unwrap_or(&null)
        });
    }
    Ok(Datum::Array(builder.finish_as(&[Dimension { length, lower: first as i32 }], env.arena)))
}

pub(super) const FUNCTIONS: &[Function] =
    &[Function::lenient("array_set", set_element), Function::lenient("array_set_slice", set_slice)];
