//! Order and equality of values by their SQL type.

use crate::{Datum, ScalarType};
use std::cmp::Ordering;

macro_rules! compare_floats {
    ($a:expr, $b:expr) => {
        match ($a.is_nan(), $b.is_nan()) {
            (false, false) => $a.partial_cmp(&$b).unwrap_or(Ordering::Equal),
            (a, b) => a.cmp(&b),
        }
    };
}

/// SQL's order of two values of the same type; NULL is greatest and equals NULL.
///
/// NaN is the greatest float and equals itself, -0 equals 0; numerics compare by value, intervals by span, bpchar
/// without trailing blanks, text by code point, jsonb in PostgreSQL's order of containers.
#[inline]
pub fn compare(scalar: ScalarType, a: Datum<'_>, b: Datum<'_>) -> Ordering {
    match (a, b) {
        (Datum::Int64(a), Datum::Int64(b)) => a.cmp(&b),
        (Datum::Int32(a), Datum::Int32(b)) => a.cmp(&b),
        (Datum::Text(a), Datum::Text(b)) if scalar == ScalarType::Bpchar => {
            a.trim_end_matches(' ').cmp(b.trim_end_matches(' '))
        }
        (Datum::Text(a), Datum::Text(b)) => a.cmp(b),
        (Datum::Timestamp(a), Datum::Timestamp(b)) => a.cmp(&b),
        (Datum::Timestamptz(a), Datum::Timestamptz(b)) => a.cmp(&b),
        (Datum::Date(a), Datum::Date(b)) => a.cmp(&b),
        (Datum::Time(a), Datum::Time(b)) => a.cmp(&b),
        (Datum::Bool(a), Datum::Bool(b)) => a.cmp(&b),
        (Datum::Int16(a), Datum::Int16(b)) => a.cmp(&b),
        (Datum::Oid(a), Datum::Oid(b)) => a.cmp(&b),
        (Datum::Float32(a), Datum::Float32(b)) => compare_floats!(a, b),
        (Datum::Float64(a), Datum::Float64(b)) => compare_floats!(a, b),
        (Datum::Numeric(a), Datum::Numeric(b)) => a.compare(&b),
        (Datum::Interval(a), Datum::Interval(b)) => a.span().cmp(&b.span()),
        (Datum::Bytea(a), Datum::Bytea(b)) => a.cmp(b),
        (Datum::Uuid(a), Datum::Uuid(b)) => a.cmp(&b),
        (Datum::Inet(a), Datum::Inet(b)) => a.cmp(&b),
        (Datum::Macaddr(a), Datum::Macaddr(b)) => a.cmp(&b),
        (Datum::Macaddr8(a), Datum::Macaddr8(b)) => a.cmp(&b),
        (Datum::Bits(a), Datum::Bits(b)) => a.cmp(&b),
        (Datum::Jsonb(a), Datum::Jsonb(b)) => a.compare(&b),
        (Datum::Enum(a), Datum::Enum(b)) => a.compare(&b),
        // json has no order of its own: what is the same text is the same.
        (Datum::Json(a), Datum::Json(b)) => a.cmp(b),
        (Datum::Array(a), Datum::Array(b)) => a.compare(&b),
        (Datum::Record(a), Datum::Record(b)) => a.compare(&b),
        (Datum::Range(a), Datum::Range(b)) => a.compare(&b),
        (Datum::Multirange(a), Datum::Multirange(b)) => a.compare(&b),
        (Datum::Null, Datum::Null) => Ordering::Equal,
        (Datum::Null, _) => Ordering::Greater,
        (_, Datum::Null) => Ordering::Less,
        (a, b) => {
            debug_assert!(false, "values of different types compared: {a:?}, {b:?}");
            Ordering::Equal
        }
    }
}

/// The type's equality (`=`) of two values; NULL equals NULL here.
#[inline]
pub fn equal(scalar: ScalarType, a: Datum<'_>, b: Datum<'_>) -> bool {
    match (a, b) {
        // Text of different length is never equal: no need to compare prefixes.
        (Datum::Text(a), Datum::Text(b)) if scalar != ScalarType::Bpchar => a == b,
        (Datum::Bytea(a), Datum::Bytea(b)) => a == b,
        _ => compare(scalar, a, b) == Ordering::Equal,
    }
}
