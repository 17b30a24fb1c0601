//! `@>`, `<@`: values, ranges and multiranges in others.

use super::ends;
use crate::context::Env;
use crate::registry::{Function, mismatch, total};
use tidewire_row::range::contains;
use tidewire_row::{Datum, EvalResult, MultirangeRef, RangeRef};

/// Whether a range has the range that another one is, or from the first to the last of a multirange.
fn has(range: RangeRef<'_>, other: Datum<'_>) -> bool {
    match ends(other) {
        None => true,
        Some((_, other)) => range.bounds().is_some_and(|own| contains(&own, &other)),
    }
}

fn range_has(range: RangeRef<'_>, other: RangeRef<'_>) -> bool {
    has(range, Datum::Range(other))
}

fn range_has_multirange(range: RangeRef<'_>, other: MultirangeRef<'_>) -> bool {
    has(range, Datum::Multirange(other))
}

/// Whether a range or multirange has a value.
fn has_element<'a>(container: Datum<'a>, value: Datum<'a>) -> EvalResult<Datum<'a>> {
    Ok(Datum::Bool(match container {
        Datum::Range(range) => range.contains_element(value),
        Datum::Multirange(multirange) => multirange.contains_element(value),
        _ => return Err(mismatch("range_contains_elem", &[container, value])),
    }))
}

fn contains_element<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *values {
        [container, value] => has_element(container, value),
        _ => Err(mismatch("range_contains_elem", values)),
    }
}

fn element_contained<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
    match *values {
        [value, container] => has_element(container, value),
        _ => Err(mismatch("elem_contained_by_range", values)),
    }
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function::strict("range_contains_elem", contains_element),
    Function::strict("elem_contained_by_range", element_contained),
    Function::strict("multirange_contains_elem", contains_element),
    Function::strict("elem_contained_by_multirange", element_contained),
    total!("range_contains", (a: Range, b: Range) => range_has(a, b)),
    total!("range_contained_by", (a: Range, b: Range) => range_has(b, a)),
    total!("range_contains_multirange", (a: Range, b: Multirange) => range_has_multirange(a, b)),
    total!("multirange_contained_by_range", (a: Multirange, b: Range) => range_has_multirange(b, a)),
    total!("multirange_contains_range", (a: Multirange, b: Range) => a.contains_range(&b)),
    total!("range_contained_by_multirange", (a: Range, b: Multirange) => b.contains_range(&a)),
    total!("multirange_contains_multirange", (a: Multirange, b: Multirange) => a.contains(&b)),
    total!("multirange_contained_by_multirange", (a: Multirange, b: Multirange) => b.contains(&a)),
];
