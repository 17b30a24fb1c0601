//! Order, containment and overlap.

use crate::registry::{Function, total};
use tidewire_row::{Arena, ArrayRef, Datum, compare, equal};

/// Every element of `wanted` equals one of `array`; NULL equals nothing.
fn contains(array: ArrayRef<'_>, wanted: ArrayRef<'_>) -> bool {
    let arena = Arena::new();
    let element = *array.element();
    let mut known: Vec<Datum<'_>> =
        array.elements(&arena).filter(|value| !matches!(value, Datum::Null)).collect();
    known.sort_by(|a, b| compare(element, *a, *b));
    wanted.elements(&arena).all(|value| {
        !matches!(value, Datum::Null)
            && known.binary_search_by(|candidate| compare(element, *candidate, value)).is_ok()
    })
}

fn overlaps(left: ArrayRef<'_>, right: ArrayRef<'_>) -> bool {
    let arena = Arena::new();
    let element = *left.element();
    let others: Vec<Datum<'_>> = right.elements(&arena).collect();
    left.elements(&arena).any(|value| {
        !matches!(value, Datum::Null)
            && others.iter().any(|other| !matches!(other, Datum::Null) && equal(element, value, *other))
    })
}

pub(super) const FUNCTIONS: &[Function] = &[
    total!("array_eq", (a: Array, b: Array) => a.compare(&b).is_eq()),
    total!("array_ne", (a: Array, b: Array) => a.compare(&b).is_ne()),
    total!("array_lt", (a: Array, b: Array) => a.compare(&b).is_lt()),
    total!("array_le", (a: Array, b: Array) => a.compare(&b).is_le()),
    total!("array_gt", (a: Array, b: Array) => a.compare(&b).is_gt()),
    total!("array_ge", (a: Array, b: Array) => a.compare(&b).is_ge()),
    total!("btarraycmp", (a: Array, b: Array) => a.compare(&b) as i32),
    total!("array_larger", (a: Array, b: Array) => if a.compare(&b).is_gt() { a } else { b }),
    total!("array_smaller", (a: Array, b: Array) => if a.compare(&b).is_lt() { a } else { b }),
    total!("arraycontains", (a: Array, b: Array) => contains(a, b)),
    total!("arraycontained", (a: Array, b: Array) => contains(b, a)),
    total!("arrayoverlap", (a: Array, b: Array) => overlaps(a, b)),
];
