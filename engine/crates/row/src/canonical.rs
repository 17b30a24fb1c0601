//! Canonical representatives: values equal by SQL's equality become identical.

use crate::{Arena, Datum, ScalarType};
use tidewire_plan::RangeType;

/// Whether the type's equality is identity, so that [`canonical`] changes nothing.
pub fn is_canonical_identity(scalar: ScalarType) -> bool {
    if let ScalarType::Array(element) = scalar {
        return is_canonical_identity(*element);
    }
    if let ScalarType::Record(of) = scalar {
        return of.fields().iter().all(|field| is_canonical_identity(*field));
    }
    !matches!(
        scalar,
        ScalarType::Numeric
            | ScalarType::Float4
            | ScalarType::Float8
            | ScalarType::Interval
            | ScalarType::Bpchar
            | ScalarType::Jsonb
            | ScalarType::Range(RangeType::Num)
            | ScalarType::Multirange(RangeType::Num)
    )
}

/// The canonical representative of a value under its type's equality: numeric without trailing zeros, +0 for -0, an
/// interval normalised by its span, bpchar without trailing blanks, jsonb with numbers without trailing zeros.
#[inline]
pub fn canonical<'a>(scalar: ScalarType, datum: Datum<'a>, arena: &'a Arena) -> Datum<'a> {
    match datum {
        Datum::Numeric(value) => Datum::Numeric(value.without_trailing_zeros(arena)),
        Datum::Float32(value) => Datum::Float32(if value.is_nan() { f32::NAN } else { value + 0.0 }),
        Datum::Float64(value) => Datum::Float64(if value.is_nan() { f64::NAN } else { value + 0.0 }),
        Datum::Interval(value) => Datum::Interval(value.canonical()),
        Datum::Text(value) if scalar == ScalarType::Bpchar => Datum::Text(value.trim_end_matches(' ')),
        Datum::Jsonb(value) => Datum::Jsonb(value.canonical(arena)),
        Datum::Array(value) => Datum::Array(value.canonical(arena)),
        Datum::Record(value) => Datum::Record(value.canonical(arena)),
        Datum::Range(value) => Datum::Range(value.canonical(arena)),
        Datum::Multirange(value) => Datum::Multirange(value.canonical(arena)),
        other => other,
    }
}
