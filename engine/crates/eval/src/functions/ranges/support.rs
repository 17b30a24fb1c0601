//! What PostgreSQL's range types name in pg_range: the one form of a discrete range, and how far two bounds are apart.

use crate::registry::{Function, fallible, total};
/// Microseconds as seconds, from numbers that are floats before they are subtracted.
fn seconds(a: i64, b: i64) -> f64 {
    (a as f64 - b as f64) / 1_000_000.0
}

pub(super) const FUNCTIONS: &[Function] = &[
    // A range is in its one form as soon as it is made.
    total!("int4range_canonical", (a: Range) => a),
    total!("int8range_canonical", (a: Range) => a),
    total!("daterange_canonical", (a: Range) => a),
    total!("int4range_subdiff", (a: Int32, b: Int32) => f64::from(a) - f64::from(b)),
    total!("int8range_subdiff", (a: Int64, b: Int64) => a as f64 - b as f64),
    total!("daterange_subdiff", (a: Date, b: Date) => f64::from(a) - f64::from(b)),
    total!("tsrange_subdiff", (a: Timestamp, b: Timestamp) => seconds(a, b)),
    total!("tstzrange_subdiff", (a: Timestamptz, b: Timestamptz) => seconds(a, b)),
    fallible!("numrange_subdiff", (a: Numeric, b: Numeric), env => a.sub(&b, env.arena)?.to_f64()),
];
