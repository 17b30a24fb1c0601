//! range_agg and range_intersect_agg.

use tidewire_plan::RangeType;
use tidewire_row::{Arena, Datum, EvalResult, MultirangeRef};

/// The values of all ranges or multiranges; NULL if there is none but NULLs.
pub(super) fn all<'a>(of: RangeType, values: impl Iterator<Item = Datum<'a>>, arena: &'a Arena) -> Datum<'a> {
    let mut found = false;
    let mut bounds = Vec::new();
    for value in values {
        match value {
            Datum::Range(range) => bounds.extend(range.bounds()),
            Datum::Multirange(multirange) => bounds.extend(multirange.bounds()),
            _ => continue,
        }
        found = true;
    }
    match found {
        true => Datum::Multirange(MultirangeRef::of_bounds(of, bounds, arena)),
        false => Datum::Null,
    }
}

/// The values that all ranges or multiranges have; NULL if there is none but NULLs.
pub(super) fn common<'a>(values: impl Iterator<Item = Datum<'a>>, arena: &'a Arena) -> EvalResult<Datum<'a>> {
    let mut result = Datum::Null;
    for value in values {
        result = match (result, value) {
            (result, Datum::Null) => result,
            (Datum::Range(left), Datum::Range(right)) => Datum::Range(left.intersect(&right, arena)?),
            (Datum::Multirange(left), Datum::Multirange(right)) => {
                Datum::Multirange(left.intersect(&right, arena))
            }
            (_, first) => first,
        };
    }
    Ok(result)
}
