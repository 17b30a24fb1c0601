//! Exact sums of floats: addition commutes and can be undone, so a retraction restores the very value, and
//! 1e16 + 1 - 1e16 is 1.

use super::codec::{Reader, put_int};
use super::wide::WideInt;
use num_bigint::BigInt;

/// Position of bit 0: all finite doubles are integers times 2^-1074.
const BIAS: i32 = 1074;

/// A sum of float8 values (float4 values enter widened, which is exact).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloatSum {
    /// The finite part is `body * 2^(64 * base - 1074)`.
    body: WideInt,
    /// Limb at which the body begins. Never raised while the body is not zero.
    base: u32,
    nan: i64,
    positive_infinity: i64,
    negative_infinity: i64,
    /// How many of the values were -0: a sum of nothing else is -0.
    negative_zero: i64,
}

/// The sum left the range of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

impl FloatSum {
    /// Adds `value` `diff` times.
    pub fn add(&mut self, value: f64, diff: i64) {
        if value.is_nan() {
            self.nan = self.nan.wrapping_add(diff);
        } else if value == f64::INFINITY {
            self.positive_infinity = self.positive_infinity.wrapping_add(diff);
        } else if value == f64::NEG_INFINITY {
            self.negative_infinity = self.negative_infinity.wrapping_add(diff);
        } else if value == 0.0 {
            if value.is_sign_negative() {
                self.negative_zero = self.negative_zero.wrapping_add(diff);
            }
        } else {
            let (mantissa, position) = parts(value);
            self.add_bits(mantissa as i128 * diff as i128, position);
        }
    }

    /// Adds the product `diff` times; the sum is then one of products alone, in units of 2^-2148.
    pub fn add_product(&mut self, a: f64, b: f64, diff: i64) {
        if !a.is_finite() || !b.is_finite() {
            self.nan = self.nan.wrapping_add(diff);
            return;
        }
        let ((a, a_position), (b, b_position)) = (parts(a), parts(b));
        let product = a as i128 * b as i128;
        // In two halves, so that a multiple of either has the bits that there is room for.
        let (high, low) = (product >> 53, product & ((1 << 53) - 1));
        self.add_bits(low * diff as i128, a_position + b_position);
        self.add_bits(high * diff as i128, a_position + b_position + 53);
    }

    /// Whether a value was NaN or infinite.
    pub fn is_special(&self) -> bool {
        self.nan != 0 || self.positive_infinity != 0 || self.negative_infinity != 0
    }

    /// The finite part, in its unit.
    pub fn integer(&self) -> BigInt {
        let bytes: Vec<u8> = self.body.limbs().iter().flat_map(|limb| limb.to_le_bytes()).collect();
        BigInt::from_signed_bytes_le(&bytes) << (64 * self.base as usize)
    }

    /// Appends it as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_int(out, self.body.limbs().len() as i64);
        if !self.body.is_zero() {
            put_int(out, self.base as i64);
            self.body.limbs().iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
        }
        for count in [self.nan, self.positive_infinity, self.negative_infinity, self.negative_zero] {
            put_int(out, count);
        }
    }

    /// What [`encode`](FloatSum::encode) wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Self {
        let limbs = reader.int() as usize;
        let base = if limbs > 0 { reader.int() as u32 } else { 0 };
        let limbs = (0..limbs).map(|_| reader.limb()).collect();
        FloatSum {
            body: WideInt::from_limbs(limbs),
            base,
            nan: reader.int(),
            positive_infinity: reader.int(),
            negative_infinity: reader.int(),
            negative_zero: reader.int(),
        }
    }

    fn add_bits(&mut self, value: i128, position: u32) {
        if value == 0 {
            return;
        }
        let (limb, shift) = (position / 64, position % 64);
        if self.body.is_zero() {
            self.base = limb;
        } else if limb < self.base {
            self.body.shift_limbs((self.base - limb) as usize);
            self.base = limb;
        }
        let at = (limb - self.base) as usize;
        // |value| < 2^117: shifted it may need 181 bits, so it goes in as two parts.
        let low = (value as u64 as u128) << shift;
        let high = (value >> 64) << shift;
        self.body.add_at(low as u64 as i128, at);
        self.body.add_at(high + (low >> 64) as i128, at + 1);
    }

    fn special(&self) -> Option<f64> {
        if self.nan != 0 || (self.positive_infinity != 0 && self.negative_infinity != 0) {
            Some(f64::NAN)
        } else if self.positive_infinity != 0 {
            Some(f64::INFINITY)
        } else if self.negative_infinity != 0 {
            Some(f64::NEG_INFINITY)
        } else {
            None
        }
    }

    /// The sum of `count` values as float8, rounded once, to nearest even.
    pub fn to_f64(&self, count: i64) -> Result<f64, Overflow> {
        if let Some(special) = self.special() {
            return Ok(special);
        }
        if self.body.is_zero() {
            return Ok(if self.negative_zero == count { -0.0 } else { 0.0 });
        }
        self.round(53, -1074, 1023)
    }

    /// The sum of `count` values as float4, rounded once, to nearest even.
    pub fn to_f32(&self, count: i64) -> Result<f32, Overflow> {
        if let Some(special) = self.special() {
            return Ok(special as f32);
        }
        if self.body.is_zero() {
            return Ok(if self.negative_zero == count { -0.0 } else { 0.0 });
        }
        self.round(24, -149, 127).map(|value| value as f32)
    }

    /// Rounds to `precision` bits with the least exponent `least` and the greatest `greatest` of the leading bit.
    fn round(&self, precision: i32, least: i32, greatest: i32) -> Result<f64, Overflow> {
        let magnitude = self.body.magnitude();
        let top = magnitude.len() as i32 * 64 - magnitude[magnitude.len() - 1].leading_zeros() as i32 - 1;
        let offset = 64 * self.base as i32 - BIAS;
        // The exponent of the last kept bit.
        let mut unit = (top + offset - precision + 1).max(least);
        let drop = unit - offset;
        let mut kept = if drop >= 0 {
            let mut kept = bits(&magnitude, drop as usize, precision as usize + 1);
            if drop > 0 {
                let half = bit(&magnitude, drop as usize - 1);
                let sticky = any_below(&magnitude, drop as usize - 1);
                if half && (sticky || kept & 1 == 1) {
                    kept += 1;
                }
            }
            kept
        } else {
            // Fewer bits than the precision: exact.
            let width = (top + 1) as usize;
            unit = offset;
            bits(&magnitude, 0, width)
        };
        if kept >> precision != 0 {
            kept >>= 1;
            unit += 1;
        }
        let leading = 63 - kept.leading_zeros() as i32 + unit;
        if kept != 0 && leading > greatest {
            return Err(Overflow);
        }
        let value = ldexp(kept, unit);
        Ok(if self.body.is_negative() { -value } else { value })
    }
}

/// A finite float as an integer and the power of two that it is multiplied with, from 2^-1074 on.
fn parts(value: f64) -> (i64, u32) {
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as u32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let (mantissa, position) = match exponent {
        0 => (fraction, 0),
        _ => (fraction | (1 << 52), exponent - 1),
    };
    (if bits >> 63 == 1 { -mantissa } else { mantissa }, position)
}

/// `kept * 2^exponent`, exact for the arguments that `round` makes.
fn ldexp(kept: u64, exponent: i32) -> f64 {
    let mut value = kept as f64;
    let mut left = exponent;
    while left > 1000 {
        value *= 2f64.powi(1000);
        left -= 1000;
    }
    while left < -1000 {
        // The mantissa is at least one unit of the subnormal range, so the last step is exact and so are these
        // unless the value is subnormal half-way, which a positive offset of the mantissa excludes.
        value *= 2f64.powi(-537);
        left += 537;
    }
    value * pow2(left)
}

/// 2^exponent for |exponent| <= 1000.
fn pow2(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

fn bit(limbs: &[u64], index: usize) -> bool {
    limbs.get(index / 64).is_some_and(|limb| limb >> (index % 64) & 1 == 1)
}

fn any_below(limbs: &[u64], index: usize) -> bool {
    let whole = index / 64;
    limbs.iter().take(whole).any(|limb| *limb != 0)
        || limbs
            .get(whole)
            .is_some_and(|limb| !index.is_multiple_of(64) && limb & ((1 << (index % 64)) - 1) != 0)
}

/// `width` (at most 64) bits from bit `from` on.
fn bits(limbs: &[u64], from: usize, width: usize) -> u64 {
    let limb = |index: usize| limbs.get(index).copied().unwrap_or(0);
    let (whole, shift) = (from / 64, from % 64);
    let mut value = limb(whole) >> shift;
    if shift > 0 {
        value |= limb(whole + 1) << (64 - shift);
    }
    if width < 64 { value & ((1 << width) - 1) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(values: &[f64]) -> f64 {
        let mut sum = FloatSum::default();
        for value in values {
            sum.add(*value, 1);
        }
        sum.to_f64(values.len() as i64).unwrap()
    }

    #[test]
    fn is_exact() {
        assert_eq!(sum(&[1e16, 1.0, -1e16]), 1.0);
        assert_eq!(sum(&[1e308, 1e-308, -1e308]), 1e-308);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(sum(&[5e-324, 5e-324]), 1e-323);
        assert_eq!(sum(&[-5e-324]), -5e-324);
        assert_eq!(sum(&[f64::MAX, -f64::MAX, 3.5]), 3.5);
        assert!(sum(&[-0.0, -0.0]).is_sign_negative());
        assert!(!sum(&[-0.0, 0.0]).is_sign_negative());
        assert!(sum(&[f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn every_single_value_comes_back() {
        let mut state = 88172645463325252u64;
        for _ in 0..20_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let value = f64::from_bits(state);
            if value.is_finite() {
                assert_eq!(sum(&[value]).to_bits(), value.to_bits(), "{value:e}");
            }
            let small = f32::from_bits(state as u32);
            if small.is_finite() {
                let mut sum = FloatSum::default();
                sum.add(small as f64, 1);
                assert_eq!(sum.to_f32(1).unwrap().to_bits(), small.to_bits(), "{small:e}");
            }
        }
    }

    #[test]
    fn overflow_can_be_retracted() {
        let mut sum = FloatSum::default();
        sum.add(f64::MAX, 2);
        assert_eq!(sum.to_f64(2), Err(Overflow));
        sum.add(f64::MAX, -1);
        assert_eq!(sum.to_f64(1), Ok(f64::MAX));
        sum.add(f64::NAN, 1);
        assert!(sum.to_f64(2).unwrap().is_nan());
        sum.add(f64::NAN, -1);
        sum.add(f64::MAX, -1);
        assert_eq!(sum.to_f64(0), Ok(0.0));
    }

    #[test]
    fn random_order_and_retraction() {
        let mut state = 99u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..200 {
            let values: Vec<f64> = (0..30)
                .map(|_| ((next() % 2001) as f64 - 1000.0) * 2f64.powi((next() % 120) as i32 - 60))
                .collect();
            let mut whole = FloatSum::default();
            for value in &values {
                whole.add(*value, 3);
            }
            let mut kept = FloatSum::default();
            for value in &values[10..] {
                kept.add(*value, 2);
            }
            for value in &values[..10] {
                whole.add(*value, -3);
            }
            for value in &values[10..] {
                whole.add(*value, -1);
            }
            assert_eq!(whole.to_f64(40), kept.to_f64(40));
        }
    }
}
