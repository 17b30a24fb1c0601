//! Variances, correlations and regressions from exact sums of values, squares and products.
//!
//! PostgreSQL's sums of squares of deviations are here `(count * sum of squares - square of the sum) / count` of exact
//! integers, so nothing cancels, and a retraction restores the very state. Results differ from PostgreSQL's by rounding
//! alone, which theirs has more of.

use super::codec::Reader;
use super::float::{FloatSum, Overflow};
use super::numeric::NumericSum;
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};
use tidewire_plan::AggregateFunction;
use tidewire_row::{Arena, Datum, EvalError, EvalResult, Numeric};

/// Which of the variances: of a population or a sample, as it is or its square root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variance {
    sample: bool,
    root: bool,
}

impl Variance {
    /// The one that a function asks for.
    pub fn of(function: AggregateFunction) -> Option<Self> {
        use AggregateFunction as F;
        let (sample, root) = match function {
            F::VarPop => (false, false),
            F::VarSamp => (true, false),
            F::StddevPop => (false, true),
            F::StddevSamp => (true, true),
            _ => return None,
        };
        Some(Variance { sample, root })
    }

    fn is_undefined(self, count: i64) -> bool {
        count < 1 || (self.sample && count < 2)
    }

    /// What the deviations are divided by.
    fn divisor(self, count: i64) -> i64 {
        if self.sample { count - 1 } else { count }
    }
}

/// Values and squares of numerics.
#[derive(Clone, Debug, Default)]
pub struct NumericMoments {
    values: NumericSum,
    squares: NumericSum,
}

impl NumericMoments {
    /// Adds `value` `diff` times.
    pub fn add(&mut self, value: Numeric<'_>, diff: i64) {
        self.values.add(value, diff);
        self.squares.add_square(value, diff);
    }

    /// Appends it as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.values.encode(out);
        self.squares.encode(out);
    }

    /// What [`encode`](NumericMoments::encode) wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Self {
        NumericMoments { values: NumericSum::decode(reader), squares: NumericSum::decode(reader) }
    }

    /// The variance of `count` values, with PostgreSQL's scale (`numeric_stddev_internal`).
    pub fn variance<'a>(&self, which: Variance, count: i64, arena: &'a Arena) -> EvalResult<Datum<'a>> {
        if which.is_undefined(count) {
            return Ok(Datum::Null);
        }
        if self.values.is_special() {
            return Ok(Datum::Numeric(Numeric::NaN));
        }
        let (sum, scale) = self.values.shown();
        let (squares, _) = self.squares.shown();
        let deviations = squares * count - &sum * &sum;
        if !deviations.is_positive() {
            return Ok(Datum::Numeric(Numeric::from_parts(0, 0)));
        }
        let dividend = Numeric::from_bigint(&deviations, scale * 2, arena)?;
        let divisor =
            Numeric::from_bigint(&(BigInt::from(count) * BigInt::from(which.divisor(count))), 0, arena)?;
        let variance = dividend.div(&divisor, arena)?;
        Ok(Datum::Numeric(match which.root {
            true => variance.sqrt_to(variance.scale(), arena)?,
            false => variance,
        }))
    }
}

/// Values and squares of floats.
#[derive(Clone, Debug, Default)]
pub struct FloatMoments {
    values: FloatSum,
    squares: FloatSum,
}

impl FloatMoments {
    /// Adds `value` `diff` times.
    pub fn add(&mut self, value: f64, diff: i64) {
        self.values.add(value, diff);
        self.squares.add_product(value, value, diff);
    }

    /// Appends it as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.values.encode(out);
        self.squares.encode(out);
    }

    /// What [`encode`](FloatMoments::encode) wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Self {
        FloatMoments { values: FloatSum::decode(reader), squares: FloatSum::decode(reader) }
    }

    /// The variance of `count` values.
    pub fn variance<'a>(&self, which: Variance, count: i64) -> EvalResult<Datum<'a>> {
        if which.is_undefined(count) {
            return Ok(Datum::Null);
        }
        let Some(deviations) = deviations(&self.values, &self.values, &self.squares, count) else {
            return Ok(Datum::Float64(f64::NAN));
        };
        let divisor = Scaled::from(count as f64).times(Scaled::from(which.divisor(count) as f64));
        let variance = Scaled::new(&deviations, SQUARES).over(divisor);
        float(if which.root { variance.root() } else { variance })
    }
}

/// Values, squares and products of pairs of floats: `y` depends on `x`.
#[derive(Clone, Debug, Default)]
pub struct PairMoments {
    x: FloatSum,
    y: FloatSum,
    xx: FloatSum,
    yy: FloatSum,
    xy: FloatSum,
}

impl PairMoments {
    /// Adds the pair `diff` times.
    pub fn add(&mut self, y: f64, x: f64, diff: i64) {
        self.x.add(x, diff);
        self.y.add(y, diff);
        self.xx.add_product(x, x, diff);
        self.yy.add_product(y, y, diff);
        self.xy.add_product(x, y, diff);
    }

    /// Appends it as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for sum in [&self.x, &self.y, &self.xx, &self.yy, &self.xy] {
            sum.encode(out);
        }
    }

    /// What [`encode`](PairMoments::encode) wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Self {
        let mut next = || FloatSum::decode(reader);
        PairMoments { x: next(), y: next(), xx: next(), yy: next(), xy: next() }
    }

    /// The function's value over `count` pairs.
    pub fn value<'a>(&self, function: AggregateFunction, count: i64) -> EvalResult<Datum<'a>> {
        use AggregateFunction as F;
        let least = if function == F::CovarSamp { 2 } else { 1 };
        if count < least {
            return Ok(Datum::Null);
        }
        let mean = |sum: &FloatSum| match sum.to_f64(count) {
            Ok(sum) => Ok(Datum::Float64(sum / count as f64)),
            Err(Overflow) => Err(overflow()),
        };
        match function {
            F::RegrAvgx => return mean(&self.x),
            F::RegrAvgy => return mean(&self.y),
            _ => {}
        }
        // Each `count` times PostgreSQL's sum; None is NaN.
        let sxx = deviations(&self.x, &self.x, &self.xx, count);
        let syy = deviations(&self.y, &self.y, &self.yy, count);
        let sxy = deviations(&self.x, &self.y, &self.xy, count);
        let is_zero = |sum: &Option<BigInt>| sum.as_ref().is_some_and(Zero::is_zero);
        let whole = Scaled::from(count as f64);
        let scaled = |sum: &Option<BigInt>| sum.as_ref().map(|sum| Scaled::new(sum, SQUARES));
        let result = match function {
            F::RegrSxx => scaled(&sxx).map(|sum| sum.over(whole)),
            F::RegrSyy => scaled(&syy).map(|sum| sum.over(whole)),
            F::RegrSxy => scaled(&sxy).map(|sum| sum.over(whole)),
            F::CovarPop => scaled(&sxy).map(|sum| sum.over(whole.times(whole))),
            F::CovarSamp => scaled(&sxy).map(|sum| sum.over(whole.times(Scaled::from((count - 1) as f64)))),
            F::Corr if is_zero(&sxx) || is_zero(&syy) => return Ok(Datum::Null),
            F::Corr => match (scaled(&sxx), scaled(&syy), scaled(&sxy)) {
                (Some(sxx), Some(syy), Some(sxy)) => {
                    let correlation = sxy.over(sxx.times(syy).root()).value();
                    return Ok(Datum::Float64(correlation.clamp(-1.0, 1.0)));
                }
                _ => None,
            },
            // Without a spread of x there is no line.
            _ if is_zero(&sxx) => return Ok(Datum::Null),
            F::RegrR2 if is_zero(&syy) => return Ok(Datum::Float64(1.0)),
            F::RegrR2 => match (scaled(&sxx), scaled(&syy), scaled(&sxy)) {
                (Some(sxx), Some(syy), Some(sxy)) => Some(sxy.times(sxy).over(sxx.times(syy))),
                _ => None,
            },
            F::RegrSlope => match (scaled(&sxx), scaled(&sxy)) {
                (Some(sxx), Some(sxy)) => Some(sxy.over(sxx)),
                _ => None,
            },
            F::RegrIntercept => match (&sxx, &sxy) {
                (Some(sxx), Some(sxy)) => {
                    let crossed = self.y.integer() * sxx - self.x.integer() * sxy;
                    let divisor = Scaled::new(&(sxx * count), SQUARES);
                    Some(Scaled::new(&crossed, VALUES + SQUARES).over(divisor))
                }
                _ => None,
            },
            other => return Err(EvalError::new("XX000", format!("{other:?} is no function of pairs"))),
        };
        result.map_or(Ok(Datum::Float64(f64::NAN)), float)
    }
}

/// The unit of sums of values is 2 to this power, that of sums of products twice as small.
const VALUES: i32 = -1074;
const SQUARES: i32 = 2 * VALUES;

/// `count` times the sum of products of deviations; None where it is not a number.
fn deviations(a: &FloatSum, b: &FloatSum, products: &FloatSum, count: i64) -> Option<BigInt> {
    if a.is_special() || b.is_special() || products.is_special() {
        return None;
    }
    Some(products.integer() * count - a.integer() * b.integer())
}

fn overflow() -> EvalError {
    EvalError::new("22003", "value out of range: overflow")
}

fn float<'a>(scaled: Scaled) -> EvalResult<Datum<'a>> {
    let value = scaled.value();
    if value.is_infinite() { Err(overflow()) } else { Ok(Datum::Float64(value)) }
}

/// `mantissa * 2^exponent`, so that what is out of a double's range on the way to the result does no harm.
#[derive(Clone, Copy, Debug)]
struct Scaled {
    mantissa: f64,
    exponent: i32,
}

impl From<f64> for Scaled {
    fn from(mantissa: f64) -> Self {
        Scaled { mantissa, exponent: 0 }
    }
}

impl Scaled {
    /// `value * 2^unit`, rounded.
    fn new(value: &BigInt, unit: i32) -> Self {
        let drop = (value.bits() as i64 - 62).max(0);
        let kept = (value >> drop as usize).to_i64().unwrap_or(0);
        Scaled { mantissa: kept as f64, exponent: unit + drop as i32 }
    }

    fn times(self, other: Scaled) -> Scaled {
        Scaled { mantissa: self.mantissa * other.mantissa, exponent: self.exponent + other.exponent }
    }

    fn over(self, other: Scaled) -> Scaled {
        Scaled { mantissa: self.mantissa / other.mantissa, exponent: self.exponent - other.exponent }
    }

    fn root(self) -> Scaled {
        let odd = self.exponent.rem_euclid(2);
        let mantissa = if odd == 1 { self.mantissa * 2.0 } else { self.mantissa };
        Scaled { mantissa: mantissa.sqrt(), exponent: (self.exponent - odd) / 2 }
    }

    fn value(self) -> f64 {
        let (mut value, mut left) = (self.mantissa, self.exponent);
        while left != 0 && value != 0.0 && value.is_finite() {
            let step = left.clamp(-1000, 1000);
            value *= f64::from_bits(((step + 1023) as u64) << 52);
            left -= step;
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(values: &[(f64, f64)]) -> PairMoments {
        let mut moments = PairMoments::default();
        for (y, x) in values {
            moments.add(*y, *x, 1);
        }
        moments
    }

    fn value(moments: &PairMoments, function: AggregateFunction, count: i64) -> Option<f64> {
        match moments.value(function, count).unwrap() {
            Datum::Float64(value) => Some(value),
            _ => None,
        }
    }

    #[test]
    fn lines_are_found_exactly() {
        use AggregateFunction as F;
        let line: Vec<(f64, f64)> = (0..10).map(|x| (0.5 * x as f64 - 3.0, x as f64)).collect();
        let moments = pairs(&line);
        assert_eq!(value(&moments, F::RegrSlope, 10), Some(0.5));
        assert_eq!(value(&moments, F::RegrIntercept, 10), Some(-3.0));
        assert_eq!(value(&moments, F::Corr, 10), Some(1.0));
        assert_eq!(value(&moments, F::RegrR2, 10), Some(1.0));
        assert_eq!(value(&moments, F::CovarPop, 10), Some(4.125));
        // The root of the product is exact where the product of the roots is not.
        let steep: Vec<(f64, f64)> = (1..6).map(|x| (10.0 * x as f64, x as f64)).collect();
        assert_eq!(value(&pairs(&steep), F::Corr, 5), Some(1.0));
    }

    #[test]
    fn equal_values_have_no_spread() {
        let mut moments = FloatMoments::default();
        for _ in 0..7 {
            moments.add(0.1, 1);
        }
        let which = Variance { sample: true, root: true };
        assert!(matches!(moments.variance(which, 7), Ok(Datum::Float64(0.0))));
        assert!(matches!(moments.variance(which, 1), Ok(Datum::Null)));
    }

    #[test]
    fn retraction_restores_the_state() {
        let mut moments = FloatMoments::default();
        for value in [1e200, 3.0, -1e-200, f64::NAN, 5.0] {
            moments.add(value, 1);
        }
        for value in [1e200, -1e-200, f64::NAN] {
            moments.add(value, -1);
        }
        let which = Variance { sample: false, root: false };
        assert!(matches!(moments.variance(which, 2), Ok(Datum::Float64(1.0))));
    }
}
