//! Trigonometry in degrees, exact where the value is: sind(30) is 0.5. As in PostgreSQL, values are measured against those
//! of 30, 45 and 60 degrees, which are computed the same way.

use super::float::input_out_of_range;
use crate::registry::{Function, fallible, total};
use std::sync::LazyLock;
use tidewire_row::EvalResult;

#[allow(clippy::excessive_precision, reason = "PostgreSQL's RADIANS_PER_DEGREE")]
const RADIANS: f64 = 0.0174532925199432957692;

struct Measures {
    sin_30: f64,
    one_minus_cos_60: f64,
    asin_half: f64,
    acos_half: f64,
    atan_1: f64,
}

static MEASURES: LazyLock<Measures> = LazyLock::new(|| Measures {
    sin_30: (30.0 * RADIANS).sin(),
    one_minus_cos_60: 1.0 - (60.0 * RADIANS).cos(),
    asin_half: 0.5f64.asin(),
    acos_half: 0.5f64.acos(),
    atan_1: 1.0f64.atan(),
});

fn sine_to_30(degrees: f64) -> f64 {
    (degrees * RADIANS).sin() / MEASURES.sin_30 / 2.0
}

fn cosine_to_60(degrees: f64) -> f64 {
    1.0 - (1.0 - (degrees * RADIANS).cos()) / MEASURES.one_minus_cos_60 / 2.0
}

/// In the first quadrant.
fn sine_to_90(degrees: f64) -> f64 {
    if degrees <= 30.0 { sine_to_30(degrees) } else { cosine_to_60(90.0 - degrees) }
}

fn cosine_to_90(degrees: f64) -> f64 {
    if degrees <= 60.0 { cosine_to_60(degrees) } else { sine_to_30(90.0 - degrees) }
}

/// An angle in the first quadrant, and whether sine and cosine are those of the given angle negated.
struct Reduced {
    degrees: f64,
    sine_negated: bool,
    cosine_negated: bool,
}

/// None: it is NaN.
fn reduced(angle: f64) -> EvalResult<Option<Reduced>> {
    if angle.is_nan() {
        return Ok(None);
    }
    if angle.is_infinite() {
        return Err(input_out_of_range());
    }
    let mut degrees = angle % 360.0;
    let (mut sine_negated, mut cosine_negated) = (false, false);
    if degrees < 0.0 {
        degrees = -degrees;
        sine_negated = !sine_negated;
    }
    if degrees > 180.0 {
        degrees = 360.0 - degrees;
        sine_negated = !sine_negated;
    }
    if degrees > 90.0 {
        degrees = 180.0 - degrees;
        cosine_negated = true;
    }
    Ok(Some(Reduced { degrees, sine_negated, cosine_negated }))
}

fn signed(value: f64, negated: bool) -> f64 {
    if negated { -value } else { value }
}

fn sind(angle: f64) -> EvalResult<f64> {
    Ok(reduced(angle)?.map_or(f64::NAN, |of| signed(sine_to_90(of.degrees), of.sine_negated)))
}

fn cosd(angle: f64) -> EvalResult<f64> {
    Ok(reduced(angle)?.map_or(f64::NAN, |of| signed(cosine_to_90(of.degrees), of.cosine_negated)))
}

/// A quotient of sine and cosine, measured against that of 45 degrees; never -0.
fn quotient(angle: f64, of: fn(f64) -> f64) -> EvalResult<f64> {
    let Some(Reduced { degrees, sine_negated, cosine_negated }) = reduced(angle)? else {
        return Ok(f64::NAN);
    };
    let value = signed(of(degrees) / of(45.0), sine_negated != cosine_negated);
    Ok(if value == 0.0 { 0.0 } else { value })
}

fn arcsine_to_1(value: f64) -> f64 {
    if value <= 0.5 {
        value.asin() / MEASURES.asin_half * 30.0
    } else {
        90.0 - value.acos() / MEASURES.acos_half * 60.0
    }
}

fn arccosine_to_1(value: f64) -> f64 {
    if value <= 0.5 {
        90.0 - value.asin() / MEASURES.asin_half * 30.0
    } else {
        value.acos() / MEASURES.acos_half * 60.0
    }
}

fn inverse(value: f64, of: fn(f64) -> f64) -> EvalResult<f64> {
    if value.is_nan() {
        return Ok(value);
    }
    if !(-1.0..=1.0).contains(&value) {
        return Err(input_out_of_range());
    }
    Ok(of(value))
}

pub(super) const FUNCTIONS: &[Function] = &[
    fallible!("dsind", (a: Float64) => sind(a)),
    fallible!("dcosd", (a: Float64) => cosd(a)),
    fallible!("dtand", (a: Float64) => quotient(a, |of| sine_to_90(of) / cosine_to_90(of))),
    fallible!("dcotd", (a: Float64) => quotient(a, |of| cosine_to_90(of) / sine_to_90(of))),
    fallible!("dasind", (a: Float64) =>
        inverse(a, |a| if a >= 0.0 { arcsine_to_1(a) } else { -arcsine_to_1(-a) })),
    fallible!("dacosd", (a: Float64) =>
        inverse(a, |a| if a >= 0.0 { arccosine_to_1(a) } else { 90.0 + arcsine_to_1(-a) })),
    total!("datand", (a: Float64) => a.atan() / MEASURES.atan_1 * 45.0),
    total!("datan2d", (a: Float64, b: Float64) => a.atan2(b) / MEASURES.atan_1 * 45.0),
];
