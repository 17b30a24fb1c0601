//! Exact sums of numerics that restore value, display scale, NaN and infinities when values are retracted.

use super::codec::{Reader, put_bytes, put_int, put_wide};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use tidewire_row::{Arena, EvalResult, Numeric};

/// A sum of numerics.
#[derive(Clone, Debug, Default)]
pub struct NumericSum {
    /// The finite part is `mantissa * 10^-scale`; `scale` never falls, so that retractions are exact.
    mantissa: Mantissa,
    scale: u16,
    /// How many finite values have each display scale: the result shows the largest that is there.
    scales: Vec<(u16, i64)>,
    nan: i64,
    infinity: i64,
    negative_infinity: i64,
}

#[derive(Clone, Debug)]
enum Mantissa {
    Small(i128),
    Big(BigInt),
}

impl Default for Mantissa {
    fn default() -> Self {
        Mantissa::Small(0)
    }
}

impl Mantissa {
    fn from_big(value: BigInt) -> Self {
        match value.to_i128() {
            Some(small) => Mantissa::Small(small),
            None => Mantissa::Big(value),
        }
    }

    fn to_big(&self) -> BigInt {
        match self {
            Mantissa::Small(value) => BigInt::from(*value),
            Mantissa::Big(value) => value.clone(),
        }
    }

    fn scale_up(&mut self, by: u32) {
        *self = match self {
            Mantissa::Small(0) => return,
            Mantissa::Small(value) => match 10i128.checked_pow(by).and_then(|power| value.checked_mul(power))
            {
                Some(scaled) => Mantissa::Small(scaled),
                None => Mantissa::from_big(self.to_big() * BigInt::from(10u32).pow(by)),
            },
            Mantissa::Big(value) => Mantissa::from_big(&*value * BigInt::from(10u32).pow(by)),
        };
    }

    fn add(&mut self, other: Mantissa) {
        if let (Mantissa::Small(a), Mantissa::Small(b)) = (&*self, &other)
            && let Some(sum) = a.checked_add(*b)
        {
            *self = Mantissa::Small(sum);
            return;
        }
        *self = Mantissa::from_big(self.to_big() + other.to_big());
    }
}

impl NumericSum {
    /// Appends it as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match &self.mantissa {
            Mantissa::Small(value) => {
                put_int(out, self.scale as i64);
                put_wide(out, *value);
            }
            Mantissa::Big(value) => {
                put_int(out, -1 - self.scale as i64);
                put_bytes(out, &value.to_signed_bytes_le());
            }
        }
        put_int(out, self.scales.len() as i64);
        for (scale, count) in &self.scales {
            put_int(out, *scale as i64);
            put_int(out, *count);
        }
        for count in [self.nan, self.infinity, self.negative_infinity] {
            put_int(out, count);
        }
    }

    /// What [`encode`](NumericSum::encode) wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Self {
        let (scale, mantissa) = match reader.int() {
            scale @ 0.. => (scale as u16, Mantissa::Small(reader.wide())),
            scale => ((-1 - scale) as u16, Mantissa::from_big(BigInt::from_signed_bytes_le(reader.bytes()))),
        };
        let scales = (0..reader.int()).map(|_| (reader.int() as u16, reader.int())).collect();
        let (nan, infinity) = (reader.int(), reader.int());
        NumericSum { mantissa, scale, scales, nan, infinity, negative_infinity: reader.int() }
    }

    /// Adds `value` `diff` times.
    pub fn add(&mut self, value: Numeric<'_>, diff: i64) {
        let (mantissa, scale) = match value {
            Numeric::NaN => {
                self.nan = self.nan.wrapping_add(diff);
                return;
            }
            Numeric::Infinity => {
                self.infinity = self.infinity.wrapping_add(diff);
                return;
            }
            Numeric::NegInfinity => {
                self.negative_infinity = self.negative_infinity.wrapping_add(diff);
                return;
            }
            finite => match (finite.small_parts(), finite.big_parts()) {
                (Some((mantissa, scale)), _) => match mantissa.checked_mul(diff as i128) {
                    Some(product) => (Mantissa::Small(product), scale),
                    None => (Mantissa::from_big(BigInt::from(mantissa) * diff), scale),
                },
                (None, Some((mantissa, scale))) => (Mantissa::from_big(mantissa * diff), scale),
                (None, None) => return,
            },
        };
        self.add_scaled(mantissa, scale, diff);
    }

    /// Adds the square of `value` `diff` times; the sum is then one of squares alone.
    pub fn add_square(&mut self, value: Numeric<'_>, diff: i64) {
        let (mantissa, scale) = match (value.small_parts(), value.big_parts()) {
            (Some((mantissa, scale)), _) => {
                match mantissa.checked_mul(mantissa).and_then(|square| square.checked_mul(diff as i128)) {
                    Some(product) => (Mantissa::Small(product), scale),
                    None => (Mantissa::from_big(BigInt::from(mantissa) * mantissa * diff), scale),
                }
            }
            (None, Some((mantissa, scale))) => (Mantissa::from_big(&mantissa * &mantissa * diff), scale),
            (None, None) => return,
        };
        self.add_scaled(mantissa, scale * 2, diff);
    }

    /// Whether a value was NaN or infinite.
    pub fn is_special(&self) -> bool {
        self.nan != 0 || self.infinity != 0 || self.negative_infinity != 0
    }

    /// The finite part as `mantissa * 10^-scale`, with the largest scale of the values that are there.
    pub fn shown(&self) -> (BigInt, u16) {
        let shown = self.scales.iter().map(|(scale, _)| *scale).max().unwrap_or(0);
        let drop = self.scale.saturating_sub(shown) as u32;
        (self.mantissa.to_big() / BigInt::from(10u32).pow(drop), shown)
    }

    fn add_scaled(&mut self, mut mantissa: Mantissa, scale: u16, diff: i64) {
        match self.scales.iter_mut().position(|(known, _)| *known == scale) {
            Some(index) => {
                self.scales[index].1 = self.scales[index].1.wrapping_add(diff);
                if self.scales[index].1 == 0 {
                    self.scales.swap_remove(index);
                }
            }
            None => self.scales.push((scale, diff)),
        }
        if scale > self.scale {
            self.mantissa.scale_up((scale - self.scale) as u32);
            self.scale = scale;
        } else if scale < self.scale {
            mantissa.scale_up((self.scale - scale) as u32);
        }
        self.mantissa.add(mantissa);
    }

    /// The sum. 22003 beyond PostgreSQL's range.
    pub fn value<'a>(&self, arena: &'a Arena) -> EvalResult<Numeric<'a>> {
        if self.nan != 0 || (self.infinity != 0 && self.negative_infinity != 0) {
            return Ok(Numeric::NaN);
        }
        if self.infinity != 0 {
            return Ok(Numeric::Infinity);
        }
        if self.negative_infinity != 0 {
            return Ok(Numeric::NegInfinity);
        }
        let shown = self.scales.iter().map(|(scale, _)| *scale).max().unwrap_or(0);
        // What lies below the shown scale was retracted: zeros.
        let drop = (self.scale.saturating_sub(shown)) as u32;
        if let Mantissa::Small(value) = &self.mantissa {
            match 10i128.checked_pow(drop) {
                Some(power) => return Ok(Numeric::from_parts(value / power, shown)),
                None if *value == 0 => return Ok(Numeric::from_parts(0, shown)),
                None => {}
            }
        }
        Numeric::from_bigint(&(self.mantissa.to_big() / BigInt::from(10u32).pow(drop)), shown, arena)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidewire_row::{Datum, FormatSettings, ScalarType, text_in, text_out};

    fn add(sum: &mut NumericSum, text: &str, diff: i64) {
        let arena = Arena::new();
        match text_in(ScalarType::Numeric, -1, text, &FormatSettings::default(), &arena) {
            Ok(Datum::Numeric(value)) => sum.add(value, diff),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn shown(sum: &NumericSum) -> String {
        let arena = Arena::new();
        let mut out = Vec::new();
        let value = sum.value(&arena).unwrap();
        text_out(Datum::Numeric(value), ScalarType::Numeric, &FormatSettings::default(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn retraction_restores_value_and_scale() {
        let mut sum = NumericSum::default();
        add(&mut sum, "1.5", 1);
        add(&mut sum, "2.25000", 1);
        assert_eq!(shown(&sum), "3.75000");
        add(&mut sum, "2.25000", -1);
        assert_eq!(shown(&sum), "1.5");
        add(&mut sum, "NaN", 1);
        assert_eq!(shown(&sum), "NaN");
        add(&mut sum, "NaN", -1);
        add(&mut sum, "Infinity", 1);
        assert_eq!(shown(&sum), "Infinity");
        add(&mut sum, "-Infinity", 1);
        assert_eq!(shown(&sum), "NaN");
        add(&mut sum, "Infinity", -1);
        assert_eq!(shown(&sum), "-Infinity");
        add(&mut sum, "-Infinity", -1);
        assert_eq!(shown(&sum), "1.5");
    }

    #[test]
    fn widens_and_comes_back() {
        let mut sum = NumericSum::default();
        let large = "9".repeat(60);
        add(&mut sum, &large, 3);
        add(&mut sum, "0.000000000000000000000000000000000000000000001", 1);
        assert_eq!(shown(&sum), format!("2{}7.{}1", "9".repeat(59), "0".repeat(44)));
        add(&mut sum, "7", 1);
        add(&mut sum, "0.000000000000000000000000000000000000000000001", -1);
        assert_eq!(shown(&sum), format!("300000{}4", "0".repeat(54)));
        add(&mut sum, &large, -3);
        assert_eq!(shown(&sum), "7");
    }
}
