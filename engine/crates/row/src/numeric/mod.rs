//! PostgreSQL's numeric: a decimal of arbitrary precision with a display scale, NaN and the infinities.
//!
//! A value is `mantissa · 10^-scale`. Mantissas that fit an i128 (38 digits) are kept in place; longer ones are
//! limbs in a row or arena. Results keep PostgreSQL's display scales (`numeric.c`), which the value's text shows.

mod arithmetic;
mod binary;
mod convert;
mod integer;
pub mod packed;
mod rounding;
mod text;
mod transcendental;

use crate::{Arena, EvalError, EvalResult};
use integer::{Int, pow10_i128};
use num_bigint::{BigInt, BigUint, Sign};
use std::cmp::Ordering;

pub use convert::Typmod;
pub(crate) use text::is_space;

/// The most digits before the decimal point (NUMERIC_WEIGHT_MAX and NBASE of PostgreSQL).
pub const MAX_INTEGER_DIGITS: i64 = 131_072;
/// The most digits after the decimal point (NUMERIC_DSCALE_MAX).
pub const MAX_SCALE: i32 = 16_383;
/// The most digits that a result of an inexact function shows (NUMERIC_MAX_RESULT_SCALE).
const MAX_RESULT_SCALE: i32 = 2_000;
/// The largest scale of a typmod or of round() (NUMERIC_MAX_DISPLAY_SCALE).
const MAX_DISPLAY_SCALE: i32 = 1_000;
/// The significant digits that inexact functions give at least (NUMERIC_MIN_SIG_DIGITS).
const MIN_SIGNIFICANT_DIGITS: i32 = 16;

/// i128 with the alignment of a pointer, so that a `Datum` stays at 32 bytes.
#[derive(Clone, Copy)]
#[repr(C, packed(8))]
pub struct Mantissa(i128);

/// A numeric value.
#[derive(Clone, Copy)]
pub enum Numeric<'a> {
    /// Mantissa within i128.
    Small(Mantissa, u16),
    /// A mantissa beyond i128: little-endian limbs without leading zeros.
    Big(BigNumeric<'a>),
    /// NaN: greater than everything, equal to itself.
    NaN,
    /// Infinity
    Infinity,
    /// -Infinity
    NegInfinity,
}

/// A mantissa that needs more than an i128, with its scale.
#[derive(Clone, Copy)]
pub struct BigNumeric<'a> {
    limbs: &'a [u32],
    negative: bool,
    scale: u16,
}

impl<'a> Numeric<'a> {
    /// 0 with display scale 0.
    pub const ZERO: Numeric<'static> = Numeric::Small(Mantissa(0), 0);
    /// 1 with display scale 0.
    pub const ONE: Numeric<'static> = Numeric::Small(Mantissa(1), 0);

    /// An integer.
    #[inline]
    pub const fn from_i64(value: i64) -> Self {
        Numeric::Small(Mantissa(value as i128), 0)
    }

    /// `mantissa · 10^-scale`; the scale must not exceed [`MAX_SCALE`].
    #[inline]
    pub const fn from_parts(mantissa: i128, scale: u16) -> Self {
        Numeric::Small(Mantissa(mantissa), scale)
    }

    /// `mantissa · 10^-scale` of any size. 22003 beyond PostgreSQL's range.
    pub fn from_bigint(mantissa: &BigInt, scale: u16, arena: &'a Arena) -> EvalResult<Self> {
        Int::from_big(mantissa.clone()).with_scale(scale, arena)
    }

    /// The mantissa, if it fits, and the scale. None for large values, NaN and infinities.
    #[inline]
    pub fn small_parts(&self) -> Option<(i128, u16)> {
        match self {
            Numeric::Small(mantissa, scale) => Some((mantissa.0, *scale)),
            _ => None,
        }
    }

    /// Mantissa and scale of a finite value.
    pub fn big_parts(&self) -> Option<(BigInt, u16)> {
        match self {
            Numeric::Small(mantissa, scale) => Some((BigInt::from(mantissa.0), *scale)),
            Numeric::Big(big) => Some((big.mantissa(), big.scale)),
            _ => None,
        }
    }

    fn int(&self) -> Int {
        match self {
            Numeric::Small(mantissa, _) => Int::Small(mantissa.0),
            Numeric::Big(big) => Int::Big(big.mantissa()),
            _ => Int::Small(0),
        }
    }

    /// Digits shown after the decimal point; 0 for NaN and infinities.
    #[inline]
    pub fn scale(&self) -> u16 {
        match self {
            Numeric::Small(_, scale) => *scale,
            Numeric::Big(big) => big.scale,
            _ => 0,
        }
    }

    /// NaN.
    pub fn is_nan(&self) -> bool {
        matches!(self, Numeric::NaN)
    }

    /// Infinity or -Infinity.
    pub fn is_infinite(&self) -> bool {
        matches!(self, Numeric::Infinity | Numeric::NegInfinity)
    }

    /// Neither NaN nor infinite.
    pub fn is_finite(&self) -> bool {
        matches!(self, Numeric::Small(..) | Numeric::Big(_))
    }

    /// Zero of any scale.
    #[inline]
    pub fn is_zero(&self) -> bool {
        matches!(self, Numeric::Small(mantissa, _) if { mantissa.0 } == 0)
    }

    /// -1, 0 or 1; NaN counts as 1.
    pub fn signum(&self) -> i32 {
        match self {
            Numeric::Small(mantissa, _) => { mantissa.0 }.signum() as i32,
            Numeric::Big(big) => 1 - 2 * big.negative as i32,
            Numeric::NaN | Numeric::Infinity => 1,
            Numeric::NegInfinity => -1,
        }
    }

    /// Digits before the decimal point of |value|, counted from its first nonzero digit: 3 for 123.4, 0 for 0.5,
    /// -1 for 0.05; 0 for zero.
    pub(crate) fn integer_digits(&self) -> i64 {
        if self.is_zero() { 0 } else { self.int().digit_count() as i64 - self.scale() as i64 }
    }

    /// SQL's order: -Infinity < finite by value < Infinity < NaN.
    #[inline]
    pub fn compare(&self, other: &Numeric<'_>) -> Ordering {
        if let (Numeric::Small(a, a_scale), Numeric::Small(b, b_scale)) = (self, other) {
            let (a, b) = (a.0, b.0);
            if a_scale == b_scale {
                return a.cmp(&b);
            }
            let (a_missing, b_missing) =
                if a_scale < b_scale { (b_scale - a_scale, 0) } else { (0, a_scale - b_scale) };
            let scaled =
                |mantissa: i128, by: u16| pow10_i128(by as u32).and_then(|power| mantissa.checked_mul(power));
            if let (Some(a), Some(b)) = (scaled(a, a_missing), scaled(b, b_missing)) {
                return a.cmp(&b);
            }
        }
        self.compare_slow(other)
    }

    #[cold]
    fn compare_slow(&self, other: &Numeric<'_>) -> Ordering {
        fn rank(value: &Numeric<'_>) -> i32 {
            match value {
                Numeric::NegInfinity => 0,
                Numeric::Small(..) | Numeric::Big(_) => 1,
                Numeric::Infinity => 2,
                Numeric::NaN => 3,
            }
        }
        let by_rank = rank(self).cmp(&rank(other));
        if by_rank != Ordering::Equal || rank(self) != 1 {
            return by_rank;
        }
        let by_sign = self.signum().cmp(&other.signum());
        if by_sign != Ordering::Equal || self.is_zero() {
            return by_sign;
        }
        let by_size = self.integer_digits().cmp(&other.integer_digits());
        if by_size != Ordering::Equal {
            return if self.signum() > 0 { by_size } else { by_size.reverse() };
        }
        let scale = self.scale().max(other.scale()) as u32;
        let a = self.int().scale_up(scale - self.scale() as u32).into_big();
        let b = other.int().scale_up(scale - other.scale() as u32).into_big();
        a.cmp(&b)
    }

    /// The same value with the least display scale that shows it exactly: equal values become identical.
    pub fn without_trailing_zeros(&self, arena: &'a Arena) -> Self {
        match self {
            Numeric::Small(mantissa, scale) => {
                let (mut mantissa, mut scale) = (mantissa.0, *scale);
                if mantissa == 0 {
                    return Numeric::ZERO;
                }
                while scale > 0 && mantissa % 10 == 0 {
                    mantissa /= 10;
                    scale -= 1;
                }
                Numeric::from_parts(mantissa, scale)
            }
            Numeric::Big(big) => {
                let ten = BigUint::from(10u32);
                let mut mantissa = BigUint::from_slice(big.limbs);
                let mut scale = big.scale;
                while scale > 0 {
                    let quotient = &mantissa / &ten;
                    if &quotient * &ten != mantissa {
                        break;
                    }
                    mantissa = quotient;
                    scale -= 1;
                }
                let sign = if big.negative { Sign::Minus } else { Sign::Plus };
                Int::from_big(BigInt::from_biguint(sign, mantissa)).place(scale, arena)
            }
            other => *other,
        }
    }

    /// The same value in another arena.
    pub fn copy_to<'b>(&self, arena: &'b Arena) -> Numeric<'b> {
        match self {
            Numeric::Small(mantissa, scale) => Numeric::Small(*mantissa, *scale),
            Numeric::Big(big) => Numeric::Big(BigNumeric {
                limbs: arena.push_slice(big.limbs),
                negative: big.negative,
                scale: big.scale,
            }),
            Numeric::NaN => Numeric::NaN,
            Numeric::Infinity => Numeric::Infinity,
            Numeric::NegInfinity => Numeric::NegInfinity,
        }
    }

    #[cold]
    pub(crate) fn overflow() -> EvalError {
        EvalError::new("22003", "value overflows numeric format")
    }
}

impl BigNumeric<'_> {
    fn mantissa(&self) -> BigInt {
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_biguint(sign, BigUint::from_slice(self.limbs))
    }
}

impl PartialEq for Numeric<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Eq for Numeric<'_> {}

impl PartialOrd for Numeric<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Numeric<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
    }
}

impl std::fmt::Debug for Numeric<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
