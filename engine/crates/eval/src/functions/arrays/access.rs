//! Subscripts, slices and dimensions.

use crate::context::Env;
use crate::registry::{Function, mismatch, total};
use tidewire_row::array::{Dimension, Dimensions};
use tidewire_row::{ArrayBuilder, ArrayRef, Datum, EvalResult, decode_datum};

/// `array[i][j]…`: NULL outside of the array, for a NULL subscript, and for another number of subscripts.
fn subscript<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [Datum::Array(array), subscripts @ ..] = values else { return Ok(Datum::Null) };
    let dimensions = array.dimensions();
    if subscripts.len() != dimensions.len() {
        return Ok(Datum::Null);
    }
    let mut position = 0usize;
    for (value, dimension) in subscripts.iter().zip(&dimensions) {
        let Datum::Int32(value) = value else { return Ok(Datum::Null) };
        let offset = *value as i64 - dimension.lower as i64;
        if offset < 0 || offset >= dimension.length as i64 {
            return Ok(Datum::Null);
        }
        position = position * dimension.length as usize + offset as usize;
    }
    Ok(array
        .packed()
        .nth(position)
        .map_or(Datum::Null, |packed| decode_datum(packed, *array.element(), env.arena)))
}

/// `array[l1:u1][l2:u2]…`: two bounds a dimension; a bound that was left out is given as NULL with a false before it.
/// Arguments: the array, then for each dimension (has lower, lower, has upper, upper).
fn slice<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [array, bounds @ ..] = values else { return Err(mismatch("array_slice", values)) };
    let Datum::Array(array) = *array else { return Ok(Datum::Null) };
    let dimensions = array.dimensions();
    let empty = Datum::Array(ArrayRef::empty(array.element()));
    let mut wanted: Vec<(Option<i32>, Option<i32>)> = Vec::new();
    for bound in bounds.chunks(4) {
        let [Datum::Bool(has_lower), lower, Datum::Bool(has_upper), upper] = *bound else {
            return Err(mismatch("array_slice", values));
        };
        let read = |has: bool, value: Datum<'_>| match value {
            _ if !has => Some(None),
            Datum::Int32(value) => Some(Some(value)),
            _ => None,
        };
        let (Some(lower), Some(upper)) = (read(has_lower, lower), read(has_upper, upper)) else {
            return Ok(Datum::Null);
        };
        wanted.push((lower, upper));
    }
    if dimensions.is_empty() || wanted.len() > dimensions.len() {
        return Ok(empty);
    }
    // For each dimension: the first offset and how many.
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let mut shape = Dimensions::new();
    for (index, dimension) in dimensions.iter().enumerate() {
        let (lower, upper) = wanted.get(index).copied().unwrap_or((None, None));
        let lower = lower.unwrap_or(dimension.lower).max(dimension.lower);
        let upper = upper.unwrap_or(dimension.upper()).min(dimension.upper());
        if lower > upper {
            return Ok(empty);
        }
        let count = (upper - lower) as usize + 1;
        ranges.push(((lower - dimension.lower) as usize, count));
        shape.push(Dimension { length: count as i32, lower: 1 });
    }
    let mut builder = ArrayBuilder::new(array.element());
    let mut at: Vec<usize> = vec![0; dimensions.len()];
    for packed in array.packed() {
        let inside = at.iter().zip(&ranges).all(|(at, (first, count))| *at >= *first && *at < first + count);
        if inside {
            builder.push_packed(packed);
        }
        for (at, dimension) in at.iter_mut().zip(&dimensions).rev() {
            *at += 1;
            if *at < dimension.length as usize {
                break;
            }
            *at = 0;
        }
    }
    Ok(Datum::Array(builder.finish_as(&shape, env.arena)))
}

fn dimension(array: ArrayRef<'_>, number: i32) -> Option<Dimension> {
    usize::try_from(number - 1).ok().and_then(|index| array.dimensions().get(index).copied())
}

fn dimensions_text(array: ArrayRef<'_>) -> Option<String> {
    let dimensions = array.dimensions();
    let all = dimensions.iter().map(|dimension| format!("[{}:{}]", dimension.lower, dimension.upper()));
    (!dimensions.is_empty()).then(|| all.collect())
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::lenient("array_subscript", subscript),
    Function::lenient("array_slice", slice),
    total!("array_ndims", (array: Array) => {
        let count = array.dimension_count();
        (count > 0).then_some(count as i32)
    }),
    total!("array_dims", (array: Array), env =>
        dimensions_text(array).map(|text| env.arena.push_str(text))),
    total!("array_lower", (array: Array, number: Int32) =>
        dimension(array, number).map(|dimension| dimension.lower)),
    total!("array_upper", (array: Array, number: Int32) =>
        dimension(array, number).map(|dimension| dimension.upper())),
    total!("array_length", (array: Array, number: Int32) =>
        dimension(array, number).map(|dimension| dimension.length)),
    total!("array_cardinality", (array: Array) => array.len() as i32),
];
