//! float4 and float8.

use crate::registry::{Function, comparisons, fallible, total};
use std::cmp::Ordering;
use std::f64::consts::PI;
use tidewire_row::{EvalError, EvalResult};

#[cold]
fn overflow() -> EvalError {
    EvalError::new("22003", "value out of range: overflow")
}

#[cold]
fn underflow() -> EvalError {
    EvalError::new("22003", "value out of range: underflow")
}

#[cold]
pub(super) fn input_out_of_range() -> EvalError {
    EvalError::new("22003", "input is out of range")
}

/// PostgreSQL's order: NaN is greatest and equals itself.
#[inline(always)]
pub(super) fn order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// `+ - * /` with PostgreSQL's checks: an infinite result of finite operands is an overflow, a zero result of nonzero
/// operands an underflow.
macro_rules! arithmetic {
    ($prefix:literal, $left:ident, $right:ident, $result:ty) => {
        [
            fallible!(concat!($prefix, "pl"), (a: $left, b: $right) => {
                let (a, b) = (a as $result, b as $result);
                finite(a + b, a.is_infinite() || b.is_infinite())
            }),
            fallible!(concat!($prefix, "mi"), (a: $left, b: $right) => {
                let (a, b) = (a as $result, b as $result);
                finite(a - b, a.is_infinite() || b.is_infinite())
            }),
            fallible!(concat!($prefix, "mul"), (a: $left, b: $right) => {
                let (a, b) = (a as $result, b as $result);
                nonzero(a * b, a.is_infinite() || b.is_infinite(), a == 0.0 || b == 0.0)
            }),
            fallible!(concat!($prefix, "div"), (a: $left, b: $right) => {
                let (a, b) = (a as $result, b as $result);
                if b == 0.0 && !a.is_nan() {
                    Err(EvalError::division_by_zero())
                } else {
                    nonzero(a / b, a.is_infinite(), a == 0.0 || b.is_infinite())
                }
            }),
        ]
    };
}

/// What both float types have.
trait Float: Copy + PartialEq + Default {
    fn infinite(self) -> bool;
}

impl Float for f32 {
    #[inline(always)]
    fn infinite(self) -> bool {
        self.is_infinite()
    }
}

impl Float for f64 {
    #[inline(always)]
    fn infinite(self) -> bool {
        self.is_infinite()
    }
}

#[inline(always)]
fn finite<F: Float>(value: F, infinity_is_valid: bool) -> EvalResult<F> {
    if value.infinite() && !infinity_is_valid { Err(overflow()) } else { Ok(value) }
}

#[inline(always)]
fn nonzero<F: Float>(value: F, infinity_is_valid: bool, zero_is_valid: bool) -> EvalResult<F> {
    if value == F::default() && !zero_is_valid {
        return Err(underflow());
    }
    finite(value, infinity_is_valid)
}

macro_rules! to_integer {
    ($opcode:literal, $variant:ident, $type:ty, $what:literal) => {
        fallible!($opcode, (a: $variant) => {
            // Ties go to the even integer; the bounds are exact in float8.
            let rounded = (a as f64).round_ties_even();
            if rounded >= <$type>::MIN as f64 && rounded < -(<$type>::MIN as f64) {
                Ok(rounded as $type)
            } else {
                Err(EvalError::out_of_range($what))
            }
        })
    };
}

fn to_float4(a: f64) -> EvalResult<f32> {
    let value = a as f32;
    nonzero(value, a.is_infinite(), a == 0.0)
}

fn power(a: f64, b: f64) -> EvalResult<f64> {
    if a.is_nan() {
        return Ok(if b == 0.0 { 1.0 } else { a });
    }
    if b.is_nan() {
        return Ok(if a == 1.0 { 1.0 } else { b });
    }
    if a == 0.0 && b < 0.0 {
        return Err(EvalError::new("2201F", "zero raised to a negative power is undefined"));
    }
    if a < 0.0 && b.floor() != b {
        return Err(EvalError::new(
            "2201F",
            "a negative number raised to a non-integer power yields a complex result",
        ));
    }
    let value = a.powf(b);
    if a.is_infinite() || b.is_infinite() {
        return Ok(value);
    }
    nonzero(value, false, a == 0.0)
}

fn exp(a: f64) -> EvalResult<f64> {
    if a.is_nan() || a.is_infinite() {
        return Ok(if a == f64::NEG_INFINITY { 0.0 } else { a });
    }
    nonzero(a.exp(), false, false)
}

fn logarithm(a: f64, value: f64) -> EvalResult<f64> {
    if a == 0.0 {
        return Err(EvalError::new("2201E", "cannot take logarithm of zero"));
    }
    if a < 0.0 {
        return Err(EvalError::new("2201E", "cannot take logarithm of a negative number"));
    }
    Ok(value)
}

/// sin, cos, tan, cot: NaN stays, infinity is refused.
fn circular(a: f64, function: fn(f64) -> f64) -> EvalResult<f64> {
    if a.is_infinite() { Err(input_out_of_range()) } else { Ok(function(a)) }
}

/// Functions whose domain is an interval.
fn within(a: f64, low: f64, high: f64, function: fn(f64) -> f64) -> EvalResult<f64> {
    if a < low || a > high { Err(input_out_of_range()) } else { Ok(function(a)) }
}

fn inverse_hyperbolic_tangent(a: f64) -> EvalResult<f64> {
    if !(-1.0..=1.0).contains(&a) && !a.is_nan() {
        return Err(input_out_of_range());
    }
    Ok(libm::atanh(a))
}

fn gamma(a: f64) -> EvalResult<f64> {
    if a.is_nan() || a == f64::INFINITY {
        return Ok(a);
    }
    // At its poles it is no number, which PostgreSQL reports as an overflow too.
    let value = if a == f64::NEG_INFINITY { f64::INFINITY } else { libm::tgamma(a) };
    let value = if value.is_nan() { f64::INFINITY } else { value };
    nonzero(finite(value, false)?, false, false)
}

fn width_bucket(operand: f64, low: f64, high: f64, count: i32) -> EvalResult<i32> {
    let refuse = |message: &str| Err(EvalError::new("2201G", message));
    if count <= 0 {
        return refuse("count must be greater than zero");
    }
    if operand.is_nan() {
        return refuse("operand, lower bound, and upper bound cannot be NaN");
    }
    if low.is_nan() || high.is_nan() {
        return refuse("operand, lower bound, and upper bound cannot be NaN");
    }
    if low.is_infinite() || high.is_infinite() {
        return refuse("lower and upper bounds must be finite");
    }
    let above = || count.checked_add(1).ok_or_else(|| EvalError::out_of_range("integer"));
    let bucket = |from: f64, over: f64| {
        let share = if over.is_finite() {
            from / over
        } else {
            // The differences overflow: halve them.
            return ((operand / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) * count as f64) as i32;
        };
        (share * count as f64) as i32
    };
    match order(low, high) {
        Ordering::Less if operand < low => Ok(0),
        Ordering::Less if operand >= high => above(),
        Ordering::Less => Ok(bucket(operand - low, high - low).min(count - 1) + 1),
        Ordering::Greater if operand > low => Ok(0),
        Ordering::Greater if operand <= high => above(),
        Ordering::Greater => Ok(bucket(low - operand, low - high).min(count - 1) + 1),
        Ordering::Equal => refuse("lower bound cannot equal upper bound"),
    }
}

macro_rules! signs {
    ($prefix:literal, $variant:ident) => {
        [
            total!(concat!($prefix, "um"), (a: $variant) => -a),
            total!(concat!($prefix, "up"), (a: $variant) => a),
            total!(concat!($prefix, "abs"), (a: $variant) => a.abs()),
            total!(concat!($prefix, "larger"), (a: $variant, b: $variant) =>
                if order(a as f64, b as f64).is_gt() { a } else { b }),
            total!(concat!($prefix, "smaller"), (a: $variant, b: $variant) =>
                if order(a as f64, b as f64).is_lt() { a } else { b }),
        ]
    };
}

pub(super) const FUNCTIONS: &[&[Function]] = &[
    &arithmetic!("float4", Float32, Float32, f32),
    &arithmetic!("float8", Float64, Float64, f64),
    &arithmetic!("float48", Float32, Float64, f64),
    &arithmetic!("float84", Float64, Float32, f64),
    &comparisons!("float4", Float32, Float32, |a, b| order(a as f64, b as f64)),
    &comparisons!("float8", Float64, Float64, |a, b| order(a, b)),
    &comparisons!("float48", Float32, Float64, |a, b| order(a as f64, b)),
    &comparisons!("float84", Float64, Float32, |a, b| order(a, b as f64)),
    &signs!("float4", Float32),
    &signs!("float8", Float64),
    &[
        // Casts.
        total!("i2tof", (a: Int16) => a as f32),
        total!("i4tof", (a: Int32) => a as f32),
        total!("i8tof", (a: Int64) => a as f32),
        total!("i2tod", (a: Int16) => a as f64),
        total!("i4tod", (a: Int32) => a as f64),
        total!("i8tod", (a: Int64) => a as f64),
        total!("ftod", (a: Float32) => a as f64),
        fallible!("dtof", (a: Float64) => to_float4(a)),
        to_integer!("ftoi2", Float32, i16, "smallint"),
        to_integer!("ftoi4", Float32, i32, "integer"),
        to_integer!("ftoi8", Float32, i64, "bigint"),
        to_integer!("dtoi2", Float64, i16, "smallint"),
        to_integer!("dtoi4", Float64, i32, "integer"),
        to_integer!("dtoi8", Float64, i64, "bigint"),
        // Rounding.
        total!("dround", (a: Float64) => a.round_ties_even()),
        total!("dtrunc", (a: Float64) => a.trunc()),
        total!("dceil", (a: Float64) => a.ceil()),
        total!("dfloor", (a: Float64) => a.floor()),
        total!("dsign", (a: Float64) => if a > 0.0 { 1.0 } else if a < 0.0 { -1.0 } else { 0.0 }),
        // Powers.
        fallible!("dsqrt", (a: Float64) => if a < 0.0 {
            Err(EvalError::new("2201F", "cannot take square root of a negative number"))
        } else {
            Ok(a.sqrt())
        }),
        total!("dcbrt", (a: Float64) => libm::cbrt(a)),
        fallible!("dpow", (a: Float64, b: Float64) => power(a, b)),
        fallible!("dexp", (a: Float64) => exp(a)),
        fallible!("dlog1", (a: Float64) => logarithm(a, a.ln())),
        fallible!("dlog10", (a: Float64) => logarithm(a, a.log10())),
        // Trigonometry.
        total!("dpi", () => PI),
        fallible!("dsin", (a: Float64) => circular(a, f64::sin)),
        fallible!("dcos", (a: Float64) => circular(a, f64::cos)),
        fallible!("dtan", (a: Float64) => circular(a, f64::tan)),
        fallible!("dcot", (a: Float64) => circular(a, |a| 1.0 / a.tan())),
        fallible!("dasin", (a: Float64) => within(a, -1.0, 1.0, f64::asin)),
        fallible!("dacos", (a: Float64) => within(a, -1.0, 1.0, f64::acos)),
        total!("datan", (a: Float64) => a.atan()),
        total!("datan2", (a: Float64, b: Float64) => a.atan2(b)),
        total!("dsinh", (a: Float64) => a.sinh()),
        fallible!("dcosh", (a: Float64) => Ok::<f64, EvalError>(a.cosh())),
        total!("dtanh", (a: Float64) => a.tanh()),
        total!("dasinh", (a: Float64) => libm::asinh(a)),
        fallible!("dacosh", (a: Float64) => within(a, 1.0, f64::INFINITY, libm::acosh)),
        fallible!("datanh", (a: Float64) => inverse_hyperbolic_tangent(a)),
        total!("derf", (a: Float64) => libm::erf(a)),
        total!("derfc", (a: Float64) => libm::erfc(a)),
        fallible!("dgamma", (a: Float64) => gamma(a)),
        fallible!("dlgamma", (a: Float64) => finite(libm::lgamma(a), a.is_infinite())),
        fallible!("degrees", (a: Float64) => finite(a / (PI / 180.0), a.is_infinite())),
        fallible!("radians", (a: Float64) => nonzero(a * (PI / 180.0), a.is_infinite(), a == 0.0)),
        fallible!("width_bucket_float8", (a: Float64, low: Float64, high: Float64, count: Int32) =>
            width_bucket(a, low, high, count)),
    ],
];
