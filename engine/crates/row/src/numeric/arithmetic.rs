//! Sum, difference, product, quotient, remainder, with PostgreSQL's result scales.

use super::integer::{Int, spend_product};
use super::{MAX_DISPLAY_SCALE, MAX_SCALE, MIN_SIGNIFICANT_DIGITS, Mantissa, Numeric};
use crate::{Arena, EvalError, EvalResult};
use num_bigint::BigInt;
use num_traits::One;

/// The factorial of a larger number has too many digits.
const MAX_FACTORIAL: u32 = 32_177;

impl<'a> Numeric<'a> {
    /// `numeric_add`.
    #[inline]
    pub fn add(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if let (Numeric::Small(a, a_scale), Numeric::Small(b, b_scale)) = (self, other)
            && a_scale == b_scale
            && let Some(sum) = { a.0 }.checked_add(b.0)
        {
            return Ok(Numeric::Small(Mantissa(sum), *a_scale));
        }
        self.add_slow(other, arena)
    }

    fn add_slow(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        match (self, other) {
            (Numeric::NaN, _) | (_, Numeric::NaN) => Ok(Numeric::NaN),
            (Numeric::Infinity, Numeric::NegInfinity) | (Numeric::NegInfinity, Numeric::Infinity) => {
                Ok(Numeric::NaN)
            }
            (Numeric::Infinity, _) | (_, Numeric::Infinity) => Ok(Numeric::Infinity),
            (Numeric::NegInfinity, _) | (_, Numeric::NegInfinity) => Ok(Numeric::NegInfinity),
            _ => {
                let scale = self.scale().max(other.scale());
                let a = self.int().scale_up((scale - self.scale()) as u32);
                let b = other.int().scale_up((scale - other.scale()) as u32);
                a.add(b).with_scale(scale, arena)
            }
        }
    }

    /// `numeric_uminus`.
    pub fn neg(&self, arena: &'a Arena) -> Self {
        match self {
            Numeric::NaN => Numeric::NaN,
            Numeric::Infinity => Numeric::NegInfinity,
            Numeric::NegInfinity => Numeric::Infinity,
            _ => self.int().neg().place(self.scale(), arena),
        }
    }

    /// `numeric_abs`.
    pub fn abs(&self, arena: &'a Arena) -> Self {
        if self.signum() < 0 { self.neg(arena) } else { self.copy_to(arena) }
    }

    /// `numeric_sub`.
    #[inline]
    pub fn sub(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if let (Numeric::Small(a, a_scale), Numeric::Small(b, b_scale)) = (self, other)
            && a_scale == b_scale
            && let Some(difference) = { a.0 }.checked_sub(b.0)
        {
            return Ok(Numeric::Small(Mantissa(difference), *a_scale));
        }
        let scratch = Arena::new();
        self.add_slow(&other.copy_to(&scratch).neg(&scratch), arena)
    }

    /// `numeric_mul`: the scales add up.
    #[inline]
    pub fn mul(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if let (Numeric::Small(a, a_scale), Numeric::Small(b, b_scale)) = (self, other)
            && *a_scale as i32 + *b_scale as i32 <= MAX_SCALE
            && let Some(product) = { a.0 }.checked_mul(b.0)
        {
            return Ok(Numeric::Small(Mantissa(product), a_scale + b_scale));
        }
        self.mul_slow(other, arena)
    }

    fn mul_slow(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if self.is_nan() || other.is_nan() {
            return Ok(Numeric::NaN);
        }
        if self.is_infinite() || other.is_infinite() {
            return Ok(match self.signum() * other.signum() {
                0 => Numeric::NaN,
                1 => Numeric::Infinity,
                _ => Numeric::NegInfinity,
            });
        }
        let scale = self.scale() as u32 + other.scale() as u32;
        let product = self.int().mul(other.int());
        if scale > MAX_SCALE as u32 {
            return product.round_down(scale - MAX_SCALE as u32).with_scale(MAX_SCALE as u16, arena);
        }
        product.with_scale(scale as u16, arena)
    }

    /// `numeric_fac`, of what is not negative.
    pub fn factorial(of: u32, arena: &'a Arena) -> EvalResult<Self> {
        if of > MAX_FACTORIAL {
            return Err(Numeric::overflow());
        }
        let mut product = BigInt::one();
        let mut factor = 1u64;
        for next in 2..=of as u64 {
            factor = match factor.checked_mul(next) {
                Some(factor) => factor,
                None => {
                    let wide = BigInt::from(factor);
                    spend_product(&product, &wide);
                    product *= wide;
                    next
                }
            };
        }
        Numeric::from_bigint(&(product * factor), 0, arena)
    }

    /// Weight and value of the first base-10000 digit, as PostgreSQL stores the value; (0, 0) for zero.
    fn first_group(&self) -> (i64, i64) {
        let int = self.int();
        let digits = int.digit_count() as i64;
        if digits == 0 {
            return (0, 0);
        }
        let exponent = digits - self.scale() as i64;
        let weight = (exponent - 1).div_euclid(4);
        // 1 to 4 digits stand in the first group.
        let wanted = exponent - weight * 4;
        let group = if digits >= wanted {
            int.scale_down((digits - wanted) as u32)
        } else {
            int.scale_up((wanted - digits) as u32)
        };
        let group = match group {
            Int::Small(value) => value.unsigned_abs() as i64,
            Int::Big(_) => 9999,
        };
        (weight, group)
    }

    /// `select_div_scale`: at least 16 significant digits, and no fewer than either operand shows.
    pub fn division_scale(&self, other: &Numeric<'_>) -> i32 {
        let (weight1, first1) = self.first_group();
        let (weight2, first2) = other.first_group();
        let mut quotient_weight = weight1 - weight2;
        if first1 <= first2 {
            quotient_weight -= 1;
        }
        let scale = MIN_SIGNIFICANT_DIGITS as i64 - quotient_weight * 4;
        (scale.max(self.scale() as i64).max(other.scale() as i64).max(0)).min(MAX_DISPLAY_SCALE as i64) as i32
    }

    /// `numeric_div`.
    pub fn div(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if self.is_nan() || other.is_nan() {
            return Ok(Numeric::NaN);
        }
        if self.is_infinite() {
            if other.is_infinite() {
                return Ok(Numeric::NaN);
            }
            return match self.signum() * other.signum() {
                0 => Err(EvalError::division_by_zero()),
                1 => Ok(Numeric::Infinity),
                _ => Ok(Numeric::NegInfinity),
            };
        }
        if other.is_infinite() {
            return Ok(Numeric::ZERO);
        }
        if other.is_zero() {
            return Err(EvalError::division_by_zero());
        }
        let scale = self.division_scale(other);
        divide(self, other, scale as u32, true).with_scale(scale as u16, arena)
    }

    /// `numeric_div_trunc` (`div(a, b)`): the integer quotient, toward zero.
    pub fn div_trunc(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if !self.is_finite() || !other.is_finite() {
            return self.div(other, arena);
        }
        if other.is_zero() {
            return Err(EvalError::division_by_zero());
        }
        divide(self, other, 0, false).with_scale(0, arena)
    }

    /// `numeric_mod`: the sign is that of the dividend.
    pub fn rem(&self, other: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if self.is_nan() || other.is_nan() {
            return Ok(Numeric::NaN);
        }
        if self.is_infinite() {
            return if other.is_zero() { Err(EvalError::division_by_zero()) } else { Ok(Numeric::NaN) };
        }
        if other.is_infinite() {
            return Ok(self.copy_to(arena));
        }
        if other.is_zero() {
            return Err(EvalError::division_by_zero());
        }
        let scale = self.scale().max(other.scale());
        let a = self.int().scale_up((scale - self.scale()) as u32);
        let b = other.int().scale_up((scale - other.scale()) as u32);
        let rest = match (a, b) {
            (Int::Small(a), Int::Small(b)) => Int::Small(a.checked_rem(b).unwrap_or(0)),
            (a, b) => Int::from_big(a.into_big() % b.into_big()),
        };
        rest.with_scale(scale, arena)
    }
}

/// The mantissa of `a / b` at `scale`, rounded half away from zero or truncated. `b` is not zero.
fn divide(a: &Numeric<'_>, b: &Numeric<'_>, scale: u32, round: bool) -> Int {
    // a.m / 10^a.s / (b.m / 10^b.s) · 10^scale
    let shift = scale as i64 + b.scale() as i64 - a.scale() as i64;
    let (dividend, divisor) = if shift >= 0 {
        (a.int().scale_up(shift as u32), b.int())
    } else {
        (a.int(), b.int().scale_up(-shift as u32))
    };
    if let (Int::Small(dividend), Int::Small(divisor)) = (&dividend, &divisor)
        && let Some(quotient) = dividend.checked_div(*divisor)
    {
        let rest = (dividend % divisor).unsigned_abs();
        let divisor_size = divisor.unsigned_abs();
        let away = round && rest >= divisor_size - rest;
        let sign = if (*dividend < 0) == (*divisor < 0) { 1 } else { -1 };
        return Int::Small(quotient + if away { sign } else { 0 });
    }
    let negative = dividend.is_negative() != divisor.is_negative();
    let (dividend, divisor) = (dividend.into_big(), divisor.into_big());
    let quotient = dividend.magnitude() / divisor.magnitude();
    let rest = dividend.magnitude() - &quotient * divisor.magnitude();
    let away = round && (rest << 1u32) >= *divisor.magnitude();
    let quotient = quotient + away as u32;
    let sign = if negative { num_bigint::Sign::Minus } else { num_bigint::Sign::Plus };
    Int::from_big(BigInt::from_biguint(sign, quotient))
}
