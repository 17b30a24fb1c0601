//! sqrt, exp, ln, log, power, with PostgreSQL's result scales.
//!
//! Values are computed with guard digits and rounded once.

use super::integer::{Int, pow10_big, spend_product};
use super::{MAX_DISPLAY_SCALE, MAX_INTEGER_DIGITS, MAX_RESULT_SCALE, MIN_SIGNIFICANT_DIGITS, Numeric};
use crate::{Arena, EvalError, EvalResult};
use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};

// PostgreSQL estimates weights with these, not with the nearest doubles.
#[allow(clippy::approx_constant)]
const LOG10_E: f64 = 0.434_294_481_903_252;
#[allow(clippy::approx_constant)]
const LN_10: f64 = 2.302_585_092_994_046;

/// A scale within what results show.
fn bounded(scale: i64) -> u32 {
    scale.clamp(0, MAX_DISPLAY_SCALE as i64) as u32
}

/// `value · 10^digits` as an integer.
fn fixed(value: &Numeric<'_>, digits: u32) -> BigInt {
    let scale = value.scale() as u32;
    if digits >= scale {
        value.int().scale_up(digits - scale).into_big()
    } else {
        value.int().round_down(scale - digits).into_big()
    }
}

/// A decimal with a bounded number of significant digits: `mantissa · 10^exponent`.
#[derive(Clone)]
struct Decimal {
    mantissa: BigInt,
    exponent: i64,
}

impl Decimal {
    fn cut(mut self, digits: u32) -> Self {
        let have = Int::from_big(self.mantissa.clone()).digit_count() as u32;
        if have > digits {
            let drop = have - digits;
            self.mantissa = Int::from_big(self.mantissa).round_down(drop).into_big();
            self.exponent += drop as i64;
        }
        self
    }

    fn mul(&self, other: &Decimal, digits: u32) -> Self {
        spend_product(&self.mantissa, &other.mantissa);
        Decimal { mantissa: &self.mantissa * &other.mantissa, exponent: self.exponent + other.exponent }
            .cut(digits)
    }

    /// Rounded to `scale` digits after the point.
    fn round<'a>(self, scale: u32, arena: &'a Arena) -> EvalResult<Numeric<'a>> {
        let shift = scale as i64 + self.exponent;
        let int = Int::from_big(self.mantissa);
        let int = if shift >= 0 {
            if shift > MAX_INTEGER_DIGITS + scale as i64 {
                return Err(Numeric::overflow());
            }
            int.scale_up(shift as u32)
        } else {
            int.round_down(shift.unsigned_abs().min(u32::MAX as u64) as u32)
        };
        int.with_scale(scale as u16, arena)
    }
}

/// e^(value / 10^digits) to about `digits` significant digits; the argument is moderate (|x| < 10000).
fn exp_fixed(argument: &BigInt, digits: u32) -> Decimal {
    let one = pow10_big(digits);
    // Halve until below 1/128, with as many guard digits as the squarings will cost.
    let mut halvings = 0u32;
    let mut size = (argument.abs() / &one).to_u64().unwrap_or(u64::MAX).saturating_add(1);
    while size > 0 {
        size >>= 1;
        halvings += 1;
    }
    halvings += 7;
    let guard = halvings / 3 + 8;
    let work = digits + guard;
    let one = pow10_big(work);
    let x: BigInt = (argument * pow10_big(guard)) >> halvings;
    let mut sum = &one + &x;
    let mut term = x.clone();
    let mut count = 2u32;
    loop {
        spend_product(&term, &one);
        term = &term * &x / &one / count;
        if term.is_zero() {
            break;
        }
        sum += &term;
        count += 1;
    }
    let mut result = Decimal { mantissa: sum, exponent: -(work as i64) };
    for _ in 0..halvings {
        result = result.mul(&result.clone(), work);
    }
    result
}

/// ln(mantissa · 10^-scale) · 10^digits, for a positive value.
fn ln_fixed(value: &Numeric<'_>, digits: u32) -> BigInt {
    // value = m · 10^power with m near 1: ln(value) = ln(m) + power · ln(10).
    let power = value.integer_digits();
    let work = digits + 20;
    let one = pow10_big(work);
    let shift = work as i64 - power - value.scale() as i64;
    let scaled = if shift >= 0 {
        value.int().scale_up(shift as u32).into_big()
    } else {
        value.int().round_down(-shift as u32).into_big()
    };
    // 0.1 ≤ m < 1 loses digits of a value just above 1: those need no power.
    if power == 1 {
        let direct = fixed(value, work);
        return ln_near_one(direct, &one, work) / pow10_big(20);
    }
    let ln_m = ln_near_one(scaled, &one, work);
    let ln_10 = ln_near_one(BigInt::from(10u32) * &one, &one, work);
    (ln_m + ln_10 * power) / pow10_big(20)
}

/// ln(x / one) · one: square roots until x is near 1, then the series of atanh.
fn ln_near_one(x: BigInt, one: &BigInt, digits: u32) -> BigInt {
    let extra = pow10_big(10);
    let one = one * &extra;
    let mut x = x * &extra;
    let _ = digits;
    let mut roots = 0u32;
    let (low, high) = (&one * 9u32 / 10u32, &one * 11u32 / 10u32);
    while x < low || x > high {
        spend_product(&x, &one);
        x = (&x * &one).sqrt();
        roots += 1;
    }
    let ratio = (&x - &one) * &one / (&x + &one);
    let square = &ratio * &ratio / &one;
    let mut power = ratio.clone();
    let mut sum = ratio;
    let mut count = 3u32;
    loop {
        spend_product(&power, &one);
        power = &power * &square / &one;
        let term = &power / count;
        if term.is_zero() {
            break;
        }
        sum += term;
        count += 2;
    }
    (sum << (roots + 1)) / extra
}

/// The leading base-10000 digits of a value and the power of ten of the last of them, as PostgreSQL stores it.
fn leading_groups(value: &Numeric<'_>, groups: u32) -> (f64, i64) {
    let digits = value.int().digits();
    let exponent = digits.len() as i64 - value.scale() as i64;
    let weight = (exponent - 1).div_euclid(4);
    let lead = (weight * 4 + 4 - exponent) as usize;
    // Trailing groups of zeros are not stored.
    let significant = digits.iter().rposition(|digit| *digit != 0).map_or(0, |last| last + 1);
    let stored = (lead + significant).div_ceil(4).max(1) as u32;
    let groups = groups.min(stored);
    let wanted = groups as usize * 4 - lead;
    let mut number = 0.0;
    for index in 0..wanted {
        number = number * 10.0 + digits.get(index).copied().unwrap_or(0) as f64;
    }
    (number, (weight - (groups as i64 - 1)) * 4)
}

/// `estimate_ln_dweight`: the decimal weight of ln(value).
fn ln_weight(value: &Numeric<'_>) -> i64 {
    if value.signum() <= 0 {
        return 0;
    }
    let near_one = value.compare(&Numeric::from_parts(9, 1)).is_ge()
        && value.compare(&Numeric::from_parts(11, 1)).is_le();
    if near_one {
        let arena = Arena::new();
        return match value.sub(&Numeric::ONE, &arena) {
            Ok(difference) if !difference.is_zero() => {
                let (first, power) = leading_groups(&difference, 1);
                power + first.log10() as i64
            }
            _ => 0,
        };
    }
    let (number, power) = leading_groups(value, 2);
    (number.ln() + power as f64 * LN_10).abs().log10() as i64
}

fn logarithm_error(what: &str) -> EvalError {
    EvalError::new("2201E", format!("cannot take logarithm of {what}"))
}

fn power_error(message: &str) -> EvalError {
    EvalError::new("2201F", message)
}

/// The value as a double, for estimates.
fn estimate(value: &Numeric<'_>) -> f64 {
    value.to_string().parse().unwrap_or(f64::MAX)
}

impl<'a> Numeric<'a> {
    /// `numeric_sqrt`
    pub fn sqrt(&self, arena: &'a Arena) -> EvalResult<Self> {
        if self.is_nan() || matches!(self, Numeric::Infinity) {
            return Ok(*self);
        }
        if self.signum() < 0 {
            return Err(power_error("cannot take square root of a negative number"));
        }
        let weight = if self.is_zero() { 0 } else { (self.integer_digits() - 1).div_euclid(4) };
        let root_weight = if weight >= 0 { weight * 4 / 2 + 1 } else { 1 - (1 - weight * 4) / 2 };
        let scale = bounded((MIN_SIGNIFICANT_DIGITS as i64 - root_weight).max(self.scale() as i64));
        self.sqrt_to(scale as u16, arena)
    }

    /// The square root of a finite value that is not negative, with this display scale.
    pub fn sqrt_to(&self, scale: u16, arena: &'a Arena) -> EvalResult<Self> {
        // One digit more than is shown decides the rounding.
        let shift = 2 * (scale as i64 + 1) - self.scale() as i64;
        let radicand = if shift >= 0 {
            self.int().scale_up(shift as u32).into_big()
        } else {
            self.int().scale_down(-shift as u32).into_big()
        };
        Int::from_big(radicand.sqrt()).round_down(1).with_scale(scale, arena)
    }

    /// `numeric_exp`
    pub fn exp(&self, arena: &'a Arena) -> EvalResult<Self> {
        match self {
            Numeric::NaN | Numeric::Infinity => return Ok(*self),
            Numeric::NegInfinity => return Ok(Numeric::ZERO),
            _ => {}
        }
        let limit = MAX_RESULT_SCALE as f64;
        let weight = (estimate(self) * LOG10_E).clamp(-limit, limit) as i64;
        let scale = bounded((MIN_SIGNIFICANT_DIGITS as i64 - weight).max(self.scale() as i64));
        self.exp_at(scale, arena)
    }

    fn exp_at(&self, scale: u32, arena: &'a Arena) -> EvalResult<Self> {
        let value = estimate(self);
        if value.abs() >= MAX_RESULT_SCALE as f64 * 3.0 {
            if value > 0.0 {
                return Err(Numeric::overflow());
            }
            return Ok(Numeric::from_parts(0, scale as u16));
        }
        let before = (value * LOG10_E).max(0.0) as u32;
        let digits = scale + before + 12;
        // The argument's own digits beyond the working precision do not matter.
        exp_fixed(&fixed(self, digits), digits).round(scale, arena)
    }

    fn check_logarithm(&self) -> EvalResult<()> {
        match self.signum() {
            -1 => Err(logarithm_error("a negative number")),
            0 => Err(logarithm_error("zero")),
            _ => Ok(()),
        }
    }

    /// `numeric_ln`
    pub fn ln(&self, arena: &'a Arena) -> EvalResult<Self> {
        if self.is_nan() {
            return Ok(*self);
        }
        self.check_logarithm()?;
        if self.is_infinite() {
            return Ok(*self);
        }
        let scale = bounded((MIN_SIGNIFICANT_DIGITS as i64 - ln_weight(self)).max(self.scale() as i64));
        let value = ln_fixed(self, scale + 4);
        Int::from_big(value).round_down(4).with_scale(scale as u16, arena)
    }

    /// `numeric_log`: the logarithm of `self` to a base.
    pub fn log(&self, base: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if self.is_nan() || base.is_nan() {
            return Ok(Numeric::NaN);
        }
        base.check_logarithm()?;
        self.check_logarithm()?;
        match (base.is_infinite(), self.is_infinite()) {
            (true, true) => return Ok(Numeric::NaN),
            (true, false) => return Ok(Numeric::ZERO),
            (false, true) => return Ok(Numeric::Infinity),
            (false, false) => {}
        }
        let (base_weight, weight) = (ln_weight(base), ln_weight(self));
        let scale = bounded(
            (MIN_SIGNIFICANT_DIGITS as i64 - (weight - base_weight))
                .max(base.scale() as i64)
                .max(self.scale() as i64),
        );
        // The quotient is as exact as its operands have significant digits.
        let digits = (scale as i64 + 12 + 2 * base_weight.abs() + weight.abs()) as u32;
        let divisor = ln_fixed(base, digits);
        if divisor.is_zero() {
            return Err(EvalError::division_by_zero());
        }
        let quotient = ln_fixed(self, digits) * pow10_big(scale + 4) / divisor;
        Int::from_big(quotient).round_down(4).with_scale(scale as u16, arena)
    }

    /// `numeric_log10` (`log(numeric)`).
    pub fn log10(&self, arena: &'a Arena) -> EvalResult<Self> {
        self.log(&Numeric::from_i64(10), arena)
    }

    fn as_integer(&self) -> Option<BigInt> {
        let scale = self.scale() as u32;
        let int = self.int().into_big();
        let power = pow10_big(scale);
        let quotient = &int / &power;
        (&quotient * &power == int).then_some(quotient)
    }

    /// `numeric_power`
    pub fn power(&self, exponent: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        if !self.is_finite() || !exponent.is_finite() {
            return self.power_special(exponent, arena);
        }
        if self.is_zero() && exponent.signum() < 0 {
            return Err(power_error("zero raised to a negative power is undefined"));
        }
        let integer = exponent.as_integer();
        if self.signum() < 0 && integer.is_none() {
            return Err(power_error(
                "a negative number raised to a non-integer power yields a complex result",
            ));
        }
        if let Some(small) = integer.as_ref().and_then(ToPrimitive::to_i32) {
            return self.power_integer(small, exponent.scale(), arena);
        }
        if self.is_zero() {
            return Ok(Numeric::from_parts(0, MIN_SIGNIFICANT_DIGITS as u16));
        }
        let scratch = Arena::new();
        let base = self.copy_to(&scratch).abs(&scratch);
        let odd = integer.is_some_and(|integer| integer.bit(0));
        // exponent · ln(base) to some 8 digits gives the weight of the result.
        let low = bounded(8 - ln_weight(&base));
        let ln_low =
            Int::from_big(ln_fixed(&base, low + 4)).round_down(4).with_scale(low as u16, &scratch)?;
        let product = estimate(&ln_low.mul(exponent, &scratch)?.round_to(low as i32, &scratch)?);
        if product.abs() > MAX_RESULT_SCALE as f64 * 3.01 {
            if product > 0.0 {
                return Err(Numeric::overflow());
            }
            return Ok(Numeric::from_parts(0, MAX_DISPLAY_SCALE as u16));
        }
        let weight = (product * LOG10_E) as i64;
        let scale = bounded(
            (MIN_SIGNIFICANT_DIGITS as i64 - weight).max(self.scale() as i64).max(exponent.scale() as i64),
        );
        let digits = (scale as i64 + weight.max(0) + exponent.integer_digits().max(0) + 16) as u32;
        let ln_base = ln_fixed(&base, digits);
        let argument = ln_base * exponent.int().into_big() / pow10_big(exponent.scale() as u32);
        let mut result = exp_fixed(&argument, digits);
        if odd && self.signum() < 0 {
            result.mantissa = -result.mantissa;
        }
        result.round(scale, arena)
    }

    /// `power_var_int`
    fn power_integer(&self, exponent: i32, exponent_scale: u16, arena: &'a Arena) -> EvalResult<Self> {
        let weight = if self.is_zero() {
            0.0
        } else {
            let (number, power) = leading_groups(self, 4);
            exponent as f64 * (number.log10() + power as f64)
        };
        if weight > MAX_INTEGER_DIGITS as f64 {
            return Err(Numeric::overflow());
        }
        if weight + 1.0 < -(MAX_DISPLAY_SCALE as f64) {
            return Ok(Numeric::from_parts(0, MAX_DISPLAY_SCALE as u16));
        }
        let scale = bounded(
            (MIN_SIGNIFICANT_DIGITS as i64 - weight as i64)
                .max(self.scale() as i64)
                .max(exponent_scale as i64),
        );
        if exponent == 0 {
            return Numeric::ONE.copy_to(arena).round_to(scale as i32, arena);
        }
        if self.is_zero() {
            return Ok(Numeric::from_parts(0, scale as u16));
        }
        // Square and multiply; each step may lose a unit of the last digit.
        let digits = (scale as i64 + weight.max(0.0) as i64 + 32) as u32;
        let mut square =
            Decimal { mantissa: self.int().into_big(), exponent: -(self.scale() as i64) }.cut(digits);
        let mut result = Decimal { mantissa: BigInt::one(), exponent: 0 };
        let mut rest = exponent.unsigned_abs();
        loop {
            if rest & 1 == 1 {
                result = result.mul(&square, digits);
            }
            rest >>= 1;
            if rest == 0 {
                break;
            }
            square = square.mul(&square.clone(), digits);
        }
        if exponent < 0 {
            let have = Int::from_big(result.mantissa.clone()).digit_count() as u32;
            let shift = have + digits;
            result = Decimal {
                mantissa: pow10_big(shift) / result.mantissa,
                exponent: -(shift as i64) - result.exponent,
            };
        }
        result.round(scale, arena)
    }

    /// POSIX's pow for NaN and the infinities.
    fn power_special(&self, exponent: &Numeric<'_>, arena: &'a Arena) -> EvalResult<Self> {
        let is_one = |value: &Numeric<'_>| value.compare(&Numeric::ONE).is_eq();
        if self.is_nan() {
            let one = exponent.is_finite() && exponent.is_zero();
            return Ok(if one { Numeric::ONE } else { Numeric::NaN });
        }
        if exponent.is_nan() {
            return Ok(if is_one(self) { Numeric::ONE } else { Numeric::NaN });
        }
        if self.signum() == 0 && exponent.signum() < 0 {
            return Err(power_error("zero raised to a negative power is undefined"));
        }
        if exponent.is_infinite() {
            let scratch = Arena::new();
            let size = self.copy_to(&scratch).abs(&scratch).compare(&Numeric::ONE);
            return Ok(match (size, exponent.signum() > 0) {
                _ if is_one(self) => Numeric::ONE,
                (std::cmp::Ordering::Equal, _) => Numeric::ONE,
                (std::cmp::Ordering::Greater, true) | (std::cmp::Ordering::Less, false) => Numeric::Infinity,
                _ => Numeric::ZERO,
            });
        }
        // The base is infinite, the exponent finite.
        if exponent.is_zero() {
            return Ok(Numeric::ONE);
        }
        let integer = exponent.as_integer();
        if self.signum() < 0 && integer.is_none() {
            return Err(power_error(
                "a negative number raised to a non-integer power yields a complex result",
            ));
        }
        if exponent.signum() < 0 {
            return Ok(Numeric::ZERO);
        }
        let odd = integer.is_some_and(|integer| integer.bit(0));
        let _ = arena;
        Ok(if self.signum() < 0 && odd { Numeric::NegInfinity } else { Numeric::Infinity })
    }
}
