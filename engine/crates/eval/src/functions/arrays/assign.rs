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

/// What is written of one dimension's bounds.
type Written<'d, 'a> = &'d [Datum<'a>; 4];

/// The lower bound that is written, else the array's; and the upper.
fn range_of([has_lower, lower, has_upper, upper]: Written<'_, '_>, own: Dimension) -> EvalResult<(i32, i32)> {
    let bound = |has: &Datum<'_>, value: &Datum<'_>, own| match has {
        Datum::Bool(true) => bounds(&[*value]).map(|all| all[0]),
        _ => Ok(own),
    };
    Ok((bound(has_lower, lower, own.lower)?, bound(has_upper, upper, own.upper())?))
}

fn not_reversed((from, to): (i32, i32)) -> EvalResult<(i32, i32)> {
    if from > to {
        return Err(subscripts("upper bound cannot be less than lower bound"));
    }
    Ok((from, to))
}

/// `(array, source, [has lower, lower, has upper, upper]…)`, four a dimension; a bound that is not written is the array's.
fn set_slice<'a>(arguments: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [array, source, rest @ ..] = arguments else { return Err(mismatch("array_set_slice", arguments)) };
    let (written, []) = rest.as_chunks::<4>() else { return Err(mismatch("array_set_slice", arguments)) };
    let Datum::Array(source) = source else {
        return Ok(*array); // as PostgreSQL, where what is assigned is NULL
    };
    let element = element_of(env.result);
    let array = match array {
        Datum::Array(array) => *array,
        _ => ArrayRef::empty(element),
    };
    let dimensions = array.dimensions();
    let given: Vec<&[u8]> = source.packed().collect();
    let builder = ArrayBuilder::new(element);
    match (dimensions.as_slice(), written) {
        ([], _) => fill_empty(written, &given, builder, env),
        ([one], [bounds]) => {
            let range = not_reversed(range_of(bounds, *one)?)?;
            replace_in_one(array, *one, range, &given, builder, env)
        }
        (many, _) if many.len() > 1 && written.len() <= many.len() => {
            replace_in_many(array, many, written, &given, builder, env)
        }
        _ => Err(subscripts("wrong number of array subscripts")),
    }
}

fn too_small() -> EvalError {
    subscripts("source array too small")
}

/// The slice becomes the array.
fn fill_empty<'a>(
    written: &[[Datum<'a>; 4]],
    given: &[&[u8]],
    mut builder: ArrayBuilder,
    env: &Env<'a>,
) -> EvalResult<Datum<'a>> {
    if written.len() > MAX_DIMENSIONS {
        return Err(subscripts("wrong number of array subscripts"));
    }
    let mut made = Vec::with_capacity(written.len());
    let mut count = 1usize;
    for bounds in written {
        let [has_lower, _, has_upper, _] = bounds;
        if !matches!((has_lower, has_upper), (Datum::Bool(true), Datum::Bool(true))) {
            return Err(subscripts("array slice subscript must provide both boundaries").with_detail(
                "When assigning to a slice of an empty array value, slice boundaries must be fully specified.",
            ));
        }
        let (from, to) = not_reversed(range_of(bounds, Dimension { length: 0, lower: 1 })?)?;
        let length = checked_length((i64::from(to) - i64::from(from) + 1) as usize)?;
        count = count.saturating_mul(length as usize);
        made.push(Dimension { length, lower: from });
    }
    checked_length(count)?;
    if given.len() < count {
        return Err(too_small());
    }
    given[..count].iter().for_each(|value| builder.push_packed(value));
    Ok(Datum::Array(builder.finish_as(&made, env.arena)))
}

/// An array of one dimension grows on both sides; what lies between is NULL.
fn replace_in_one<'a>(
    array: ArrayRef<'a>,
    one: Dimension,
    (from, to): (i32, i32),
    given: &[&[u8]],
    mut builder: ArrayBuilder,
    env: &Env<'a>,
) -> EvalResult<Datum<'a>> {
    let (from, to) = (i64::from(from), i64::from(to));
    if given.len() < (to - from + 1) as usize {
        return Err(too_small());
    }
    let old = i64::from(one.lower)..=i64::from(one.upper());
    let (first, last) = (from.min(*old.start()), to.max(*old.end()));
    let length = checked_length((last - first + 1) as usize)?;
    let null = packed(Datum::Null);
    let mut before = array.packed();
    for place in first..=last {
        let kept = if old.contains(&place) { before.next() } else { None };
        let is_fresh = (from..=to).contains(&place);
        builder.push_packed(if is_fresh { given[(place - from) as usize] } else { kept.unwrap_or(&null) });
    }
    Ok(Datum::Array(builder.finish_as(&[Dimension { length, lower: first as i32 }], env.arena)))
}

/// Arrays of several dimensions keep them; of those without bounds the slice has all.
fn replace_in_many<'a>(
    array: ArrayRef<'a>,
    dimensions: &[Dimension],
    written: &[[Datum<'a>; 4]],
    given: &[&[u8]],
    mut builder: ArrayBuilder,
    env: &Env<'a>,
) -> EvalResult<Datum<'a>> {
    let mut ranges = Vec::with_capacity(dimensions.len());
    for (at, dimension) in dimensions.iter().enumerate() {
        let (from, to) = match written.get(at) {
            None => (dimension.lower, dimension.upper()),
            Some(bounds) => not_reversed(range_of(bounds, *dimension)?)?,
        };
        if from < dimension.lower || to > dimension.upper() {
            return Err(subscripts("array subscript out of range"));
        }
        ranges.push((from - dimension.lower) as usize..=(to - dimension.lower) as usize);
    }
    let wanted: usize = ranges.iter().map(|range| range.end() - range.start() + 1).product();
    if given.len() < wanted {
        return Err(too_small());
    }
    let mut fresh = given.iter();
    for (place, old) in array.packed().enumerate() {
        let mut rest = place;
        let inside = dimensions.iter().zip(&ranges).rev().fold(true, |inside, (dimension, range)| {
            let at = rest % dimension.length as usize;
            rest /= dimension.length as usize;
            inside && range.contains(&at)
        });
        builder.push_packed(if inside { fresh.next().copied().unwrap_or(old) } else { old });
    }
    Ok(Datum::Array(builder.finish_as(dimensions, env.arena)))
}

pub(super) const FUNCTIONS: &[Function] =
    &[Function::lenient("array_set", set_element), Function::lenient("array_set_slice", set_slice)];
