//! round, trunc, ceil, floor and what depends on the scale.

use super::{MAX_DISPLAY_SCALE, Numeric};
use crate::{Arena, EvalResult};

impl<'a> Numeric<'a> {
    /// Rounds half away from zero to `scale` digits after the point (negative: before it).
    pub(crate) fn round_to(&self, scale: i32, arena: &'a Arena) -> EvalResult<Self> {
        self.rescale(scale, arena, true)
    }

    fn rescale(&self, scale: i32, arena: &'a Arena, round: bool) -> EvalResult<Self> {
        if !self.is_finite() {
            return Ok(*self);
        }
        let have = self.scale() as i32;
        let shown = scale.max(0) as u16;
        if scale >= have {
            return self.int().scale_up((scale - have) as u32).with_scale(shown, arena);
        }
        let drop = (have - scale) as u32;
        let cut = if round { self.int().round_down(drop) } else { self.int().scale_down(drop) };
        // Before the point: the zeros come back.
        cut.scale_up((-scale).max(0) as u32).with_scale(shown, arena)
    }

    /// `round(numeric, int4)`.
    pub fn round(&self, scale: i32, arena: &'a Arena) -> EvalResult<Self> {
        self.rescale(clamp(scale), arena, true)
    }

    /// `trunc(numeric, int4)`.
    pub fn trunc(&self, scale: i32, arena: &'a Arena) -> EvalResult<Self> {
        self.rescale(clamp(scale), arena, false)
    }

    /// `ceil(numeric)`.
    pub fn ceil(&self, arena: &'a Arena) -> EvalResult<Self> {
        self.toward(arena, 1)
    }

    /// `floor(numeric)`.
    pub fn floor(&self, arena: &'a Arena) -> EvalResult<Self> {
        self.toward(arena, -1)
    }

    fn toward(&self, arena: &'a Arena, direction: i32) -> EvalResult<Self> {
        let cut = self.rescale(0, arena, false)?;
        if self.signum() == direction && cut.compare(self) != std::cmp::Ordering::Equal {
            return cut.add(&Numeric::from_i64(direction as i64), arena);
        }
        Ok(cut)
    }

    /// `trim_scale(numeric)`.
    pub fn trim_scale(&self, arena: &'a Arena) -> Self {
        self.without_trailing_zeros(arena)
    }

    /// `min_scale(numeric)`; None for NaN and infinities.
    pub fn min_scale(&self, arena: &'a Arena) -> Option<i32> {
        self.is_finite().then(|| self.without_trailing_zeros(arena).scale() as i32)
    }
}

fn clamp(scale: i32) -> i32 {
    // PostgreSQL 18 limits by the format's range: 131072 + 1 digits before, 16383 after.
    scale.clamp(-(super::MAX_INTEGER_DIGITS as i32 + 1), super::MAX_SCALE.max(MAX_DISPLAY_SCALE))
}
