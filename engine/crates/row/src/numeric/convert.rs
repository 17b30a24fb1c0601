//! Type modifiers, and conversion from and to the other number types.

use super::Numeric;
use crate::{Arena, EvalError, EvalResult};

/// The precision and scale of `numeric(precision, scale)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typmod {
    /// Significant digits, 1..=1000.
    pub precision: i32,
    /// Digits after the point, -1000..=1000.
    pub scale: i32,
}

impl Typmod {
    /// Of PostgreSQL's `atttypmod`; None for -1.
    pub fn decode(typmod: i32) -> Option<Self> {
        if typmod < 4 {
            return None;
        }
        let packed = typmod - 4;
        Some(Typmod { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 })
    }

    /// As PostgreSQL's `atttypmod`.
    pub fn encode(self) -> i32 {
        ((self.precision << 16) | (self.scale & 0x7ff)) + 4
    }
}

impl<'a> Numeric<'a> {
    /// The length coercion `numeric(value, typmod)`: rounds to the scale, 22003 beyond the precision.
    pub fn apply_typmod(&self, typmod: i32, arena: &'a Arena) -> EvalResult<Self> {
        let Some(Typmod { precision, scale }) = Typmod::decode(typmod) else { return Ok(*self) };
        let overflow = |detail: String| {
            Err(EvalError::new("22003", "numeric field overflow")
                .with_detail(format!("A field with precision {precision}, scale {scale} {detail}")))
        };
        if self.is_nan() {
            return Ok(*self);
        }
        if self.is_infinite() {
            return overflow("cannot hold an infinite value.".into());
        }
        let rounded = self.round_to(scale, arena)?;
        let max_digits = precision - scale;
        if !rounded.is_zero() && rounded.integer_digits() > max_digits as i64 {
            let limit = if max_digits == 0 { "1".to_string() } else { format!("10^{max_digits}") };
            return overflow(format!("must round to an absolute value less than {limit}."));
        }
        Ok(rounded)
    }

    /// `float8_numeric`: 15 significant digits.
    pub fn from_f64(value: f64, arena: &'a Arena) -> EvalResult<Self> {
        if value.is_nan() {
            return Ok(Numeric::NaN);
        }
        if value.is_infinite() {
            return Ok(if value > 0.0 { Numeric::Infinity } else { Numeric::NegInfinity });
        }
        Self::from_scientific(&format!("{value:.14e}"), arena)
    }

    /// `float4_numeric`: 6 significant digits.
    pub fn from_f32(value: f32, arena: &'a Arena) -> EvalResult<Self> {
        if value.is_nan() {
            return Ok(Numeric::NaN);
        }
        if value.is_infinite() {
            return Ok(if value > 0.0 { Numeric::Infinity } else { Numeric::NegInfinity });
        }
        Self::from_scientific(&format!("{value:.5e}"), arena)
    }

    /// What C's `%g` would print, read as numeric: trailing zeros of the mantissa do not count.
    fn from_scientific(text: &str, arena: &'a Arena) -> EvalResult<Self> {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
        let mantissa = if mantissa.is_empty() || mantissa == "-" { "0" } else { mantissa };
        if mantissa == "0" || mantissa == "-0" {
            return Ok(Numeric::ZERO);
        }
        Self::parse(&format!("{mantissa}e{exponent}"), -1, arena)
    }

    /// `numeric_float8`.
    pub fn to_f64(&self) -> EvalResult<f64> {
        if let Some((mantissa, scale)) = self.small_parts()
            && mantissa.unsigned_abs() < 1 << 53
            && scale <= 22
        {
            // Both exact, so the quotient is rounded once.
            const POWERS: [f64; 23] = [
                1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
                1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
            ];
            return Ok(mantissa as f64 / POWERS[scale as usize]);
        }
        match self {
            Numeric::NaN => Ok(f64::NAN),
            Numeric::Infinity => Ok(f64::INFINITY),
            Numeric::NegInfinity => Ok(f64::NEG_INFINITY),
            _ => {
                let text = self.to_string();
                let value: f64 = text.parse().unwrap_or(f64::NAN);
                if value.is_infinite() || (value == 0.0 && !self.is_zero()) {
                    return Err(EvalError::new(
                        "22003",
                        format!("\"{text}\" is out of range for type double precision"),
                    ));
                }
                Ok(value)
            }
        }
    }

    /// `numeric_float4`.
    pub fn to_f32(&self) -> EvalResult<f32> {
        match self {
            Numeric::NaN => Ok(f32::NAN),
            Numeric::Infinity => Ok(f32::INFINITY),
            Numeric::NegInfinity => Ok(f32::NEG_INFINITY),
            _ => {
                let text = self.to_string();
                let value: f32 = text.parse().unwrap_or(f32::NAN);
                if value.is_infinite() || (value == 0.0 && !self.is_zero()) {
                    return Err(EvalError::new("22003", format!("\"{text}\" is out of range for type real")));
                }
                Ok(value)
            }
        }
    }

    /// Rounded half away from zero to an integer of the named type.
    pub fn to_i128(&self, type_name: &str) -> EvalResult<i128> {
        let unsupported =
            |what: &str| EvalError::new("0A000", format!("cannot convert {what} to {type_name}"));
        match self {
            Numeric::NaN => Err(unsupported("NaN")),
            Numeric::Infinity | Numeric::NegInfinity => Err(unsupported("infinity")),
            finite => match finite.int().round_down(finite.scale() as u32) {
                super::Int::Small(value) => Ok(value),
                super::Int::Big(_) => Err(EvalError::out_of_range(type_name)),
            },
        }
    }

    /// `numeric_int8`.
    pub fn to_i64(&self) -> EvalResult<i64> {
        i64::try_from(self.to_i128("bigint")?).map_err(|_| EvalError::out_of_range("bigint"))
    }

    /// `numeric_int4`.
    pub fn to_i32(&self) -> EvalResult<i32> {
        i32::try_from(self.to_i128("integer")?).map_err(|_| EvalError::out_of_range("integer"))
    }

    /// `numeric_int2`.
    pub fn to_i16(&self) -> EvalResult<i16> {
        i16::try_from(self.to_i128("smallint")?).map_err(|_| EvalError::out_of_range("smallint"))
    }
}
