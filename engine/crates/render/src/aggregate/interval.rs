//! Sums of intervals, field by field, with infinities counted.

use super::codec::{Reader, put_int, put_wide};
use tidewire_row::{EvalError, EvalResult, Interval};

/// A sum of intervals.
#[derive(Clone, Debug, Default)]
pub struct IntervalSum {
    months: i128,
    days: i128,
    micros: i128,
    infinity: i64,
    negative_infinity: i64,
}

impl IntervalSum {
    /// Appends it as bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for sum in [self.months, self.days, self.micros] {
            put_wide(out, sum);
        }
        put_int(out, self.infinity);
        put_int(out, self.negative_infinity);
    }

    /// What [`encode`](IntervalSum::encode) wrote.
    pub fn decode(reader: &mut Reader<'_>) -> Self {
        IntervalSum {
            months: reader.wide(),
            days: reader.wide(),
            micros: reader.wide(),
            infinity: reader.int(),
            negative_infinity: reader.int(),
        }
    }

    /// Adds `value` `diff` times.
    pub fn add(&mut self, value: Interval, diff: i64) {
        if value == Interval::INFINITY {
            self.infinity = self.infinity.wrapping_add(diff);
        } else if value == Interval::NEG_INFINITY {
            self.negative_infinity = self.negative_infinity.wrapping_add(diff);
        } else {
            self.months = self.months.wrapping_add(value.months as i128 * diff as i128);
            self.days = self.days.wrapping_add(value.days as i128 * diff as i128);
            self.micros = self.micros.wrapping_add(value.micros as i128 * diff as i128);
        }
    }

    /// The sum. 22008 when a field is out of range or infinities of both signs meet.
    pub fn value(&self) -> EvalResult<Interval> {
        let out_of_range = || EvalError::new("22008", "interval out of range");
        match (self.infinity != 0, self.negative_infinity != 0) {
            (true, true) => Err(out_of_range()),
            (true, false) => Ok(Interval::INFINITY),
            (false, true) => Ok(Interval::NEG_INFINITY),
            (false, false) => {
                let sum = Interval {
                    months: self.months.try_into().map_err(|_| out_of_range())?,
                    days: self.days.try_into().map_err(|_| out_of_range())?,
                    micros: self.micros.try_into().map_err(|_| out_of_range())?,
                };
                // The bytes of the infinities are not finite sums.
                if sum.is_finite() { Ok(sum) } else { Err(out_of_range()) }
            }
        }
    }
}
