//! What keeps times readable.

use crate::engine::NativeEngine;
use crate::error::{call, too_old};
use napi_derive::napi;
use tidewire_worker::{Hold, HoldApart};

/// Keeps a time readable.
#[napi]
pub struct NativeHold {
    hold: Option<Hold>,
}

#[napi]
impl NativeHold {
    /// The time; 0 when it was let go.
    #[napi(catch_unwind)]
    pub fn timestamp(&self) -> f64 {
        self.hold.as_ref().map_or(0, Hold::time) as f64
    }

    /// Lets go.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.hold = None;
    }
}

/// Keeps some collections readable at a time that moves on.
#[napi]
pub struct NativeHoldApart {
    hold: Option<HoldApart>,
}

#[napi]
impl NativeHoldApart {
    /// Holds a later time.
    #[napi(catch_unwind)]
    pub fn advance(&mut self, timestamp: f64) {
        if let Some(hold) = self.hold.as_mut() {
            hold.advance(timestamp as u64);
        }
    }

    /// Lets go.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        self.hold = None;
    }
}

#[napi]
impl NativeEngine {
    /// Keeps a time readable; with `at_least` the oldest readable one where that is too old.
    #[napi(catch_unwind)]
    pub fn hold(&self, timestamp: f64, at_least: bool) -> napi::Result<NativeHold> {
        call(|| {
            let time = timestamp as u64;
            let hold = match at_least {
                true => self.runtime.hold_at_least(time),
                false => self.runtime.hold(time).map_err(|error| too_old(time, error))?,
            };
            Ok(NativeHold { hold: Some(hold) })
        })
    }

    /// Keeps these readable at a time, and no others.
    #[napi(catch_unwind)]
    pub fn hold_apart(&self, ids: Vec<f64>, timestamp: f64) -> napi::Result<NativeHoldApart> {
        call(|| {
            let (ids, time): (Vec<u64>, _) =
                (ids.into_iter().map(|id| id as u64).collect(), timestamp as u64);
            let hold = self.runtime.hold_apart(&ids, time).map_err(|error| too_old(time, error))?;
            Ok(NativeHoldApart { hold: Some(hold) })
        })
    }

    /// How far compaction trails.
    #[napi(catch_unwind)]
    pub fn set_retention(&self, microseconds: f64) {
        self.runtime.set_lag(microseconds as u64);
    }
}
