//! Arrays from arrays: trim_array, array_reverse, array_sort, array_shuffle, array_sample.

use super::super::random::up_to;
use crate::context::Env;
use crate::registry::{Function, fallible, mismatch};
use std::cmp::Ordering;
use tidewire_row::array::Dimension;
use tidewire_row::{Arena, ArrayBuilder, ArrayRef, Datum, EvalError, EvalResult, compare, decode_datum};

/// The parts of the outermost dimension, packed.
fn parts<'a>(array: &ArrayRef<'a>) -> Vec<Vec<&'a [u8]>> {
    let dimensions = array.dimensions();
    let Some(first) = dimensions.first() else { return Vec::new() };
    let size = (array.len() / first.length as usize).max(1);
    let packed: Vec<&[u8]> = array.packed().collect();
    packed.chunks(size).map(<[_]>::to_vec).collect()
}

/// The array of these parts; the outermost dimension begins at `lower`.
fn of_parts<'a>(array: &ArrayRef<'_>, parts: &[Vec<&[u8]>], lower: i32, arena: &'a Arena) -> ArrayRef<'a> {
    let mut builder = ArrayBuilder::new(array.element());
    parts.iter().flatten().for_each(|packed| builder.push_packed(packed));
    let mut dimensions = array.dimensions();
    if let Some(first) = dimensions.first_mut() {
        *first = Dimension { length: parts.len() as i32, lower };
    }
    builder.finish_as(&dimensions, arena)
}

fn trim<'a>(array: ArrayRef<'a>, count: i32, arena: &'a Arena) -> EvalResult<ArrayRef<'a>> {
    let length = array.dimensions().first().map_or(0, |dimension| dimension.length);
    if !(0..=length).contains(&count) {
        let message = format!("number of elements to trim must be between 0 and {length}");
        return Err(EvalError::new("2202E", message));
    }
    let parts = parts(&array);
    let mut dimensions = array.dimensions();
    dimensions.iter_mut().for_each(|dimension| dimension.lower = 1);
    let kept = &parts[..parts.len() - count as usize];
    let mut builder = ArrayBuilder::new(array.element());
    kept.iter().flatten().for_each(|packed| builder.push_packed(packed));
    if let Some(first) = dimensions.first_mut() {
        first.length = kept.len() as i32;
    }
    Ok(builder.finish_as(&dimensions, arena))
}

fn reverse<'a>(array: ArrayRef<'a>, arena: &'a Arena) -> ArrayRef<'a> {
    let dimensions = array.dimensions();
    let Some(first) = dimensions.first() else { return array };
    let mut parts = parts(&array);
    parts.reverse();
    of_parts(&array, &parts, first.lower, arena)
}

fn sort<'a>(array: ArrayRef<'a>, descending: bool, nulls_first: bool, arena: &'a Arena) -> ArrayRef<'a> {
    let dimensions = array.dimensions();
    let Some(first) = dimensions.first() else { return array };
    let element = *array.element();
    let mut parts = parts(&array);
    let nested = dimensions.len() > 1;
    parts.sort_by(|a, b| {
        let scratch = Arena::new();
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (decode_datum(a, element, &scratch), decode_datum(b, element, &scratch));
            let order = match (matches!(a, Datum::Null), matches!(b, Datum::Null)) {
                (true, true) => Ordering::Equal,
                (false, false) => {
                    let order = compare(element, a, b);
                    if descending { order.reverse() } else { order }
                }
                // NULLs within arrays are greatest; as elements they stand where they were told to.
                (null, _) if nested => {
                    let order = if null { Ordering::Greater } else { Ordering::Less };
                    if descending { order.reverse() } else { order }
                }
                (null, _) => {
                    if null == nulls_first {
                        Ordering::Less
                    } else {
                        Ordering::Greater
                    }
                }
            };
            if order.is_ne() {
                return order;
            }
        }
        Ordering::Equal
    });
    of_parts(&array, &parts, first.lower, arena)
}

/// Some of the outermost parts, each at most once, in any order.
fn drawn<'a>(array: ArrayRef<'a>, count: usize, lower: i32, arena: &'a Arena) -> EvalResult<ArrayRef<'a>> {
    let mut parts = parts(&array);
    for index in 0..count.min(parts.len().saturating_sub(1)) {
        let other = index + up_to((parts.len() - 1 - index) as u64)? as usize;
        parts.swap(index, other);
    }
    parts.truncate(count);
    if parts.is_empty() {
        return Ok(ArrayRef::empty(array.element()));
    }
    Ok(of_parts(&array, &parts, lower, arena))
}

fn sample<'a>(array: ArrayRef<'a>, count: i32, arena: &'a Arena) -> EvalResult<ArrayRef<'a>> {
    let length = array.dimensions().first().map_or(0, |dimension| dimension.length);
    if !(0..=length).contains(&count) {
        return Err(EvalError::new("22023", format!("sample size must be between 0 and {length}")));
    }
    drawn(array, count as usize, 1, arena)
}

fn shuffle<'a>(array: ArrayRef<'a>, arena: &'a Arena) -> EvalResult<ArrayRef<'a>> {
    let dimensions = array.dimensions();
    let Some(first) = dimensions.first() else { return Ok(array) };
    drawn(array, first.length as usize, first.lower, arena)
}

/// The number of the threshold below which a value lies: 0 below all of them.
fn width_bucket<'a>(values: &[Datum<'a>], env: &Env<'a>) -> EvalResult<Datum<'a>> {
    let [operand, Datum::Array(thresholds)] = *values else {
        return Err(mismatch("width_bucket_array", values));
    };
    if thresholds.dimension_count() > 1 {
        return Err(EvalError::new("2202E", "thresholds must be one-dimensional array"));
    }
    if thresholds.has_null() {
        return Err(EvalError::new("22004", "thresholds array must not contain NULLs"));
    }
    let all: Vec<Datum<'_>> = thresholds.elements(env.arena).collect();
    let below = |threshold: &Datum<'_>| compare(*thresholds.element(), *threshold, operand).is_le();
    Ok(Datum::Int32(all.partition_point(below) as i32))
}

pub(super) const FUNCTIONS: &[Function] = &[
    fallible!("trim_array", (array: Array, count: Int32), env => trim(array, count, env.arena)),
    fallible!("array_reverse", (array: Array), env => Ok(reverse(array, env.arena))),
    fallible!("array_sort", (array: Array), env => Ok(sort(array, false, false, env.arena))),
    fallible!("array_sort_order", (array: Array, descending: Bool), env =>
        Ok(sort(array, descending, descending, env.arena))),
    fallible!("array_sort_order_nulls_first", (array: Array, descending: Bool, nulls_first: Bool), env =>
        Ok(sort(array, descending, nulls_first, env.arena))),
    fallible!("array_shuffle", (array: Array), env => shuffle(array, env.arena)).volatile(),
    fallible!("array_sample", (array: Array, count: Int32), env => sample(array, count, env.arena))
        .volatile(),
    Function::strict("width_bucket_array", width_bucket),
];
