//! The parts of a date and time while an input is read.

use crate::calendar;

/// Which parts are known: a bit each (PostgreSQL's DTK_M masks).
pub(super) mod mask {
    pub const YEAR: u32 = 1;
    pub const MONTH: u32 = 2;
    pub const DAY: u32 = 4;
    pub const DOY: u32 = 8;
    pub const HOUR: u32 = 16;
    pub const MINUTE: u32 = 32;
    pub const SECOND: u32 = 64;
    pub const ZONE: u32 = 128;
    pub const DAYLIGHT: u32 = 256;
    pub const AMPM: u32 = 512;
    pub const ADBC: u32 = 1024;
    pub const WEEKDAY: u32 = 2048;
    /// An abbreviation that stands for daylight-saving time or for different offsets.
    pub const ABBREVIATION: u32 = 4096;
    pub const DATE: u32 = YEAR | MONTH | DAY;
    pub const TIME: u32 = HOUR | MINUTE | SECOND;
}

/// A broken-down date and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub day_of_year: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub micros: i64,
    /// Seconds east of UTC.
    pub east: i32,
}

impl Fields {
    /// Day number of the date.
    pub fn days(&self) -> i64 {
        calendar::days_from_civil(self.year, self.month, self.day)
    }

    /// Microseconds since midnight.
    pub fn time_micros(&self) -> i64 {
        ((self.hour * 60 + self.minute) * 60 + self.second) * calendar::SECOND + self.micros
    }

    /// Microseconds since 2000-01-01, by the local clock; saturating.
    pub fn local_micros(&self) -> i64 {
        self.days().saturating_mul(calendar::DAY).saturating_add(self.time_micros())
    }

    /// Beyond 24:00:00 (which itself, and a second of 60, is allowed).
    pub fn time_overflows(&self) -> bool {
        !(0..=24).contains(&self.hour)
            || !(0..60).contains(&self.minute)
            || !(0..=60).contains(&self.second)
            || !(0..=calendar::SECOND).contains(&self.micros)
            || self.time_micros() > calendar::DAY
    }
}
