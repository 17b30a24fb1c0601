//! Where two ranges or multiranges lie beside each other: `&&`, `<<`, `>>`, `&<`, `&>`, `-|-`. Of a multirange its ends count, but
//! for `&&`. What is empty lies nowhere.

use super::ends;
use crate::context::Env;
use crate::registry::{Function, mismatch, total};
use tidewire_row::range::{overlap, touch};
use tidewire_row::{Datum, EvalResult, MultirangeRef, RangeRef};

/// The test of two ranges by their bounds, and the same for multiranges.
macro_rules! by_ends {
    ($verb:literal, |$of:ident, $left:ident, $right:ident| $test:expr) => {{
        fn body<'a>(values: &[Datum<'a>], _: &Env<'a>) -> EvalResult<Datum<'a>> {
            let [left, right] = *values else { return Err(mismatch($verb, values)) };
            Ok(Datum::Bool(match (ends(left), ends(right)) {
                (Some(($of, $left)), Some((_, $right))) => $test,
                _ => false,
            }))
        }
        &[
            Function::strict(concat!("range_", $verb), body),
            Function::strict(concat!("range_", $verb, "_multirange"), body),
            Function::strict(concat!("multirange_", $verb, "_range"), body),
            Function::strict(concat!("multirange_", $verb, "_multirange"), body),
        ]
    }};
}

fn overlaps(left: RangeRef<'_>, right: RangeRef<'_>) -> bool {
    left.bounds().zip(right.bounds()).is_some_and(|(left, right)| overlap(&left, &right))
}

fn one_overlaps(range: RangeRef<'_>, multirange: MultirangeRef<'_>) -> bool {
    range.bounds().is_some_and(|range| multirange.bounds().any(|own| overlap(&own, &range)))
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    by_ends!("before", |_of, left, right| left.1.compare(&right.0).is_lt()),
    by_ends!("after", |_of, left, right| left.0.compare(&right.1).is_gt()),
    by_ends!("overleft", |_of, left, right| left.1.compare(&right.1).is_le()),
    by_ends!("overright", |_of, left, right| left.0.compare(&right.0).is_ge()),
    by_ends!("adjacent", |of, left, right| touch(of, &left, &right)),
    &[
        total!("range_overlaps", (a: Range, b: Range) => overlaps(a, b)),
        total!("range_overlaps_multirange", (a: Range, b: Multirange) => one_overlaps(a, b)),
        total!("multirange_overlaps_range", (a: Multirange, b: Range) => one_overlaps(b, a)),
        total!("multirange_overlaps_multirange", (a: Multirange, b: Multirange) => a.overlaps(&b)),
    ],
];
