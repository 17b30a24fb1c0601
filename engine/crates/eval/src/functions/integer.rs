//! int2, int4, int8 and oid: arithmetic, bits, comparisons, and casts among them.

use crate::registry::{Function, comparisons, fallible, total};
use tidewire_row::EvalError;

const SMALLINT: &str = "smallint";
const INTEGER: &str = "integer";
const BIGINT: &str = "bigint";

#[inline(always)]
fn in_range<T>(value: Option<T>, what: &'static str) -> Result<T, EvalError> {
    value.ok_or_else(|| EvalError::out_of_range(what))
}

/// `+ - * /` of two integer types whose result is `$result`.
macro_rules! arithmetic {
    ($prefix:literal, $left:ident, $right:ident, $result:ty, $what:expr) => {
        [
            fallible!(concat!($prefix, "pl"), (a: $left, b: $right) =>
                in_range((a as $result).checked_add(b as $result), $what)),
            fallible!(concat!($prefix, "mi"), (a: $left, b: $right) =>
                in_range((a as $result).checked_sub(b as $result), $what)),
            fallible!(concat!($prefix, "mul"), (a: $left, b: $right) =>
                in_range((a as $result).checked_mul(b as $result), $what)),
            fallible!(concat!($prefix, "div"), (a: $left, b: $right) =>
                if b == 0 {
                    Err(EvalError::division_by_zero())
                } else {
                    in_range((a as $result).checked_div(b as $result), $what)
                }),
        ]
    };
}

/// Remainder, signs, bits, larger and smaller of one type. Shift counts are taken modulo the width, as C compilers do.
macro_rules! own {
    ($prefix:literal, $variant:ident, $type:ty, $what:expr) => {
        [
            fallible!(concat!($prefix, "mod"), (a: $variant, b: $variant) =>
                if b == 0 { Err(EvalError::division_by_zero()) } else { Ok(a.checked_rem(b).unwrap_or(0)) }),
            fallible!(concat!($prefix, "um"), (a: $variant) => in_range(a.checked_neg(), $what)),
            fallible!(concat!($prefix, "abs"), (a: $variant) => in_range(a.checked_abs(), $what)),
            total!(concat!($prefix, "up"), (a: $variant) => a),
            total!(concat!($prefix, "and"), (a: $variant, b: $variant) => a & b),
            total!(concat!($prefix, "or"), (a: $variant, b: $variant) => a | b),
            total!(concat!($prefix, "xor"), (a: $variant, b: $variant) => a ^ b),
            total!(concat!($prefix, "not"), (a: $variant) => !a),
            total!(concat!($prefix, "larger"), (a: $variant, b: $variant) => a.max(b)),
            total!(concat!($prefix, "smaller"), (a: $variant, b: $variant) => a.min(b)),
        ]
    };
}

fn gcd(a: u64, b: u64) -> u64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn gcd_in_range(a: i64, b: i64, most: u64, what: &'static str) -> Result<i64, EvalError> {
    let result = gcd(a.unsigned_abs(), b.unsigned_abs());
    if result > most { Err(EvalError::out_of_range(what)) } else { Ok(result as i64) }
}

fn lcm_in_range(a: i64, b: i64, most: u64, what: &'static str) -> Result<i64, EvalError> {
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    if a == 0 || b == 0 {
        return Ok(0);
    }
    let result = (a / gcd(a, b)) as u128 * b as u128;
    if result > most as u128 { Err(EvalError::out_of_range(what)) } else { Ok(result as i64) }
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &arithmetic!("int2", Int16, Int16, i16, SMALLINT),
    &arithmetic!("int4", Int32, Int32, i32, INTEGER),
    &arithmetic!("int8", Int64, Int64, i64, BIGINT),
    &arithmetic!("int24", Int16, Int32, i32, INTEGER),
    &arithmetic!("int42", Int32, Int16, i32, INTEGER),
    &arithmetic!("int28", Int16, Int64, i64, BIGINT),
    &arithmetic!("int82", Int64, Int16, i64, BIGINT),
    &arithmetic!("int48", Int32, Int64, i64, BIGINT),
    &arithmetic!("int84", Int64, Int32, i64, BIGINT),
    &own!("int2", Int16, i16, SMALLINT),
    &own!("int4", Int32, i32, INTEGER),
    &own!("int8", Int64, i64, BIGINT),
    &comparisons!("int2", Int16, Int16, |a, b| a.cmp(&b)),
    &comparisons!("int4", Int32, Int32, |a, b| a.cmp(&b)),
    &comparisons!("int8", Int64, Int64, |a, b| a.cmp(&b)),
    &comparisons!("int24", Int16, Int32, |a, b| (a as i32).cmp(&b)),
    &comparisons!("int42", Int32, Int16, |a, b| a.cmp(&(b as i32))),
    &comparisons!("int28", Int16, Int64, |a, b| (a as i64).cmp(&b)),
    &comparisons!("int82", Int64, Int16, |a, b| a.cmp(&(b as i64))),
    &comparisons!("int48", Int32, Int64, |a, b| (a as i64).cmp(&b)),
    &comparisons!("int84", Int64, Int32, |a, b| a.cmp(&(b as i64))),
    &comparisons!("oid", Oid, Oid, |a, b| a.cmp(&b)),
    &[
        // PostgreSQL shifts int2 as C int and cuts the result.
        total!("int2shl", (a: Int16, b: Int32) => (a as i32).wrapping_shl(b as u32) as i16),
        total!("int2shr", (a: Int16, b: Int32) => (a as i32).wrapping_shr(b as u32) as i16),
        total!("int4shl", (a: Int32, b: Int32) => a.wrapping_shl(b as u32)),
        total!("int4shr", (a: Int32, b: Int32) => a.wrapping_shr(b as u32)),
        total!("int8shl", (a: Int64, b: Int32) => a.wrapping_shl(b as u32)),
        total!("int8shr", (a: Int64, b: Int32) => a.wrapping_shr(b as u32)),
        fallible!("int4gcd", (a: Int32, b: Int32) =>
            gcd_in_range(a as i64, b as i64, i32::MAX as u64, INTEGER).map(|value| value as i32)),
        fallible!("int8gcd", (a: Int64, b: Int64) => gcd_in_range(a, b, i64::MAX as u64, BIGINT)),
        fallible!("int4lcm", (a: Int32, b: Int32) =>
            lcm_in_range(a as i64, b as i64, i32::MAX as u64, INTEGER).map(|value| value as i32)),
        fallible!("int8lcm", (a: Int64, b: Int64) => lcm_in_range(a, b, i64::MAX as u64, BIGINT)),
        // Casts.
        total!("i2toi4", (a: Int16) => a as i32),
        fallible!("i4toi2", (a: Int32) => in_range(i16::try_from(a).ok(), SMALLINT)),
        total!("int28", (a: Int16) => a as i64),
        total!("int48", (a: Int32) => a as i64),
        fallible!("int82", (a: Int64) => in_range(i16::try_from(a).ok(), SMALLINT)),
        fallible!("int84", (a: Int64) => in_range(i32::try_from(a).ok(), INTEGER)),
        fallible!("i8tooid", (a: Int64) => in_range(u32::try_from(a).ok(), "OID")),
        total!("oidtoi8", (a: Oid) => a as i64),
        // Text forms.
        total!("to_hex32", (a: Int32), env => env.arena.push_str(format!("{a:x}"))),
        total!("to_hex64", (a: Int64), env => env.arena.push_str(format!("{a:x}"))),
        total!("to_bin32", (a: Int32), env => env.arena.push_str(format!("{a:b}"))),
        total!("to_bin64", (a: Int64), env => env.arena.push_str(format!("{a:b}"))),
        total!("to_oct32", (a: Int32), env => env.arena.push_str(format!("{a:o}"))),
        total!("to_oct64", (a: Int64), env => env.arena.push_str(format!("{a:o}"))),
    ],
];
