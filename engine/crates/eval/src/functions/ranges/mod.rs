//! Ranges and multiranges: what they are made of, comparisons, tests, and set operations.

mod access;
mod combine;
mod construct;
mod contains;
mod position;
mod support;

use crate::registry::{Function, comparisons, total};
use tidewire_plan::RangeType;
use tidewire_row::Datum;
use tidewire_row::range::Bounds;

/// The bounds of a range, or the ends of a multirange; None if it is empty.
fn ends<'a>(value: Datum<'a>) -> Option<(RangeType, Bounds<'a>)> {
    match value {
        Datum::Range(range) => Some((range.of(), range.bounds()?)),
        Datum::Multirange(multirange) => Some((multirange.of(), multirange.ends()?)),
        other => {
            debug_assert!(false, "no range: {other:?}");
            None
        }
    }
}

const COMPARISONS: &[&[Function]] = &[
    &comparisons!("range_", Range, Range, |a, b| a.compare(&b)),
    &comparisons!("multirange_", Multirange, Multirange, |a, b| a.compare(&b)),
    &[
        total!("range_cmp", (a: Range, b: Range) => a.compare(&b) as i32),
        total!("multirange_cmp", (a: Multirange, b: Multirange) => a.compare(&b) as i32),
    ],
];

/// The functions of this folder.
pub(super) fn families() -> Vec<&'static [Function]> {
    let mut all = vec![access::FUNCTIONS, construct::FUNCTIONS, contains::FUNCTIONS, combine::FUNCTIONS];
    all.push(support::FUNCTIONS);
    all.extend_from_slice(COMPARISONS);
    all.extend_from_slice(position::FUNCTIONS);
    all
}
