//! The integer under a numeric: i128 while it fits, else a big integer.

use super::{BigNumeric, MAX_INTEGER_DIGITS, Mantissa, Numeric};
use crate::work::spend;
use crate::{Arena, EvalResult};
use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use std::cmp::Ordering;

const POWERS: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut index = 1;
    while index < 39 {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

/// 10^exponent, if it fits.
#[inline]
pub(super) fn pow10_i128(exponent: u32) -> Option<i128> {
    POWERS.get(exponent as usize).copied()
}

/// 10^exponent.
pub(super) fn pow10_big(exponent: u32) -> BigInt {
    match pow10_i128(exponent) {
        Some(power) => BigInt::from(power),
        None => BigInt::from(10u32).pow(exponent),
    }
}

/// Decimal digits of a nonnegative i128; 0 has none.
#[inline]
pub(super) fn digit_count_u128(value: u128) -> u32 {
    if value == 0 { 0 } else { value.ilog10() + 1 }
}

/// Says what it costs to multiply or divide two integers.
pub(super) fn spend_product(a: &BigInt, b: &BigInt) {
    let (a, b) = (a.bits() / 64, b.bits() / 64);
    spend((a + b) / 16 + a * b / 64);
}

/// An integer of any size.
#[derive(Clone, Debug)]
pub(super) enum Int {
    Small(i128),
    Big(BigInt),
}

impl Int {
    pub(super) fn from_big(value: BigInt) -> Self {
        match value.to_i128() {
            Some(small) => Int::Small(small),
            None => Int::Big(value),
        }
    }

    pub(super) fn into_big(self) -> BigInt {
        match self {
            Int::Small(value) => BigInt::from(value),
            Int::Big(value) => value,
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self, Int::Small(0))
    }

    pub(super) fn is_negative(&self) -> bool {
        match self {
            Int::Small(value) => *value < 0,
            Int::Big(value) => value.is_negative(),
        }
    }

    /// Decimal digits of the absolute value; 0 has none.
    pub(super) fn digit_count(&self) -> u64 {
        match self {
            Int::Small(value) => digit_count_u128(value.unsigned_abs()) as u64,
            Int::Big(value) => {
                // From the bit length, which is off by at most one digit; then one comparison.
                let bits = value.bits();
                let estimate = ((bits - 1) as f64 * std::f64::consts::LOG10_2) as u64;
                let mut digits = estimate.max(1);
                while value.magnitude() >= pow10_big(digits as u32).magnitude() {
                    digits += 1;
                }
                digits
            }
        }
    }

    /// `self · 10^by`.
    pub(super) fn scale_up(self, by: u32) -> Self {
        if by == 0 {
            return self;
        }
        if let Int::Small(value) = &self
            && let Some(scaled) = pow10_i128(by).and_then(|power| value.checked_mul(power))
        {
            return Int::Small(scaled);
        }
        if self.is_zero() {
            return self;
        }
        Int::from_big(self.into_big() * pow10_big(by))
    }

    /// `self / 10^by`, truncated toward zero.
    pub(super) fn scale_down(self, by: u32) -> Self {
        match (self, pow10_i128(by)) {
            (Int::Small(value), Some(power)) => Int::Small(value / power),
            (Int::Small(_), None) => Int::Small(0),
            (Int::Big(value), _) => Int::from_big(value / pow10_big(by)),
        }
    }

    /// `self / 10^by`, rounded half away from zero.
    pub(super) fn round_down(self, by: u32) -> Self {
        if by == 0 {
            return self;
        }
        match (self, pow10_i128(by)) {
            (Int::Small(value), Some(power)) => {
                let (quotient, rest) = (value / power, value % power);
                let away = rest.unsigned_abs() >= (power as u128).div_ceil(2);
                Int::Small(quotient + if away { value.signum() } else { 0 })
            }
            // 10^39 > 2 · i128::MAX: the value is less than half.
            (Int::Small(_), None) => Int::Small(0),
            (Int::Big(value), _) => {
                let power = pow10_big(by);
                let (quotient, rest) = value.div_rem(&power);
                let away = (rest.magnitude() << 1u32).cmp(power.magnitude()) != Ordering::Less;
                let step = if away { value.signum() } else { BigInt::zero() };
                Int::from_big(quotient + step)
            }
        }
    }

    pub(super) fn mul(self, other: Int) -> Self {
        if let (Int::Small(a), Int::Small(b)) = (&self, &other)
            && let Some(product) = a.checked_mul(*b)
        {
            return Int::Small(product);
        }
        let (a, b) = (self.into_big(), other.into_big());
        spend_product(&a, &b);
        Int::from_big(a * b)
    }

    pub(super) fn add(self, other: Int) -> Self {
        if let (Int::Small(a), Int::Small(b)) = (&self, &other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Int::Small(sum);
        }
        Int::from_big(self.into_big() + other.into_big())
    }

    pub(super) fn neg(self) -> Self {
        match self {
            Int::Small(value) => match value.checked_neg() {
                Some(negated) => Int::Small(negated),
                None => Int::Big(-BigInt::from(value)),
            },
            Int::Big(value) => Int::from_big(-value),
        }
    }

    /// Decimal digits of the absolute value, most significant first, as numbers 0..=9; empty for 0.
    pub(super) fn digits(&self) -> Vec<u8> {
        match self {
            Int::Small(0) => Vec::new(),
            Int::Small(value) => {
                let mut buffer = [0u8; 39];
                small_digits(value.unsigned_abs(), &mut buffer).to_vec()
            }
            Int::Big(value) => value.magnitude().to_radix_be(10),
        }
    }

    /// The numeric, without a check of the range.
    pub(super) fn place<'a>(self, scale: u16, arena: &'a Arena) -> Numeric<'a> {
        match self {
            Int::Small(value) => Numeric::Small(Mantissa(value), scale),
            Int::Big(value) => {
                let negative = value.sign() == Sign::Minus;
                let limbs = value.magnitude().to_u32_digits();
                Numeric::Big(BigNumeric { limbs: arena.push_slice(&limbs), negative, scale })
            }
        }
    }

    /// The numeric; 22003 if it has too many digits before the decimal point.
    pub(super) fn with_scale<'a>(self, scale: u16, arena: &'a Arena) -> EvalResult<Numeric<'a>> {
        // An i128 has at most 39 digits: only big integers can be out of range.
        if let Int::Big(value) = &self
            && value.bits() > 435_000
            && self.digit_count() as i64 - scale as i64 > MAX_INTEGER_DIGITS
        {
            return Err(Numeric::overflow());
        }
        Ok(self.place(scale, arena))
    }

    /// From decimal digits 0..=9, most significant first.
    pub(super) fn from_digits(negative: bool, digits: &[u8]) -> Self {
        if digits.len() <= 38 {
            let mut value = 0i128;
            for chunk in digits.chunks(18) {
                let part = chunk.iter().fold(0u64, |sum, digit| sum * 10 + *digit as u64);
                value = value * POWERS[chunk.len()] + part as i128;
            }
            return Int::Small(if negative { -value } else { value });
        }
        let magnitude = BigUint::from_radix_be(digits, 10).unwrap_or_default();
        let sign = if negative { Sign::Minus } else { Sign::Plus };
        Int::from_big(BigInt::from_biguint(sign, magnitude))
    }
}

/// The digits 0..=9 of a nonzero number, most significant first, at the end of `buffer`.
#[inline]
pub(super) fn small_digits(mut value: u128, buffer: &mut [u8; 39]) -> &[u8] {
    let mut at = buffer.len();
    // 64-bit steps: a u128 division costs more than all of the rest.
    while value > u64::MAX as u128 {
        let chunk = 10u128.pow(18);
        let mut low = (value % chunk) as u64;
        value /= chunk;
        for _ in 0..18 {
            at -= 1;
            buffer[at] = (low % 10) as u8;
            low /= 10;
        }
    }
    let mut low = value as u64;
    while low > 0 {
        at -= 1;
        buffer[at] = (low % 10) as u8;
        low /= 10;
    }
    &buffer[at..]
}
