//! The interval value: months, days and microseconds, as PostgreSQL keeps them apart.

/// Microseconds of a day.
pub(crate) const DAY_MICROS: i64 = 86_400_000_000;

/// An interval. All fields at their minimum is -infinity, all at their maximum infinity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Years and months.
    pub months: i32,
    /// Weeks and days.
    pub days: i32,
    /// Hours, minutes, seconds.
    pub micros: i64,
}

impl Interval {
    /// infinity
    pub const INFINITY: Interval = Interval { months: i32::MAX, days: i32::MAX, micros: i64::MAX };
    /// -infinity
    pub const NEG_INFINITY: Interval = Interval { months: i32::MIN, days: i32::MIN, micros: i64::MIN };

    /// Neither infinity nor -infinity.
    #[inline]
    pub fn is_finite(&self) -> bool {
        *self != Self::INFINITY && *self != Self::NEG_INFINITY
    }

    /// What intervals compare by: microseconds with months of 30 days and days of 24 hours.
    #[inline]
    pub fn span(&self) -> i128 {
        self.micros as i128 + (self.days as i128 + self.months as i128 * 30) * DAY_MICROS as i128
    }

    /// Order bytes of the span. |span| < 2^73, so that 10 bytes hold it with an offset.
    #[inline]
    pub(crate) fn span_bytes(&self) -> [u8; 10] {
        let ordered = (self.span() + (1i128 << 79)) as u128;
        ordered.to_be_bytes()[6..].try_into().unwrap()
    }

    /// The interval of a packed span and its months and days.
    #[inline]
    pub(crate) fn from_span_bytes(span: [u8; 10], months: i32, days: i32) -> Self {
        let mut wide = [0u8; 16];
        wide[6..].copy_from_slice(&span);
        let span = u128::from_be_bytes(wide) as i128 - (1i128 << 79);
        let rest = (days as i128 + months as i128 * 30) * DAY_MICROS as i128;
        Interval { months, days, micros: (span - rest) as i64 }
    }

    /// The interval of the same span with as much as possible in months, then in days.
    pub fn canonical(&self) -> Self {
        let day = DAY_MICROS as i128;
        let span = self.span();
        let months = (span / (30 * day)).clamp(i32::MIN as i128, i32::MAX as i128);
        let rest = span - months * 30 * day;
        let days = (rest / day).clamp(i32::MIN as i128, i32::MAX as i128);
        Interval { months: months as i32, days: days as i32, micros: (rest - days * day) as i64 }
    }
}
