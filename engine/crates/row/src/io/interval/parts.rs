//! The parts of an interval while an input is read, within PostgreSQL's ranges.

use crate::calendar::{DAY, HOUR, MINUTE, SECOND};
use crate::io::datetime::Refusal;
use crate::io::datetime::words::Unit;

/// Parts while an input is read; within int4 and int8 as PostgreSQL keeps them.
#[derive(Default)]
pub(super) struct Parts {
    pub years: i32,
    pub months: i32,
    pub days: i32,
    pub micros: i64,
}

fn int4(value: Option<i64>) -> Option<i32> {
    value.and_then(|value| i32::try_from(value).ok())
}

impl Parts {
    fn add_years(&mut self, value: i64, scale: i64) -> Option<()> {
        self.years = self.years.checked_add(int4(value.checked_mul(scale))?)?;
        Some(())
    }

    fn add_months(&mut self, value: i64) -> Option<()> {
        self.months = self.months.checked_add(int4(Some(value))?)?;
        Some(())
    }

    fn add_days(&mut self, value: i64, scale: i64) -> Option<()> {
        self.days = self.days.checked_add(int4(value.checked_mul(scale))?)?;
        Some(())
    }

    fn add_micros(&mut self, value: i64, fraction: f64, scale: i64) -> Option<()> {
        self.micros = self.micros.checked_add(value.checked_mul(scale)?)?;
        self.add_fraction_micros(fraction, scale)
    }

    fn add_fraction_micros(&mut self, fraction: f64, scale: i64) -> Option<()> {
        let scaled = fraction * scale as f64;
        let mut whole = scaled as i64;
        let rest = scaled - whole as f64;
        if rest > 0.5 {
            whole += 1;
        } else if rest < -0.5 {
            whole -= 1;
        }
        self.micros = self.micros.checked_add(whole)?;
        Some(())
    }

    fn add_fraction_days(&mut self, fraction: f64, scale: i64) -> Option<()> {
        let scaled = fraction * scale as f64;
        let whole = scaled as i32;
        self.days = self.days.checked_add(whole)?;
        self.add_fraction_micros(scaled - whole as f64, DAY)
    }

    fn add_fraction_years(&mut self, fraction: f64, scale: i64) -> Option<()> {
        let months = (fraction * scale as f64 * 12.0).round_ties_even() as i32;
        self.months = self.months.checked_add(months)?;
        Some(())
    }

    pub fn negate(&mut self) -> Option<()> {
        self.years = self.years.checked_neg()?;
        self.months = self.months.checked_neg()?;
        self.days = self.days.checked_neg()?;
        self.micros = self.micros.checked_neg()?;
        Some(())
    }

    /// Adds `value + fraction` of a unit.
    pub fn add(&mut self, unit: Unit, value: i64, fraction: f64) -> Result<(), Refusal> {
        let scaled_years = |parts: &mut Parts, scale: i64| {
            parts.add_years(value, scale).and_then(|()| parts.add_fraction_years(fraction, scale))
        };
        let done = match unit {
            Unit::Microsecond => self.add_micros(value, fraction, 1),
            Unit::Millisecond => self.add_micros(value, fraction, 1000),
            Unit::Second => self.add_micros(value, fraction, SECOND),
            Unit::Minute => self.add_micros(value, fraction, MINUTE),
            Unit::Hour => self.add_micros(value, fraction, HOUR),
            Unit::Day => self.add_days(value, 1).and_then(|()| self.add_fraction_micros(fraction, DAY)),
            Unit::Week => self.add_days(value, 7).and_then(|()| self.add_fraction_days(fraction, 7)),
            Unit::Month => self.add_months(value).and_then(|()| self.add_fraction_days(fraction, 30)),
            Unit::Year => scaled_years(self, 1),
            Unit::Decade => scaled_years(self, 10),
            Unit::Century => scaled_years(self, 100),
            Unit::Millennium => scaled_years(self, 1000),
            Unit::Other => return Err(Refusal::BadFormat),
        };
        done.ok_or(Refusal::FieldOverflow)
    }
}
